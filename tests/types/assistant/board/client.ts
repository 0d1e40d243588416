"use client";
import { createHooks } from "twinstate/react";
import type { Twin } from "./server";

// No classes in the browser. // ? board.ts has `await import("./server")` in an event: if the browser had Card of the same file (`models: { Card }`), would the bundler put the server into a chunk for browsers? The docs show such imports only in classes that the browser does not have, and do not warn
export const { TwinProvider, TwinPreload, useBoard, useAudit } = createHooks<Twin>();
