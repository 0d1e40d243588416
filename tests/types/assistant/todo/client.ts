"use client";
import { createHooks } from "twinstate/react";
import type { Twin } from "./server";
import { Item, Todo } from "./todo";

export const { TwinProvider, TwinPreload, useTodo, useSettings, useLiveTodo, useVisitor } = createHooks<Twin>({ stores: { todo: Todo }, models: { Item } });
