"use client";
import { createHooks } from "twinstate/react";
import { isOffline } from "../components/offline";
import { Board } from "./board";
import { Booking } from "./booking";
import { Look } from "./look";
import { Message } from "./message";
import { Poll } from "./poll";
import type { Twin } from "./server";
import { Item, Todo } from "./todo";

export const {
  TwinProvider,
  TwinPreload,
  useVisitor,
  useTodo,
  useBoard,
  usePoll,
  usePolls,
  useTicker,
  useChat,
  useAccount,
  useProfile,
  useBulletin,
  useLook,
  useContacts,
  useChecksum,
  useBooking,
  useStock,
} = createHooks<Twin>({
  stores: { todo: Todo, board: Board, poll: Poll, look: Look, booking: Booking },
  models: { Item, Message },
  offline: isOffline(),
});
