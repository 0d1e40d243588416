"use client";
import { PlusIcon } from "@radix-ui/react-icons";
import { Button, Container, Flex, Heading, Text } from "@radix-ui/themes";
import { useRouter } from "next/navigation";
import { For } from "twinstate/react";
import { useChat } from "../../state/client";
import { newKey } from "../../state/key";
import styles from "./chat.module.css";
import { MessageRow } from "./message-row";
import { Prompt } from "./prompt";

export function Chat({ id }: { id: string }) {
  const router = useRouter();
  const { save } = useChat(id);
  return (
    <Container size="2">
      <Flex direction="column" gap="5">
        <Flex align="end" justify="between" gap="4" wrap="wrap">
          <Flex direction="column" gap="1">
            <Heading size="8">Chat</Heading>
            <Text color="gray">Whoever has the link sees the answer grow.</Text>
          </Flex>
          <Flex gap="3">
            <Button variant="soft" color="gray" onClick={() => void save()}>
              Save
            </Button>
            <Button variant="soft" onClick={() => router.push(`/chat/${newKey()}`)}>
              <PlusIcon /> New chat
            </Button>
          </Flex>
        </Flex>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by keys */}
        <section className={styles.scroller} tabIndex={0} aria-label="Chat">
          <Messages id={id} />
        </section>
        <Prompt id={id} />
      </Flex>
    </Container>
  );
}

/** The messages. This component renders with each word, and so does the one message that grows. */
function Messages({ id }: { id: string }) {
  const { messages } = useChat(id);
  return (
    <ul className={styles.messages} aria-label="Messages">
      <For each={messages} fallback={<Nothing />}>
        {(message) => <MessageRow message={message} />}
      </For>
    </ul>
  );
}

function Nothing() {
  return (
    <Text color="gray" asChild>
      <li>Ask something. “Say 500 words” gives you time to press Stop.</li>
    </Text>
  );
}
