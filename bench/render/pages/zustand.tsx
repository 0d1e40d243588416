import "./watch.ts";
import { memo } from "react";
import { createRoot } from "react-dom/client";
import { create } from "zustand";
import type { Message, Row } from "../rows.ts";
import { cells } from "./row.tsx";

type Rows = readonly Readonly<Row>[];
const useTable = create<{ rows: Rows }>(() => ({ rows: [] }));

function reduce(rows: Rows, message: Message): Rows {
  switch (message.kind) {
    case "fill":
      return message.rows;
    case "append":
      return [...rows, ...message.rows];
    case "change": {
      const titles = new Map(message.titles.map(({ id, title }) => [id, title]));
      return rows.map((row) => {
        const title = titles.get(row.id);
        return title === undefined ? row : { ...row, title };
      });
    }
    case "swap": {
      const next = [...rows];
      [next[message.a], next[message.b]] = [rows[message.b] as Row, rows[message.a] as Row];
      return next;
    }
    case "remove":
      return rows.filter(({ id }) => id !== message.id);
    case "clear":
      return [];
    default:
      return message satisfies never;
  }
}

const TableRow = memo(({ row }: { row: Readonly<Row> }) => cells(row));

function Table() {
  const rows = useTable((state) => state.rows);
  return (
    <ul>
      {rows.map((row) => (
        <TableRow key={row.id} row={row} />
      ))}
    </ul>
  );
}

createRoot(document.getElementById("root") as HTMLElement).render(<Table />);
new EventSource("/events/zustand").onmessage = ({ data }) => {
  const message = JSON.parse(data) as Message;
  useTable.setState(({ rows }) => ({ rows: reduce(rows, message) }));
};
