"use client";
import { HeartFilledIcon, LightningBoltIcon, StarFilledIcon } from "@radix-ui/react-icons";
import { Button, Flex } from "@radix-ui/themes";
import type { View } from "twinstate";
import { useVisitor } from "../../state/client";
import { type Message, REACTIONS } from "../../state/message";
import styles from "./chat.module.css";

const ICONS = { heart: HeartFilledIcon, star: StarFilledIcon, lightning: LightningBoltIcon };

export function Reactions({ message }: { message: View<Message> }) {
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
