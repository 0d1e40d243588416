"use client";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useField } from "twinstate/react";
import { useReport } from "./notices";
import styles from "./title-field.module.css";

interface Props {
  value: string;
  label: string;
  className?: string;
  onSave(title: string): PromiseLike<unknown>;
  /** Called when the title was emptied. */
  onEmpty?(): void;
  /** Called when the edit is over. `byKey`: a key ended it, so the focus needs a new place. */
  onClose(byKey: boolean): void;
}

/** Edits a title in place. Enter and leaving the field end the edit; Escape restores the old title. */
export function TitleField({ value, label, className = "", onSave, onEmpty, onClose }: Props) {
  const title = useField(value, onSave);
  const [before] = useState(value);
  const changed = useRef(false);
  const [closing, setClosing] = useState<"byKey" | "left">();
  const report = useReport();

  function save(how: "byKey" | "left") {
    if (closing) return;
    if (title.value.trim() === "") {
      title.reset();
      return onEmpty ? onEmpty() : onClose(how === "byKey");
    }
    title.onBlur();
    setClosing(how);
  }

  function press(event: KeyboardEvent<HTMLInputElement>) {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter") {
      // If all is saved already, the focus moves at once, and this key would press the newly focused element.
      event.preventDefault();
      save("byKey");
    }
    if (event.key === "Escape" && !closing) {
      if (changed.current) title.onChange(before);
      onClose(true);
    }
  }

  // The new title stays in the field until it stands in the store.
  const { pending, error } = title;
  useEffect(() => {
    if (!closing || pending) return;
    if (error) report(error);
    onClose(closing === "byKey");
  }, [closing, pending, error, report, onClose]);

  return (
    <input
      {...title}
      // biome-ignore lint/a11y/noAutofocus: the user has just asked to edit here
      autoFocus
      aria-label={label}
      dir="auto"
      aria-invalid={error !== undefined}
      className={`${styles.field} ${className}`}
      maxLength={200}
      readOnly={closing !== undefined}
      onChange={(event) => {
        changed.current = true;
        title.onChange(event);
      }}
      onFocus={(event) => event.currentTarget.setSelectionRange(value.length, value.length)}
      onKeyDown={press}
      onBlur={() => save("left")}
    />
  );
}
