"use client";
import { memo, useEffect, useRef, useState } from "react";
import type { WindowState } from "twinstate/react/parts";
import type { Order } from "@/db/schema";
import { useView } from "@/state/client";
import type { Column, Query } from "@/state/query";
import { counted, money, time } from "./format";

/** How high a row is, in px, and how many are in the page: those in view and a few around. */
const HEIGHT = 48;
const DRAWN = 24;
const ABOVE = 6;

const WIDE = "hidden sm:table-cell";
const COLUMNS: readonly { by: Column; title: string; className: string }[] = [
  { by: "at", title: "Time", className: "w-28 sm:w-40" },
  { by: "customer", title: "Customer", className: "" },
  { by: "category", title: "Category", className: `w-36 ${WIDE}` },
  { by: "amount", title: "Amount", className: "w-22 sm:w-32 text-right" },
];

/** A table of any length: the server has the rows, the page those in view and a few around. */
export function OrdersTable({ rows, query, onEdit }: { rows: WindowState<Order>; query: Query; onEdit(order: Order): void }) {
  const scroller = useRef<HTMLElement>(null);
  const [top, setTop] = useState(0);
  const { count = 0, show } = rows;
  const first = Math.max(0, Math.min(top - ABOVE, count - DRAWN));
  const last = Math.min(first + DRAWN, count) - 1;
  useEffect(() => show(first, Math.max(first, last)), [show, first, last]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another query begins at the top
  useEffect(() => {
    // Not returned: some browsers give a promise, which React would take for the effect's end.
    scroller.current?.scrollTo(0, 0);
  }, [query]);
  const indexes = Array.from({ length: last - first + 1 }, (_, n) => first + n);
  return (
    <section aria-label="Orders" className="overflow-hidden rounded-2xl border border-line bg-surface">
      <p role="status" className="sr-only">
        {rows.outdated ? "Loading" : ""}
      </p>
      <section
        ref={scroller}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls by keys
        tabIndex={0}
        aria-label={`${counted(count)} orders`}
        className="h-120 overflow-auto -outline-offset-2"
        onScroll={({ currentTarget }) => setTop(Math.floor(currentTarget.scrollTop / HEIGHT))}
      >
        <table aria-label="Orders" aria-rowcount={count + 1} aria-busy={rows.outdated} className="w-full table-fixed text-sm">
          <Titles />
          <tbody className={rows.outdated ? "opacity-60" : ""}>
            <Space rows={first} />
            {indexes.map((index) => (
              <Row key={rows.keyAt(index)} index={index} order={rows.rowAt(index)} onEdit={onEdit} />
            ))}
            <Space rows={count - 1 - last} />
          </tbody>
        </table>
        {count === 0 && <p className="p-10 text-center text-muted">No order matches.</p>}
      </section>
      {rows.error !== undefined && (
        <p role="alert" className="border-t border-line p-3 text-sm">
          {rows.error instanceof Error ? rows.error.message : "The rows did not come."}{" "}
          <button type="button" className="underline" onClick={rows.retry}>
            Try again
          </button>
        </p>
      )}
    </section>
  );
}

function Titles() {
  const { sort, descending, sortBy } = useView();
  return (
    <thead className="sticky top-0 z-10 bg-surface shadow-[inset_0_-1px_var(--line)]">
      <tr aria-rowindex={1} className="h-12">
        {COLUMNS.map(({ by, title, className }) => (
          <th
            key={by}
            scope="col"
            aria-sort={by !== sort ? "none" : descending ? "descending" : "ascending"}
            className={`text-left font-medium first:pl-1 sm:px-2 sm:first:pl-2 ${className}`}
          >
            <button type="button" className="rounded-md px-2 py-1 -outline-offset-2 hover:bg-line/60" onClick={() => void sortBy(by)}>
              {title} <span aria-hidden="true">{by !== sort ? "" : descending ? "↓" : "↑"}</span>
            </button>
          </th>
        ))}
        <th scope="col" className="w-12 sm:w-20">
          <span className="sr-only">Edit</span>
        </th>
      </tr>
    </thead>
  );
}

/** Renders again when its order has changed. */
const Row = memo(function Row({ index, order, onEdit }: { index: number; order: Order | undefined; onEdit(order: Order): void }) {
  const cells = order ? [time(order.at), order.customer, order.category, money(order.amount)] : [];
  return (
    <tr aria-rowindex={index + 2} className="h-12 border-b border-line last:border-0">
      {COLUMNS.map(({ by, className }, n) => (
        <td key={by} className={`truncate px-2 tabular-nums first:pl-3 sm:px-4 sm:first:pl-4 ${className}`}>
          {order ? cells[n] : <span className="block h-3 rounded-sm bg-line" />}
        </td>
      ))}
      <td className="text-center">
        {order && (
          <button
            type="button"
            aria-label={`Edit the order of ${order.customer}`}
            className="rounded-md px-2 py-1 text-accent hover:bg-line/60"
            onClick={() => onEdit(order)}
          >
            Edit
          </button>
        )}
      </td>
    </tr>
  );
});

/** The place of the rows that are not in the page. */
function Space({ rows }: { rows: number }) {
  return rows <= 0 ? null : (
    <tr aria-hidden>
      {/* One cell: several columns of it would be more than a phone shows. */}
      <td style={{ height: rows * HEIGHT, padding: 0 }} />
    </tr>
  );
}
