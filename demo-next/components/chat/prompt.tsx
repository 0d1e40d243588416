"use client";
import { PaperPlaneIcon, StopIcon } from "@radix-ui/react-icons";
import { Button, Flex, TextField } from "@radix-ui/themes";
import { EventError } from "twinstate";
import { useChat } from "../../state/client";
import { useReport } from "../notices";
import styles from "./chat.module.css";

/** The field for the next question, with Send, or Stop while the model writes. */
export function Prompt({ id }: { id: string }) {
  const { answer, stop, isWriting } = useChat(id);
  const report = useReport();

  function ask(data: FormData) {
    const prompt = String(data.get("prompt")).trim();
    // An answer that somebody stops is no error.
    if (prompt !== "") answer(prompt).catch((error) => EventError.is(error, "CANCELLED") || report(error));
  }

  return (
    <form action={ask}>
      <Flex gap="3">
        <TextField.Root
          className={styles.prompt}
          size="3"
          name="prompt"
          dir="auto"
          placeholder="Ask the model"
          aria-label="Ask the model"
          maxLength={500}
          autoComplete="off"
        />
        {isWriting ? (
          <Button type="button" size="3" color="red" variant="soft" onClick={() => void stop()}>
            <StopIcon /> Stop
          </Button>
        ) : (
          <Button size="3">
            <PaperPlaneIcon /> Send
          </Button>
        )}
      </Flex>
    </form>
  );
}
