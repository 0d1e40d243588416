import "./watch.ts";
import { Suspense } from "react";
import { createRoot } from "react-dom/client";
import { createHooks, For } from "../../../react/index.js";
import type { Row } from "../rows.ts";
import type { Twin } from "../server.ts";
import { cells } from "./row.tsx";

const { TwinProvider, useTable } = createHooks<Twin>();

const TableRow = ({ row }: { row: Readonly<Row> }) => cells(row);

function Table() {
  const { rows } = useTable();
  return (
    <ul>
      <For each={rows}>{(row) => <TableRow row={row} />}</For>
    </ul>
  );
}

createRoot(document.getElementById("root") as HTMLElement).render(
  <TwinProvider>
    <Suspense>
      <Table />
    </Suspense>
  </TwinProvider>,
);
