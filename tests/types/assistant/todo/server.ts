import { createTwin, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { context } from "./context";
import { Settings } from "./settings";
import { Todo } from "./todo";

export const twin = createTwin({
  stores: {
    todo: Todo, // a bare class: one for each session
    settings: scope.user(Settings, { guard: ({ user }) => user !== null }), // ? what happens without a guard when nobody is signed in
  },
  context,
  storage: sqlite(process.env.TWIN_FILE ?? "twin.db"),
});
export type Twin = typeof twin;
