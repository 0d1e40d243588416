"use client";
import { createHooks } from "twinstate/react";
import { Board } from "./board";
import type { Twin } from "./server";
import { Todo } from "./todo";

export const { TwinProvider, TwinPreload, useVisitor, useTodo, useBoard, useTicker } = createHooks<Twin>({ stores: { todo: Todo, board: Board } });
