"use client";
import { ExclamationTriangleIcon, PlayIcon, ReloadIcon } from "@radix-ui/react-icons";
import { Badge, Button, Callout, Flex } from "@radix-ui/themes";
import { EventError, type View } from "twinstate";
import type { Message } from "../../state/message";
import { useReport } from "../notices";
import { useThisChat } from "./this-chat";

const BADGES = { stopped: "Stopped", interrupted: "Cut off" };

/** How an answer has ended too early, and for the last message what can be done about that. */
export function Ending({ message, isLast }: { message: View<Message>; isLast: boolean }) {
  const { id, status, error, parts } = message;
  const { resume } = useThisChat();
  const report = useReport();
  if (status !== "stopped" && status !== "interrupted" && status !== "failed") return null;

  const start = (anew: boolean) => void resume(id, anew).catch((error) => EventError.is(error, "CANCELLED") || report(error));
  return (
    <Flex direction="column" align="start" gap="2">
      {status === "failed" ? (
        <Callout.Root color="red" size="1">
          <Callout.Icon>
            <ExclamationTriangleIcon />
          </Callout.Icon>
          <Callout.Text>{error}</Callout.Text>
        </Callout.Root>
      ) : (
        <Badge color="gray" size="2">
          {BADGES[status]}
        </Badge>
      )}
      {isLast && (
        <Flex gap="2">
          {parts.length > 0 && (
            <Button size="1" variant="soft" onClick={() => start(false)}>
              <PlayIcon /> Go on
            </Button>
          )}
          <Button size="1" variant="soft" color="gray" onClick={() => start(true)}>
            <ReloadIcon /> Try again
          </Button>
        </Flex>
      )}
    </Flex>
  );
}
