import { createTwin, scope } from "twinstate/server";
import { Audit } from "./audit";
import { Board, Card, Column } from "./board";
import { context } from "./context";

export const twin = createTwin({
  stores: {
    board: scope.room(Board, { allow: ({ user }, key) => user !== null && (user.admin || !key.startsWith("admin-")) }),
    // ? two room stores with the same key are one scope instance: said of keyed tab stores only ("Stores with one key are one scope instance"), of rooms only implied ("Forgets a room, with all its stores")
    audit: scope.room(Audit, { allow: ({ user }) => user?.admin === true }),
  },
  models: { Card, Column },
  context,
});
export type Twin = typeof twin;
