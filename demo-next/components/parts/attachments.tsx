"use client";
import { UploadIcon } from "@radix-ui/react-icons";
import { Button, Card, Flex, Heading, Progress, Text } from "@radix-ui/themes";
import { type Upload, useDrop } from "twinstate/react/parts";
import { useBooking } from "../../state/client";
import styles from "./parts.module.css";

const OUTCOMES = { done: "Sent", cancelled: "Cancelled", refused: "Refused" };

/** Files, dropped or chosen, with the progress of each. */
export function Attachments() {
  const { files, attach } = useBooking();
  const { zone, input, uploads, cancel, retry, remove } = useDrop(attach);
  return (
    <Card size="3" asChild>
      <section aria-label="Files">
        <Flex direction="column" gap="3">
          <Heading as="h2" size="4">
            Files
          </Heading>
          <label {...zone} className={styles.zone}>
            <UploadIcon />
            <span>Drop files, or choose some</span>
            <input {...input} className={styles.input} />
          </label>
          <ul className={styles.list} aria-label="Uploads">
            {uploads.map((upload) => (
              <Row key={upload.id} upload={upload} onCancel={() => cancel(upload.id)} onRetry={() => retry(upload.id)} onRemove={() => remove(upload.id)} />
            ))}
          </ul>
          <Text as="p" size="2" color="gray">
            {files.length === 0
              ? "The server counts the bytes of a file, and keeps nothing of it."
              : files.map(({ name, size }) => `${name}: ${size} bytes`).join(", ")}
          </Text>
        </Flex>
      </section>
    </Card>
  );
}

function Row({
  upload: { file, phase, progress, error },
  onCancel,
  onRetry,
  onRemove,
}: {
  upload: Upload;
  onCancel(): void;
  onRetry(): void;
  onRemove(): void;
}) {
  const open = phase === "waiting" || phase === "sending";
  return (
    <li>
      <Text size="2" className={styles.name}>
        {file.name}
      </Text>
      {open ? (
        <Progress value={progress * 100} aria-label={`Sending ${file.name}`} />
      ) : (
        <Text size="2" color={phase === "refused" ? "red" : "gray"} role="status">
          {error?.message ?? OUTCOMES[phase]}
        </Text>
      )}
      <Flex gap="2">
        {phase === "refused" || phase === "cancelled" ? (
          <Button size="1" variant="soft" aria-label={`Send ${file.name} again`} onClick={onRetry}>
            Again
          </Button>
        ) : null}
        <Button size="1" variant="soft" color="gray" aria-label={open ? `Cancel ${file.name}` : `Clear ${file.name}`} onClick={open ? onCancel : onRemove}>
          {open ? "Cancel" : "Clear"}
        </Button>
      </Flex>
    </li>
  );
}
