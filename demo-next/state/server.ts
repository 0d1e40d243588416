import { createTwin, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { Board } from "./board";
import { isBoardKey } from "./board-key";
import { context } from "./context";
import { Ticker } from "./ticker";
import { Todo } from "./todo";

export const twin = createTwin({
  stores: {
    todo: Todo,
    board: scope.room(Board, { allow: (_context, key) => isBoardKey(key) }),
    ticker: scope.shared(Ticker),
  },
  context,
  storage: sqlite(process.env.TWIN_FILE ?? "twin.db"),
  requireSchemas: true,
});
export type Twin = typeof twin;
