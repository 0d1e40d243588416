"use client";
import { createContext, use, useEffect } from "react";

/** Counts how often rows have rendered again. */
export interface Renders {
  readonly count: number;
  /** Called for each render of a row. The first one is its mount, which does not count. */
  add(id: string): void;
  subscribe(listener: () => void): () => void;
}

export function createRenders(): Renders {
  const seen = new Set<string>();
  const listeners = new Set<() => void>();
  let count = 0;
  return {
    get count() {
      return count;
    },
    add(id) {
      if (!seen.has(id)) return void seen.add(id);
      count++;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export const RendersContext = createContext<Renders | undefined>(undefined);

/** Counts each render of the row that calls it: its effect has no dependencies. */
export function useCounted(id: string): void {
  const renders = use(RendersContext);
  useEffect(() => renders?.add(id));
}
