"use client";
import { createHooks } from "twinstate/react";
import type { Twin } from "./server";
import { Note, Notes } from "./stores";

export const { TwinProvider, TwinPreload, useNotes, useResults, useRoom } = createHooks<Twin>({ stores: { notes: Notes }, models: { Note }, linger: 4000 });
