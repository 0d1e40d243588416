import { refusedRoom, refusedStore } from "../../lib/errors/errors.js";
import type { Effect } from "../../lib/wire/protocol.js";
import { type Definition, isKeyed } from "../definition/scope.js";
import type { Caller } from "../host/context.js";
import { askGuard } from "../host/guard-call.js";
import type { Host } from "../host/host.js";
import { locate } from "./access.js";

/** Takes the effects of a guard that refuses, for the caller. */
export type TakeEffects = (effects: readonly Effect[]) => void;

/** Drops them. */
const DROP: TakeEffects = () => {};

/**
 * Asks whether a caller may see and use a store: the app's guard, the store's, and the room's `allow`. The host is in use.
 * @throws EventError `FORBIDDEN`, or what they throw
 */
export async function permit(definition: Definition, host: Host, caller: Caller, take = DROP): Promise<void> {
  if (caller.trusted) return;
  await askGuards(definition, caller, host.roomKey, take);
  await askAllow(definition, host, caller, take);
}

/** The loaded stores of a host that a caller may see. It may see the store that it has called. */
export async function permittedStores(definitions: ReadonlyMap<string, Definition>, called: Definition, host: Host, caller: Caller): Promise<string[]> {
  const names: string[] = [];
  for (const name of host.stores) {
    const definition = definitions.get(name);
    const permitted =
      definition &&
      (definition === called ||
        (await permit(definition, host, caller).then(
          () => true,
          () => false,
        )));
    if (permitted) names.push(name);
  }
  return names;
}

/** Asks what depends on a room's state alone. */
export async function askAllow({ name, kind, allow }: Definition, host: Host, caller: Caller, take: TakeEffects): Promise<void> {
  if (kind !== "room") return;
  const { key } = host;
  const store = await host.loaded(name);
  if (!(await askGuard(caller, key, () => allow?.(caller.context, key, store), take))) throw refusedRoom(name, key);
}

/** Whether a caller may use a store, as far as that can be known without its state: for lists of what there is. Guards of what has keys are not asked. */
export async function mayUse(definition: Definition, caller: Caller): Promise<boolean> {
  if (isKeyed(definition.kind)) return true;
  try {
    locate(definition, caller, undefined);
    await askGuards(definition, caller, null, DROP);
    return true;
  } catch {
    return false;
  }
}

/** Asks what depends on the caller's context alone. */
async function askGuards({ name, appGuard, guard }: Definition, caller: Caller, roomKey: string | null, take: TakeEffects): Promise<void> {
  const key = roomKey ?? undefined;
  if (appGuard && !(await askGuard(caller, key, () => appGuard(caller.context, name, key), take))) throw refusedStore(name);
  if (guard && !(await askGuard(caller, key, () => guard(caller.context, key), take))) throw refusedStore(name);
}

/**
 * Gives the id of the scope instance that a caller means. Where there is none, as nobody is signed in, guards are asked first: theirs is the better answer, as
 * one that leads to the sign-in.
 */
export async function locateGuarded(definition: Definition, caller: Caller, key: unknown, take: TakeEffects): Promise<string> {
  try {
    return locate(definition, caller, key);
  } catch (error) {
    if (!isKeyed(definition.kind)) await askGuards(definition, caller, null, take);
    throw error;
  }
}
