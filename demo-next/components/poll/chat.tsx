"use client";
import { Avatar, Flex, Heading, Text } from "@radix-ui/themes";
import { usePoll, useVisitor } from "../../state/client";
import { NewTitle } from "../new-title";
import { initials } from "../people";
import styles from "./poll.module.css";

export function Chat({ id }: { id: string }) {
  const { chat, say } = usePoll(id);
  const guest = useVisitor()?.guest !== false;
  return (
    <Flex direction="column" gap="3" asChild>
      <section aria-label="Chat">
        <Heading as="h2" size="3">
          Chat
        </Heading>
        <ul className={styles.chat} aria-label="Messages">
          {chat.map(({ id, by, text }) => (
            <li key={id}>
              <Avatar size="1" radius="full" highContrast color={by.color} fallback={initials(by.name)} />
              <Text size="2" className={styles.message}>
                <Text weight="bold">{by.name}</Text> <bdi dir="auto">{text}</bdi>
              </Text>
            </li>
          ))}
        </ul>
        {chat.length === 0 && (
          <Text size="2" color="gray">
            Nobody has said anything.
          </Text>
        )}
        {!guest && <NewTitle label="Say something" onAdd={say} />}
      </section>
    </Flex>
  );
}
