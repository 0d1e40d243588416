import { StrictMode, useState } from "react";
import { createRoot, type Root } from "react-dom/client";
import { useField } from "twinstate/react";
import { type AskRows, type TableQuery, useTable } from "twinstate/react/parts";
import { afterEach, expect, test } from "vitest";
import { userEvent } from "vitest/browser";
import { type Column, DataTable } from "../../registry/twin/data-table";
import { Toaster, toast } from "../../registry/twin/toaster";
import { soon } from "./kit/page.js";

// Some of these pages are not told when something ends, so no `act` knows either.
let root: Root;
function open(app: React.ReactNode): void {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = false;
  root = createRoot(document.body.appendChild(document.createElement("main")));
  root.render(<StrictMode>{app}</StrictMode>);
}
afterEach(() => {
  root.unmount();
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
});

const labelled = (name: string) => document.querySelector(`[aria-label="${name}"]`) as HTMLInputElement;

// --- the table ---

interface Product {
  id: number;
  price: number;
}
const sent: [id: number, price: number][] = [];
const stock: Product[] = Array.from({ length: 200 }, (_, index) => ({ id: 100 + index, price: 1 }));
const ask: AskRows<Product, TableQuery<"id">> = async (from, to) => ({ rows: structuredClone(stock.slice(from, to)), count: stock.length });

const COLUMNS: readonly Column<Product, "id">[] = [{ title: "Price", cell: (product) => <Price product={product} /> }];

function Price({ product: { id, price } }: { product: Product }) {
  return <input {...useField(price, async (next: number) => void sent.push([id, next]))} aria-label={`Price of ${id}`} />;
}

function Stock() {
  const [revision, setRevision] = useState(0);
  const table = useTable(ask, { sort: { by: "id", descending: false }, revision, pause: 0 });
  return (
    <>
      <DataTable label="Stock" table={table} columns={COLUMNS} />
      <button type="button" aria-label="Look again" onClick={() => setRevision(revision + 1)} />
    </>
  );
}

test("what is typed in a row of the table stays in that row, with the focus, though others come before it", async () => {
  open(<Stock />);
  await soon(() => expect(labelled("Price of 103")).toBeTruthy());
  const input = labelled("Price of 103");
  await userEvent.fill(input, "-");
  stock.unshift({ id: 999, price: 1 });
  labelled("Look again").click();
  await soon(() => expect(labelled("Price of 999")).toBeTruthy());
  expect([document.activeElement === input, input.ariaLabel, input.value, input.closest("tr")?.ariaRowIndex]).toEqual([true, "Price of 103", "-", "6"]);
  await userEvent.fill(input, "12");
  await soon(() => expect(sent).toEqual([[103, 12]]));
  expect(labelled("Price of 102").value).toBe("1");
});

// --- messages ---

test("messages without an end stay until they are dismissed, each of many too", async () => {
  open(<Toaster />);
  await soon(() => expect(document.querySelector("[role=region]")).toBeTruthy());
  for (const text of ["a", "b", "c", "d", "e"]) toast(text, { duration: Number.POSITIVE_INFINITY });
  const buttons = () => [...document.querySelectorAll<HTMLElement>("[aria-label=Dismiss]")];
  await soon(() => expect(buttons().length).toBe(5));
  expect(buttons().filter((button) => button.closest("[inert]"))).toEqual([]);
  for (let left = 5; left > 0; left--) {
    await userEvent.click(buttons().at(-1) as HTMLElement);
    await soon(() => expect(buttons().length).toBe(left - 1));
  }
});
