"use client";
import { createHooks } from "twinstate/react";
import { Message } from "./message";
import { Room } from "./room";
import { Rooms } from "./rooms";
import type { Twin } from "./server"; // a type only: no server code reaches the browser

export const { TwinProvider, TwinPreload, useRoom, useRooms, useVisitor } = createHooks<Twin>({
  stores: { room: Room, rooms: Rooms },
  models: { Message },
});
