import type { WireSchema } from "../lib/class/schema.js";
import type { Numbered } from "./outbox.js";
import type { Position } from "./twin.js";

/** One scope instance, as the client knows it: its stores share frames, revisions and event numbers. */
export interface Scope {
  incarnation: string | undefined;
  /** The audience for whom the stream brings its frames, if it sees hidden members. */
  audience?: string | undefined;
  /** The number of the last event, in each incarnation. No number is ever given twice, also where late news of an old incarnation come. */
  readonly last: Map<string, number>;
  /** The last frame whose effects have taken place: frames come again. */
  told?: Position;
}

/** The number of the next event. */
export function nextNumber({ last }: Scope, incarnation: string): number {
  const n = (last.get(incarnation) ?? 0) + 1;
  last.set(incarnation, n);
  return n;
}

/** Tells whether two numbers belong to one sequence. */
export const isBeside = (one: Numbered | undefined, other: Numbered): one is Numbered =>
  one?.client === other.client && one.scope === other.scope && one.i === other.i;

/** Names the scope instance of a store: those of one kind share it, and one key where there are keys. `undefined` where the schema has no such store. */
export function scopeName(schema: WireSchema, store: string, key: string | null): string | undefined {
  if (!Object.hasOwn(schema.stores, store)) return undefined;
  const { scope } = schema.stores[store] as { scope: string };
  return scope === "room" || scope === "keyed-tab" ? `${scope}/${key}` : scope;
}
