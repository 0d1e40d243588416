"use client";
import { VisuallyHidden } from "@radix-ui/themes";
import { use } from "react";
import type { View } from "twinstate";
import { useChat } from "../../state/client";
import type { Message } from "../../state/message";
import { ChatKey } from "./this-chat";

/** Tells those who use a screen reader of each message once it is whole, and not of each token. */
export function Announcer() {
  const said = useChat(use(ChatKey), ({ messages }) => announcement(messages));
  return (
    <VisuallyHidden asChild>
      <p aria-live="polite">{said}</p>
    </VisuallyHidden>
  );
}

function announcement(messages: readonly View<Message>[]): string {
  const message = messages.findLast(({ status }) => status !== "writing");
  if (!message) return "";
  const { by, text, status, error } = message;
  if (by) return `${by.name}: ${text}`;
  if (status === "waiting") return "The model asks for approval.";
  if (status === "failed") return error;
  return `${status === "done" ? "The model" : "The model, cut off"}: ${text}`;
}
