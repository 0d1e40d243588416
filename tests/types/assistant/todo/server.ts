import { createTwin, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { context } from "./context";
import { Item, Settings, Todo } from "./todo";

export const twin = createTwin({
  stores: { todo: Todo, settings: scope.user(Settings, { guard: ({ user }) => user !== null }) },
  models: { Item },
  context,
  storage: sqlite("twin.db"),
});
export type Twin = typeof twin;
