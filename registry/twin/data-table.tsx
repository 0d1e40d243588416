"use client";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, type ReactNode, useEffect, useRef } from "react";
import type { TableState } from "twinstate/react/parts";

export interface Column<R, B extends string = string> {
  /** What the server sorts by. Without it, the column does not sort. */
  sort?: B;
  title: string;
  cell(row: R): ReactNode;
  /** A class of the cells, such as "w-24 text-right". */
  className?: string;
}

/** How high a row is, in px. */
const HEIGHT = 40;

interface Props<R, B extends string> {
  label: string;
  table: TableState<R, B>;
  /** Declare them outside of the component: rows render again with other columns. */
  columns: readonly Column<R, B>[];
}

/** A table of any length: the page holds the rows in view, and a few around. */
export function DataTable<R, B extends string>({ label, table, columns }: Props<R, B>) {
  const count = table.count ?? 0;
  const { scroller, inView } = useInView(count);
  const [first = 0, last = -1] = [inView[0], inView.at(-1)];
  const { show, query } = table;
  useEffect(() => show(first, last), [show, first, last]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another query begins at the top
  useEffect(() => {
    scroller.current?.scrollTo(0, 0);
  }, [query]);
  return (
    <div className="flex flex-col gap-3">
      <div className="flex items-center gap-3">
        <input
          {...table.search}
          aria-label={`Filter ${label}`}
          placeholder="Filter"
          className="h-9 min-w-0 grow rounded-md border border-input bg-transparent px-3 text-sm outline-none placeholder:text-muted-foreground focus-visible:border-ring focus-visible:ring-3 focus-visible:ring-ring/50 dark:bg-input/30"
        />
        <p role="status" className="text-sm text-muted-foreground tabular-nums">
          {table.count !== undefined && `${count.toLocaleString("en")} ${count === 1 ? "row" : "rows"}`}
        </p>
      </div>
      <section
        ref={scroller}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls by keys
        tabIndex={0}
        aria-label={label}
        className="h-96 overflow-auto rounded-md border outline-none focus-visible:ring-3 focus-visible:ring-ring/50"
      >
        <table {...table.table} aria-label={label} className="w-full min-w-120 table-fixed text-sm">
          <thead className="sticky top-0 z-10 bg-background shadow-[inset_0_-1px_var(--border)]">
            <tr aria-rowindex={1} className="h-10">
              {columns.map((column) => (
                <Heading key={column.title} column={column} table={table} />
              ))}
            </tr>
          </thead>
          <tbody className={table.outdated ? "opacity-60" : ""}>
            <Space height={first * HEIGHT} columns={columns.length} />
            {inView.map((index) => (
              <Row key={table.keyAt(index)} index={index} row={table.rowAt(index)} columns={columns as readonly Cells[]} />
            ))}
            <Space height={(count - 1 - last) * HEIGHT} columns={columns.length} />
          </tbody>
        </table>
      </section>
      {table.error !== undefined && (
        <p role="alert" className="text-sm text-destructive">
          {table.error instanceof Error ? table.error.message : String(table.error)}{" "}
          <button type="button" onClick={table.retry} className="font-medium underline">
            Try again
          </button>
        </p>
      )}
    </div>
  );
}

/** The indexes of the rows in view, and of a few around. */
function useInView(count: number) {
  "use no memo"; // The virtualizer is an object that changes, which the React Compiler does not know.
  const scroller = useRef<HTMLElement>(null);
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => HEIGHT,
    overscan: 8,
    // The titles scroll too.
    scrollMargin: HEIGHT,
    initialRect: { width: 0, height: 400 },
  });
  return { scroller, inView: virtual.getVirtualItems().map(({ index }) => index) };
}

function Heading<R, B extends string>({ column: { sort, title, className }, table }: { column: Column<R, B>; table: TableState<R, B> }) {
  if (sort === undefined) return <th className={`px-3 text-left font-medium ${className ?? ""}`}>{title}</th>;
  const heading = table.heading(sort);
  const arrows = { ascending: "↑", descending: "↓", none: "" };
  return (
    <th {...heading} className={`px-1 text-left font-medium ${className ?? ""}`}>
      <button {...table.sorter(sort)} className="rounded-sm px-2 py-1 outline-none hover:bg-accent focus-visible:ring-3 focus-visible:ring-ring/50">
        {title} <span aria-hidden>{arrows[heading["aria-sort"]]}</span>
      </button>
    </th>
  );
}

/** Columns for rows of any kind. */
type Cells = Column<unknown>;

/** A row renders again when its content has changed. */
const Row = memo(function Row({ index, row, columns }: { index: number; row: unknown; columns: readonly Cells[] }) {
  return (
    <tr aria-rowindex={index + 2} className="h-10 border-b last:border-0">
      {columns.map(({ title, cell, className }) => (
        <td key={title} className={`truncate px-3 ${className ?? ""}`}>
          {row === undefined ? <span className="block h-3 w-3/4 animate-pulse rounded-sm bg-muted" /> : cell(row)}
        </td>
      ))}
    </tr>
  );
});

/** The place of the rows that are not in the page. */
function Space({ height, columns }: { height: number; columns: number }) {
  return height <= 0 ? null : (
    <tr aria-hidden>
      <td colSpan={columns} style={{ height, padding: 0 }} />
    </tr>
  );
}
