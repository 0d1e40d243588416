"use client";
import { Text } from "@radix-ui/themes";
import { use } from "react";
import { usePresence } from "twinstate/react";
import { useChat } from "../../state/client";
import styles from "./chat.module.css";
import { ChatKey, useThisChat } from "./this-chat";

/** Shows who else types, and that the model writes; and to the others that this visitor types. */
export function Typing({ typing }: { typing: boolean }) {
  const { isBusy } = useThisChat();
  const guests = useChat(use(ChatKey), ({ guests }) => guests);
  const others = usePresence(guests, { typing: typing || undefined });
  const names = [...new Set(others.flatMap(({ person, typing }) => (typing ? [person.name] : [])))];
  return (
    <Text as="p" size="1" color="gray" className={styles.typing} aria-live="polite">
      {[names.length > 0 && `${listOf(names)} ${names.length === 1 ? "is" : "are"} typing…`, isBusy && "The model is writing…"].filter(Boolean).join(" ")}
    </Text>
  );
}

const listOf = (names: readonly string[]) =>
  names.length > 3 ? `${names.length} people` : names.length === 1 ? names[0] : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
