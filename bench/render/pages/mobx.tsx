import "./watch.ts";
import { action, observable } from "mobx";
import { observer } from "mobx-react-lite";
import { createRoot } from "react-dom/client";
import { edit, type Message, type Row } from "../rows.ts";
import { cells } from "./row.tsx";

const table = observable({ rows: [] as Row[] });

const TableRow = observer(({ row }: { row: Row }) => cells(row));

const Table = observer(() => (
  <ul>
    {table.rows.map((row) => (
      <TableRow key={row.id} row={row} />
    ))}
  </ul>
));

const apply = action((message: Message) => {
  if (message.kind === "fill") table.rows = message.rows as Row[];
  else if (message.kind === "clear") table.rows = [];
  else edit(table.rows, message);
});

createRoot(document.getElementById("root") as HTMLElement).render(<Table />);
new EventSource("/events/mobx").onmessage = ({ data }) => apply(JSON.parse(data) as Message);
