import { createTwin, scope } from "twinstate/server";
import { type Account, context } from "../context";
import { Audit } from "./audit";
import { Board, Card, Column } from "./board";

declare function canSee(user: Account | null, key: string): Promise<boolean>;
export class Mine {
  text = "";
}
export const twin = createTwin({
  stores: {
    board: scope.room(Board, { allow: ({ user }, key, board) => (user !== null && board.members.has(user.id)) || (board.count === 0 && canSee(user, key)) }),
    audit: scope.room(Audit, { allow: async ({ user }, _key, audit) => user?.admin === true && audit.notes.length < 100 }),
    open: scope.room(Audit, { allow: ({ user }) => user !== null }),
    mine: Mine,
  },
  models: { Card, Column },
  context,
  requireSchemas: true,
});
export type Twin = typeof twin;
