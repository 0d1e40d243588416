"use client";
import { createHooks } from "twinstate/react";
import type { Twin } from "./server"; // a type only: no server code reaches the browser

export const { TwinProvider, TwinPreload, useOrders, useView } = createHooks<Twin>();
