"use client";
import { createHooks } from "twinstate/react";
import { Counter } from "./counter";
import type { Twin } from "./server"; // a type only: no server code reaches the browser

export const { TwinProvider, TwinPreload, useCounter } = createHooks<Twin>({ stores: { counter: Counter } });
