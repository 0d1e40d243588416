"use client";
import { EventError } from "twinstate";
import { useReport } from "../notices";
import { useThisChat } from "./this-chat";

/** Asks the model. An answer that somebody stops is no error. */
export function useAsk() {
  const { answer } = useThisChat();
  const report = useReport();
  return (prompt: string) => void answer(prompt).catch((error) => EventError.is(error, "CANCELLED") || report(error));
}
