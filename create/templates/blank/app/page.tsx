import { Suspense } from "react";
import { TwinPreload } from "@/state/client";
import { twin } from "@/state/server";
import { CounterCard } from "./counter-card";

export default function Page() {
  return (
    <main className="mx-auto flex w-full max-w-xl flex-1 flex-col justify-center gap-8 px-6 py-12">
      <header className="space-y-2 text-center text-balance">
        <h1 className="text-3xl font-semibold tracking-tight sm:text-4xl">One number for everybody</h1>
        <p className="text-muted">Open this page in a second window: both show the same number, live.</p>
      </header>
      <Suspense fallback={<div className="h-72" />}>
        <Live />
      </Suspense>
      <p className="text-center text-sm text-balance text-muted">
        Edit <code className="rounded bg-line/60 px-1.5 py-0.5 text-foreground">state/counter.ts</code> while this runs. The number stays.
      </p>
    </main>
  );
}

/** Sends the page with its state in the HTML. */
async function Live() {
  return (
    <TwinPreload state={await twin.preload({ counter: true })}>
      <CounterCard />
    </TwinPreload>
  );
}
