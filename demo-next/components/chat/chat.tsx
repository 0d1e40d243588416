"use client";
import { DownloadIcon, PlusIcon } from "@radix-ui/react-icons";
import { Button, Container, Flex, Heading, Text } from "@radix-ui/themes";
import { useRouter } from "next/navigation";
import { use } from "react";
import { useChat } from "../../state/client";
import { newKey } from "../../state/key";
import { CopyLink } from "../copy-link";
import { eachOnce, People } from "../people";
import { Announcer } from "./announcer";
import styles from "./chat.module.css";
import { Messages } from "./messages";
import { Prompt } from "./prompt";
import { ChatKey, useThisChat } from "./this-chat";

/** A room with a model. */
export function Chat({ id }: { id: string }) {
  return (
    <ChatKey value={id}>
      <Container size="2">
        <div className={styles.page}>
          <Flex align="end" justify="between" gap="4" wrap="wrap">
            <Title />
            <Guests />
          </Flex>
          <Tools />
          <Messages />
          <Prompt />
          <Announcer />
        </div>
      </Container>
    </ChatKey>
  );
}

function Title() {
  const { title } = useThisChat();
  return (
    <Flex direction="column" gap="1">
      <Heading size="8" dir="auto">
        {title || "Chat"}
      </Heading>
      <Text color="gray">Whoever has the link sees the answer grow, and may stop it.</Text>
    </Flex>
  );
}

/** The people who have the chat open. The selected list stays the same while they type, so this renders rarely. */
function Guests() {
  const people = useChat(use(ChatKey), ({ guests }) => eachOnce(guests));
  return <People people={people} />;
}

function Tools() {
  const router = useRouter();
  const { save } = useThisChat();
  return (
    <Flex gap="2" wrap="wrap">
      <CopyLink />
      <Button variant="soft" color="gray" onClick={() => void save()}>
        <DownloadIcon />
        Save
      </Button>
      <Button variant="soft" color="gray" onClick={() => router.push(`/chat/${newKey()}`)}>
        <PlusIcon />
        New chat
      </Button>
    </Flex>
  );
}
