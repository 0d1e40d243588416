"use client";
import { observer } from "mobx-react-lite";
import type { View } from "twinstate";
import { createHooks, For, useEvent, usePresence } from "twinstate/react";
import { Board, Card, Column } from "./board";
import type { Twin } from "./server";

const { useBoard, useLiveBoard } = createHooks<Twin>({ stores: { board: Board }, models: { Card, Column } });

function CardView({ card }: { card: View<Card> }) {
  const [rename, { pending }] = useEvent(card.rename);
  return (
    <button type="button" disabled={pending} onClick={() => rename(`${card.title}!`)}>
      {card.popular ? "★" : ""} {card.title} {card.votes.size}
    </button>
  );
}

export function BoardView({ id }: { id: string | null }) {
  const board = useBoard(id);
  const others = usePresence(board?.people, { card: "1" });
  if (!board) return <p>No board</p>;
  const log: readonly string[] | undefined = board.log;
  return (
    <>
      <p>
        {board.size} cards, {others.map((person) => `${person.name} ${person.card ?? ""}`).join()} {log?.length}
      </p>
      {board.columns.map((column) => (
        <section key={column.name}>
          <For each={column.cards}>{(card) => <CardView card={card} />}</For>
          <button type="button" onClick={() => column.add("new")}>
            Add
          </button>
        </section>
      ))}
    </>
  );
}

export const LiveSize = observer(function LiveSize({ id }: { id: string }) {
  return <p>{useLiveBoard(id).size}</p>;
});

export function Wrong() {
  const board = useBoard("a");
  // @ts-expect-error private state never leaves the server
  board.secret;
  // @ts-expect-error the key of a room is required
  useBoard();
  return null;
}
