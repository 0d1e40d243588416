import { useState } from "react";
import type { AskRows, WindowOptions, WindowState } from "./row-window.js";
import { useWindow } from "./window.js";

/** The order of a table. */
export interface TableSort<B extends string = string> {
  readonly by: B;
  readonly descending: boolean;
}

/** What a table asks for. */
export interface TableQuery<B extends string = string> {
  sort: TableSort<B>;
  filter: string;
}

/** What `useTable` takes: the options of a window, and the first order. */
export interface TableOptions<R, B extends string = string> extends Omit<WindowOptions<R, TableQuery<B>>, "query"> {
  /** The first order. */
  sort: TableSort<B>;
}

/** `B`: the names that the table can be sorted by. */
export interface TableState<R, B extends string = string> extends WindowState<R> {
  readonly query: TableQuery<B>;
  /** Sorts by a column: the other way round where it is the column already. */
  sortBy(column: B): void;
  /** Shows the rows alone that the server finds for a text. */
  setFilter(filter: string): void;
  /** Props for the field of the filter. @example <input {...table.search} aria-label="Filter" /> */
  readonly search: { readonly type: "search"; readonly value: string; onChange(event: { target: { value: string } }): void };
  /** Props for the `<table>`: how many rows there are, as only a part of them is in the page. The row of titles counts. */
  readonly table: { readonly "aria-rowcount": number; readonly "aria-busy": boolean };
  /** Props for the `<th>` of a column that sorts. */
  heading(column: B): { readonly scope: "col"; readonly "aria-sort": "ascending" | "descending" | "none" };
  /** Props for the button in it. */
  sorter(column: B): { readonly type: "button"; onClick(): void };
  /** Props for the `<tr>` at an index. */
  row(index: number): { readonly "aria-rowindex": number };
}

/**
 * A table on a long list that the server has: a window (`useWindow`) with an order, a filter, and what makes its elements accessible. `ask` is an event of the
 * store: `rows(from, to, { sort, filter })`.
 * @example
 * const table = useTable(stock.rows, { sort: { by: "name", descending: false }, revision: stock.revision });
 * return <th {...table.heading("name")}><button {...table.sorter("name")}>Name</button></th>;
 */
export function useTable<R, B extends string>(ask: AskRows<R, TableQuery<B>>, { sort, ...options }: TableOptions<R, NoInfer<B>>): TableState<R, B> {
  const [query, setQuery] = useState<TableQuery<B>>({ sort, filter: "" });
  const rows = useWindow<R, TableQuery<B>>(ask, { ...options, query });
  const setFilter = (filter: string) => setQuery((now) => ({ ...now, filter }));
  const sortBy = (column: B) => setQuery((now) => ({ ...now, sort: { by: column, descending: now.sort.by === column && !now.sort.descending } }));
  const { by, descending } = query.sort;
  return {
    ...rows,
    query,
    sortBy,
    setFilter,
    search: { type: "search", value: query.filter, onChange: ({ target }) => setFilter(target.value) },
    table: { "aria-rowcount": rows.count === undefined ? -1 : rows.count + 1, "aria-busy": rows.pending },
    heading: (column) => ({ scope: "col", "aria-sort": column !== by ? "none" : descending ? "descending" : "ascending" }),
    sorter: (column) => ({ type: "button", onClick: () => sortBy(column) }),
    row: (index) => ({ "aria-rowindex": index + 2 }),
  };
}
