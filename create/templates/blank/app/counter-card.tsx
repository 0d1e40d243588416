"use client";
import { useCounter } from "@/state/client";

const BUTTON = "h-12 flex-1 rounded-xl px-5 text-lg font-medium transition active:scale-95 motion-reduce:transition-none";

export function CounterCard() {
  const counter = useCounter();
  return (
    <section className="flex h-72 flex-col justify-between rounded-3xl border border-line bg-surface p-6 shadow-sm sm:p-8">
      <output className="my-auto block text-center text-8xl font-semibold tracking-tighter tabular-nums">{counter.count}</output>
      <div className="flex gap-3">
        <button
          type="button"
          aria-label="Subtract one"
          className={`${BUTTON} border border-line hover:border-accent hover:text-accent`}
          onClick={() => counter.add(-1)}
        >
          −1
        </button>
        <button type="button" aria-label="Add one" className={`${BUTTON} bg-accent text-on-accent hover:bg-accent-strong`} onClick={() => counter.add(1)}>
          +1
        </button>
      </div>
    </section>
  );
}
