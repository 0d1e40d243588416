import { transaction } from "mobx";
import type { LifecycleName } from "../../lib/class/lifecycle.js";
import { presenceFields } from "../../lib/class/schema.js";
import type { Store } from "../../lib/store/store.js";
import type { Definition } from "./scope.js";

/** The names of the lifecycle methods. */
export const HOOKS: readonly string[] = ["onCreate", "onLoad", "onConnect", "onDisconnect", "onInterrupted", "onDispose"] satisfies LifecycleName[];

export const hasHook = ({ Class }: Definition, ...hooks: LifecycleName[]): boolean =>
  hooks.some((hook) => typeof (Class.prototype as Record<string, unknown>)[hook] === "function");

/** Whether a store lists who is here. */
export const hasPresence = (definition: Definition | undefined): boolean => definition !== undefined && presenceFields(definition.schema).length > 0;

/** Runs a hook, where the store has it. */
export function runHook({ instance }: Store, hook: LifecycleName, ...args: unknown[]): unknown {
  const method = Reflect.get(instance, hook) as unknown;
  return typeof method === "function" ? transaction(() => method.apply(instance, args)) : undefined;
}
