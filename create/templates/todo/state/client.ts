"use client";
import { createHooks } from "twinstate/react";
import type { Twin } from "./server"; // a type only: no server code reaches the browser
import { Item, Todo } from "./todo";

export const { TwinProvider, TwinPreload, useTodo } = createHooks<Twin>({ stores: { todo: Todo }, models: { Item } });
