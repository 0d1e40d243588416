import type { View } from "twinstate";
import { connect, type Live } from "twinstate/client";
import { type Equal, is } from "../equal";
import type { Board, Card } from "./board";
import type { Twin } from "./server";

export async function bot() {
  const twin = connect<Twin>({ url: "http://localhost:3000/api/twin" });
  const board = await twin.board("sprint-42");
  is<Equal<typeof board, Live<Board>>>();
  const added = await board.add("x");
  is<Equal<typeof added, View<Card> | undefined>>();
  const now = board.$snapshot();
  is<Equal<typeof now, View<Board>>>();
  board.$subscribe(() => {});
  // @ts-expect-error read-only
  board.columns = [];
  // @ts-expect-error protected
  board.onConnect;
  // @ts-expect-error a room needs its key
  await twin.board();
  // @ts-expect-error no such store
  twin.bord;
  const mine = await twin.mine();
  is<Equal<typeof mine.text, string>>();
  // @ts-expect-error not a room
  await twin.mine("x");
  twin.$close();
}
