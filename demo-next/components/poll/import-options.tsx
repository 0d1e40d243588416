"use client";
import { Button, Flex, Progress, Text, TextArea } from "@radix-ui/themes";
import { useEvent } from "twinstate/react";
import { usePoll, useVisitor } from "../../state/client";
import styles from "./poll.module.css";

/** Imports further answers, one after the other. Everybody sees the progress; the user who began it may stop it. */
export function ImportOptions({ id }: { id: string }) {
  const poll = usePoll(id);
  const { importing } = poll;
  const guest = useVisitor()?.guest !== false;
  const [run, { pending, error, cancel }] = useEvent(poll.importOptions);

  function start(data: FormData) {
    run(String(data.get("options")));
  }

  if (importing) {
    const label = `${importing.done} of ${importing.of} answers imported`;
    return (
      <Flex align="center" gap="3">
        <Progress value={importing.done} max={importing.of} aria-label={label} />
        <Text size="2" color="gray">
          {label}
        </Text>
        {pending && (
          <Button type="button" size="1" variant="soft" color="gray" onClick={cancel}>
            Cancel
          </Button>
        )}
      </Flex>
    );
  }
  if (guest) return null;
  return (
    <form action={start}>
      <Flex direction="column" align="start" gap="2">
        <TextArea
          className={styles.more}
          name="options"
          placeholder="More answers, one on each line"
          aria-label="More answers"
          dir="auto"
          rows={2}
          maxLength={5000}
          required
        />
        <Button variant="soft" disabled={pending}>
          Import
        </Button>
        {error && (
          <Text size="2" color="red" role="alert">
            {error.message}
          </Text>
        )}
      </Flex>
    </form>
  );
}
