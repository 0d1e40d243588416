import { createTwin, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { context } from "./context";
import { Jobs, Todo } from "./jobs";

export const twin = createTwin({
  stores: { todo: Todo, jobs: scope.room(Jobs, { allow: ({ user }) => user !== null }) },
  context,
  storage: sqlite(process.env.TWIN_FILE ?? "twin.db"),
  maxFileSize: 50_000_000,
});
export type Twin = typeof twin;
