import { UploadIcon } from "@radix-ui/react-icons";
import styles from "./import.module.css";

/** A button that asks for a file. Files may be dropped on it too: it is the browser's own input. */
export function FileButton({
  name,
  label,
  accept,
  disabled,
  onFile,
}: {
  name: string;
  label: string;
  accept?: string;
  disabled?: boolean;
  onFile(file: File): void;
}) {
  return (
    <label className={styles.drop} data-disabled={disabled || undefined}>
      <UploadIcon />
      <span>{label}</span>
      <input
        className={styles.input}
        type="file"
        name={name}
        accept={accept}
        disabled={disabled}
        onChange={({ target }) => {
          const [file] = target.files ?? [];
          // The same file may be chosen again.
          target.value = "";
          if (file) onFile(file);
        }}
      />
    </label>
  );
}
