"use client";
import { Suspense, useEffect, useState } from "react";
import type { View } from "twinstate";
import { For, useEvent, useField, usePresence } from "twinstate/react";
import type { Card, Column } from "./board";
import { TwinProvider, useBoard } from "./client";

export default function Page() {
  return (
    <TwinProvider>
      <Suspense fallback="Loading…">
        <BoardView id="sprint-42" />
      </Suspense>
    </TwinProvider>
  );
}

function BoardView({ id }: { id: string }) {
  const board = useBoard(id);
  const [copy, { value, error }] = useEvent(board.addTo);
  const [other, setOther] = useState<number>();
  return (
    <main onPointerMove={({ clientX, clientY }) => void board.point(clientX, clientY)}>
      <h1>{board.count} cards</h1>
      <For each={board.columns}>
        {(column) => <ColumnView column={column} add={(title) => void board.add(title, column.id)} remove={() => void board.removeColumn(column.id)} />}
      </For>
      <button type="button" onClick={() => copy("sprint-43", "From the other board", "To do")}>
        Add to the next sprint
      </button>
      {value && <p>Card {value} was added there.</p>}
      {error && <p role="alert">{error.message}</p>}
      <button type="button" onClick={async () => setOther(await board.countOf("sprint-43"))}>
        Count the next sprint
      </button>
      {other}
      <Cursors id={id} />
    </main>
  );
}

function ColumnView({ column, add, remove }: { column: View<Column>; add(title: string): void; remove(): void }) {
  return (
    <section>
      <h2>{column.title}</h2>
      <button type="button" onClick={() => column.rename(`${column.title}!`)}>
        Rename
      </button>
      <button type="button" onClick={remove}>
        Remove
      </button>
      <ul>
        <For each={column.cards}>{(card) => <CardView card={card} remove={() => void column.remove(card.id)} />}</For>
      </ul>
      <button type="button" onClick={() => add("New card")}>
        Add
      </button>
    </section>
  );
}

function CardView({ card, remove }: { card: View<Card>; remove(): void }) {
  const title = useField(card.title, card.rename); // the event is called rename, so the field is bound by value and event
  const [last, setLast] = useState<number>();
  async function start() {
    for await (const left of card.countdown(3)) setLast(left);
    setLast(undefined);
  }
  return (
    <li>
      <input {...title} />
      <button type="button" onClick={() => void start()}>
        {last ?? "Count down"}
      </button>
      <button type="button" onClick={remove}>
        Remove
      </button>
    </li>
  );
}

function Cursors({ id }: { id: string }) {
  const { people } = useBoard(id);
  const [cursor, setCursor] = useState<{ x: number; y: number }>();
  const others = usePresence(people, { cursor });
  useEffect(() => {
    const move = ({ clientX: x, clientY: y }: PointerEvent) => setCursor({ x, y });
    addEventListener("pointermove", move);
    return () => removeEventListener("pointermove", move);
  }, []);
  return others.map(
    ({ id, name, cursor }) =>
      cursor && (
        <i key={id} style={{ position: "fixed", left: cursor.x, top: cursor.y }}>
          {name}
        </i>
      ),
  );
}
