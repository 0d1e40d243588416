"use client";
import { useState } from "react";
import { type Rows, useWindow } from "twinstate/react/parts";
import type { Summary } from "@/db/orders";
import type { Order } from "@/db/schema";
import { useOrders, useView } from "@/state/client";
import { BUTTON, PRIMARY } from "./button";
import { Cards } from "./cards";
import { CategoryChart } from "./category-chart";
import { DayChart } from "./day-chart";
import { Filters } from "./filters";
import { OrderDialog } from "./order-dialog";
import { OrdersTable } from "./orders-table";

/** The first rows and numbers, which the server's page has. */
export interface Initial {
  readonly rows: Rows<Order>;
  readonly summary: Rows<Summary>;
}

export function Dashboard({ initial }: { initial: Initial }) {
  const orders = useOrders();
  const { query, filter, download } = useView();
  const [held, setHeld] = useState<number>();
  const [editing, setEditing] = useState<Order | "new">();
  // While the page is paused it does not notice that rows have changed.
  const revision = held ?? orders.revision;
  const rows = useWindow<Order, typeof query>(orders.rows, { query, revision, initial: initial.rows, keep: 2 });
  const numbers = useWindow<Summary, typeof filter>(orders.summary, { query: filter, revision, initial: initial.summary, size: 1, by: () => "summary" });
  const summary = numbers.rowAt(0);

  return (
    <>
      <header className="flex flex-wrap items-center gap-2">
        <h1 className="mr-auto w-full text-3xl font-semibold tracking-tight sm:w-auto">Orders</h1>
        <button
          type="button"
          className={`${BUTTON} flex-1 sm:flex-none`}
          aria-pressed={held !== undefined}
          onClick={() => setHeld(held === undefined ? orders.revision : undefined)}
        >
          {held === undefined ? "Pause" : "Go on"}
        </button>
        <button type="button" className={`${BUTTON} flex-1 sm:flex-none`} onClick={() => void download()}>
          Export
        </button>
        <button type="button" className={`${PRIMARY} flex-1 sm:flex-none`} onClick={() => setEditing("new")}>
          New order
        </button>
      </header>
      <Filters />
      {summary && <Cards summary={summary} viewers={orders.viewers.length} />}
      {summary && (
        <div className="grid gap-4 md:grid-cols-[2fr_1fr]">
          <DayChart days={summary.days} />
          <CategoryChart categories={summary.categories} />
        </div>
      )}
      <OrdersTable rows={rows} query={query} onEdit={setEditing} />
      {editing && <OrderDialog order={editing === "new" ? undefined : editing} onClose={() => setEditing(undefined)} />}
    </>
  );
}
