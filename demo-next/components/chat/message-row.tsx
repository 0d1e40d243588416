"use client";
import { HeartFilledIcon, LightningBoltIcon, MagicWandIcon, StarFilledIcon } from "@radix-ui/react-icons";
import { Avatar, Badge, Button, Flex, Text } from "@radix-ui/themes";
import type { View } from "twinstate";
import { useVisitor } from "../../state/client";
import { type Message, REACTIONS } from "../../state/message";
import { initials } from "../people";
import styles from "./chat.module.css";

const ICONS = { heart: HeartFilledIcon, star: StarFilledIcon, lightning: LightningBoltIcon };
const BADGES = { stopped: "Stopped", interrupted: "Interrupted" };

export function MessageRow({ message }: { message: View<Message> }) {
  const { id, by, text, status } = message;
  return (
    <li id={id} className={styles.message}>
      <Avatar size="2" radius="full" highContrast color={by?.color ?? "iris"} fallback={by ? initials(by.name) : <MagicWandIcon />} />
      <Flex direction="column" align="start" gap="1" className={styles.body}>
        <Text size="2" weight="bold">
          {by?.name ?? "Model"}
        </Text>
        <p className={styles.text} dir="auto" data-status={status}>
          {text}
        </p>
        {(status === "stopped" || status === "interrupted") && <Badge color="gray">{BADGES[status]}</Badge>}
        {!by && status !== "writing" && <Reactions message={message} />}
      </Flex>
    </li>
  );
}

function Reactions({ message }: { message: View<Message> }) {
  const me = useVisitor()?.id ?? "";
  const given = [...message.reactions.values()];
  return (
    <Flex gap="1">
      {REACTIONS.map((reaction) => {
        const Icon = ICONS[reaction];
        const count = given.filter((one) => one === reaction).length;
        const isMine = message.reactions.get(me) === reaction;
        return (
          <Button
            key={reaction}
            size="1"
            variant={isMine ? "soft" : "ghost"}
            color={isMine ? undefined : "gray"}
            className={styles.reaction}
            aria-label={`${reaction}, ${count}`}
            aria-pressed={isMine}
            onClick={() => void message.react(reaction)}
          >
            <Icon /> {count > 0 && count}
          </Button>
        );
      })}
    </Flex>
  );
}
