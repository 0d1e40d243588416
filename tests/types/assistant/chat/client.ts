"use client";
import { createHooks } from "twinstate/react";
import type { Twin } from "./server";

export const { TwinProvider, TwinPreload, useChat, useVisitor } = createHooks<Twin>();
