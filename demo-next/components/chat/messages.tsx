"use client";
import { Button, Flex, Text } from "@radix-ui/themes";
import { For } from "twinstate/react";
import styles from "./chat.module.css";
import { MessageRow } from "./message-row";
import { useThisChat } from "./this-chat";
import { useAsk } from "./use-ask";

const IDEAS = ["Who are you?", "Count to 500", "Roll 2 dice and name this chat Lucky"];

/** The messages. This component renders with each token, and so does the one message that grows. */
export function Messages() {
  const { messages } = useThisChat();
  const last = messages.at(-1)?.id;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by keys
    <section className={styles.scroller} tabIndex={0} aria-label="Chat">
      <ul className={styles.messages} aria-label="Messages">
        <For each={messages} fallback={<Nothing />}>
          {(message) => <MessageRow message={message} isLast={message.id === last} />}
        </For>
      </ul>
    </section>
  );
}

function Nothing() {
  const ask = useAsk();
  return (
    <li className={styles.nothing}>
      <Text color="gray">Ask something, or begin with one of these:</Text>
      <Flex gap="2" wrap="wrap" justify="center">
        {IDEAS.map((idea) => (
          <Button key={idea} variant="soft" onClick={() => ask(idea)}>
            {idea}
          </Button>
        ))}
      </Flex>
    </li>
  );
}
