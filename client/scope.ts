import type { WireSchema } from "../lib/schema.js";
import type { LiveTwin } from "./twin.js";

/** What the client knows of one scope instance: its stores share frames, revisions and event numbers. */
export interface Scope {
  readonly twins: Set<LiveTwin>;
  incarnation: string | undefined;
  /** The number of the next event, within the incarnation. */
  next: number;
}

export const createScope = (): Scope => ({ twins: new Set(), incarnation: undefined, next: 1 });

/** Notes which incarnation a scope instance has. Event numbers begin anew in each. */
export function learn(scope: Scope, incarnation: string): void {
  if (scope.incarnation === incarnation) return;
  scope.incarnation = incarnation;
  scope.next = 1;
}

/** Names the scope instance of a store: those of one kind share it, rooms by key. `undefined` where the schema has no such store. */
export function scopeName(schema: WireSchema, store: string, key: string | null): string | undefined {
  if (!Object.hasOwn(schema.stores, store)) return undefined;
  const { scope } = schema.stores[store] as { scope: string };
  return scope === "room" ? `room/${key}` : scope;
}
