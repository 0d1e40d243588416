import { effect } from "twinstate";
import { createTwin, scope } from "twinstate/server";
import { redis } from "twinstate/server/redis";
import { Card, Column } from "./board";
import { BoardServer } from "./board-server";
import { context } from "./context";

export const twin = createTwin({
  stores: {
    board: scope.room(BoardServer, {
      guard({ user }) {
        if (!user) effect.redirect("/sign-in");
        return user !== null;
      },
      allow: ({ user }, _key, board) => user !== null && (board.owner === user.id || board.members.has(user.id)),
    }),
  },
  models: { Card, Column },
  context,
  storage: redis("redis://localhost:6379"),
});
export type Twin = typeof twin;

export async function report() {
  const sizes: number[] = [];
  for await (const key of twin.board.keys({ prefix: "team-" })) sizes.push((await twin.board(key).$snapshot()).size);
  await twin.board("team-1").addColumn("Doing");
  return sizes;
}
