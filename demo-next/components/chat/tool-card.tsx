"use client";
import { CheckIcon, Cross2Icon, GearIcon } from "@radix-ui/react-icons";
import { Badge, Button, Card, Flex, Text } from "@radix-ui/themes";
import { useRef } from "react";
import { EventError, type View } from "twinstate";
import type { ToolCall } from "../../state/message";
import { useReport } from "../notices";
import styles from "./chat.module.css";
import { useThisChat } from "./this-chat";

const NAMES: Readonly<Record<string, string>> = { roll_dice: "Roll dice", name_chat: "Name this chat" };
const STATES = {
  proposed: { label: "Waits for approval", color: "amber" },
  approved: { label: "Runs", color: "blue" },
  refused: { label: "Refused", color: "gray" },
  done: { label: "Done", color: "green" },
  failed: { label: "Failed", color: "red" },
} as const;

/** What the model would do. Anybody in the room approves or refuses it, and the first who decides counts. */
export function ToolCard({ call }: { call: View<ToolCall> }) {
  const { id, name, input, state, result, by } = call;
  const { label, color } = STATES[state];
  const card = useRef<HTMLDivElement>(null);
  const { decide } = useThisChat();
  const report = useReport();

  function choose(approved: boolean) {
    // The buttons go away: whoever uses keys goes on from the card.
    card.current?.focus();
    decide(id, approved).catch((error) => EventError.is(error, "CANCELLED") || report(error));
  }

  return (
    <Card size="1" className={styles.tool} ref={card} tabIndex={-1} role="group" aria-label={`${NAMES[name] ?? name}: ${label}`} data-call={state}>
      <Flex direction="column" gap="2">
        <Flex align="center" gap="2" wrap="wrap">
          <GearIcon aria-hidden />
          <Text size="2" weight="bold">
            {NAMES[name] ?? name}
          </Text>
          <Badge color={color}>
            {label}
            {by && state !== "proposed" && ` · ${by.name}`}
          </Badge>
        </Flex>
        <dl className={styles.input}>
          {Object.entries(input).map(([key, value]) => (
            <div key={key}>
              <dt>{key}</dt>
              <dd dir="auto">{typeof value === "string" ? value : JSON.stringify(value)}</dd>
            </div>
          ))}
        </dl>
        {result !== "" && (
          <Text size="2" dir="auto">
            {result}
          </Text>
        )}
        {state === "proposed" && (
          <Flex gap="2">
            <Button size="1" onClick={() => choose(true)}>
              <CheckIcon /> Approve
            </Button>
            <Button size="1" variant="soft" color="gray" onClick={() => choose(false)}>
              <Cross2Icon /> Refuse
            </Button>
          </Flex>
        )}
      </Flex>
    </Card>
  );
}
