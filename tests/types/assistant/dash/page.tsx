"use client";
import { Suspense } from "react";
import { createHooks, For, useEvent } from "twinstate/react";
import { createTwin, scope } from "twinstate/server";
import { context } from "./context";
import { Stats } from "./stats";

// For the exercise in one file. In an app, createTwin stands in server.ts, of which a page imports the type alone.
const twin = createTwin({ stores: { stats: scope.shared(Stats) }, context, preloadTimeout: 500 });

const { TwinProvider, useStats } = createHooks<typeof twin>();

export default function Page() {
  return (
    <TwinProvider>
      <Suspense fallback="Loading…">
        <Dash />
      </Suspense>
    </TwinProvider>
  );
}

function Dash() {
  const count = useStats((stats) => stats.rows.length);
  return (
    <main>
      <h1>{count} sales</h1>
      <Rows />
      <Slow />
      <Money />
    </main>
  );
}

function Rows() {
  const { rows, sell } = useStats();
  const [run, { pending, error }] = useEvent(sell);
  return (
    <>
      <ul>
        <For each={rows}>{({ name, amount }) => <li>{`${name}: ${amount}`}</li>}</For>
      </ul>
      <button type="button" disabled={pending} onClick={() => run("Tea", 5)}>
        Sell tea
      </button>
      {error && <p role="alert">{error.code === "FORBIDDEN" ? "You may not." : error.message}</p>}
    </>
  );
}

function Slow() {
  const { value, pending, error } = useStats((stats) => stats.slow);
  return (
    <p aria-busy={pending}>
      {value ? `Mean of ${value.of}: ${value.mean}` : pending ? "Loading" : ""}
      {error?.message}
    </p>
  );
}

function Money() {
  const { revenue, total, reset } = useStats();
  if (revenue === undefined) return null; // not an admin
  return (
    <p>
      Revenue {revenue}, total {total ?? 0}
      <button type="button" onClick={() => reset()}>
        Reset
      </button>
    </p>
  );
}
