import { createHooks } from "twinstate/react";
import type { Scoped } from "../../../server/definition/scope.js";
import type { Board, Book, Canvas, Shelf, Todo } from "./stores.js";

export interface Twin {
  readonly "~stores": { todo: typeof Todo; board: Scoped<"room", Board>; shelf: typeof Shelf; canvas: Scoped<"room", Canvas> };
  readonly "~models": { Book: typeof Book };
}

export const { TwinProvider, TwinPreload, useTodo, useLiveTodo, useBoard, useLiveBoard, useShelf, useLiveShelf, useCanvas, useLiveCanvas, useVisitor } =
  createHooks<Twin>();
