import { transaction } from "mobx";
import type { Store } from "../lib/store.js";
import type { Definition } from "./scope.js";

/** What a store's class may have: called by the host, as part of an event or as one. */
export type Hook = "onCreate" | "onLoad" | "onConnect" | "onDisconnect" | "onDispose";

export const hasHook = ({ Class }: Definition, ...hooks: Hook[]): boolean =>
  hooks.some((hook) => typeof (Class.prototype as Record<string, unknown>)[hook] === "function");

/** Runs a hook, where the store has it. */
export function runHook({ instance }: Store, hook: Hook, ...args: unknown[]): unknown {
  const method = Reflect.get(instance, hook) as unknown;
  return typeof method === "function" ? transaction(() => method.apply(instance, args)) : undefined;
}
