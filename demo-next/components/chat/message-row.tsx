"use client";
import { MagicWandIcon } from "@radix-ui/react-icons";
import { Avatar, Flex, Text } from "@radix-ui/themes";
import type { View } from "twinstate";
import type { Message } from "../../state/message";
import { initials } from "../people";
import styles from "./chat.module.css";
import { Ending } from "./ending";
import { Reactions } from "./reactions";
import { ToolCard } from "./tool-card";

export function MessageRow({ message, isLast }: { message: View<Message>; isLast: boolean }) {
  const { id, by, parts, status } = message;
  const isWriting = status === "writing";
  return (
    <li id={id} className={styles.message} aria-busy={isWriting} data-status={status}>
      <Avatar size="2" radius="full" highContrast color={by?.color ?? "iris"} fallback={by ? initials(by.name) : <MagicWandIcon />} />
      <Flex direction="column" align="start" gap="2" className={styles.body}>
        <Text size="2" weight="bold">
          {by?.name ?? "Model"}
        </Text>
        {parts.map((part, index) =>
          part.kind === "text" ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: parts come at the end alone, and stay in their places
            <p className={styles.text} dir="auto" key={index}>
              {part.text}
            </p>
          ) : (
            <ToolCard call={part} key={part.id} />
          ),
        )}
        {isWriting && parts.at(-1)?.kind !== "text" && (
          <span className={styles.thinking} aria-hidden>
            <i />
            <i />
            <i />
          </span>
        )}
        <Ending message={message} isLast={isLast} />
        {!by && !isWriting && status !== "waiting" && parts.length > 0 && <Reactions message={message} />}
      </Flex>
    </li>
  );
}
