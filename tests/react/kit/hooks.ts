import { createHooks } from "twinstate/react";
import type { Scoped } from "../../../server/scope.js";
import type { Board, Todo } from "./stores.js";

interface Twin {
  readonly "~stores": { todo: typeof Todo; board: Scoped<"room", Board> };
  readonly "~models": {};
}

export const { TwinProvider, TwinPreload, useTodo, useLiveTodo, useBoard, useLiveBoard } = createHooks<Twin>();
