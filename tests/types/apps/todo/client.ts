"use client";
import { createHooks } from "twinstate/react";
import type { Twin } from "./server";
export const { TwinPreload, TwinProvider, useTodo, useSettings } = createHooks<Twin>();
