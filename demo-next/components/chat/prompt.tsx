"use client";
import { PaperPlaneIcon, StopIcon } from "@radix-ui/react-icons";
import { Button, Flex, TextField } from "@radix-ui/themes";
import { type FormEvent, useEffect, useState } from "react";
import styles from "./chat.module.css";
import { useThisChat } from "./this-chat";
import { Typing } from "./typing";
import { useAsk } from "./use-ask";

/** How long after the last letter somebody is said to type, in ms. */
const PAUSE = 3000;

/** The field for the next question, with Send, or Stop while the model writes. */
export function Prompt() {
  const { stop, isBusy } = useThisChat();
  const ask = useAsk();
  const [typed, setTyped] = useState("");
  const [typing, setTyping] = useState(false);

  useEffect(() => {
    if (typed === "") return;
    const timer = setTimeout(() => setTyping(false), PAUSE);
    return () => clearTimeout(timer);
  }, [typed]);

  function type(text: string) {
    setTyped(text);
    setTyping(text !== "");
  }

  function send(event: FormEvent) {
    event.preventDefault();
    // What is typed while the model writes stays for later.
    if (typed.trim() === "" || isBusy) return;
    ask(typed.trim());
    type("");
  }

  return (
    <form onSubmit={send}>
      <Typing typing={typing} />
      <Flex gap="3">
        <TextField.Root
          className={styles.prompt}
          size="3"
          name="prompt"
          value={typed}
          dir="auto"
          placeholder="Ask the model"
          aria-label="Ask the model"
          maxLength={500}
          autoComplete="off"
          onChange={({ target }) => type(target.value)}
        />
        {isBusy ? (
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
