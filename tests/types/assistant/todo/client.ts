"use client";
import { createHooks } from "twinstate/react";
import type { Twin } from "./server";
import { Todo } from "./todo";

export const { TwinProvider, TwinPreload, useTodo, useSettings, useVisitor } = createHooks<Twin>({ stores: { todo: Todo } });
