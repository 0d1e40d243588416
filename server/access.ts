import { badRoomKey, noSession, noTab, notSignedIn, refusedRoom, refusedShared, unknownEvent, unknownStore } from "../lib/errors.js";
import type { EventSchema } from "../lib/schema.js";
import type { Caller } from "./context.js";
import type { Host } from "./host.js";
import { type Definition, hostId } from "./scope.js";

const LONGEST_KEY = 200;

/** @throws EventError `NOT_FOUND` */
export function definitionOf(definitions: ReadonlyMap<string, Definition>, store: string): Definition {
  const definition = definitions.get(store);
  if (!definition) throw unknownStore(store);
  return definition;
}

/** @throws EventError `NOT_FOUND` */
export function schemaOf({ name, schema }: Definition, event: string): EventSchema {
  const found = schema.events.get(event);
  if (!found) throw unknownEvent(name, event);
  return found;
}

/** The id of the scope instance that a caller means. */
export function locate({ name, kind }: Definition, caller: Caller, key: unknown): string {
  switch (kind) {
    case "session":
      if (!caller.session) throw noSession(name);
      return hostId(kind, caller.session.id);
    case "user":
      return hostId(kind, userOf(caller.context) ?? fail(notSignedIn(name)));
    case "tab":
      if (!caller.connection) throw noTab(name);
      return hostId(kind, caller.connection.id);
    case "room":
      if (typeof key !== "string" || key === "" || key.length > LONGEST_KEY) throw badRoomKey(name, LONGEST_KEY);
      return hostId(kind, key);
    case "shared":
      return hostId(kind, "");
    default:
      return kind satisfies never;
  }
}

/** Whether a caller may see and use a store. The host is in use. */
export async function permit({ name, kind, allow, guard }: Definition, host: Host, caller: Caller): Promise<void> {
  if (caller.trusted) return;
  if (kind === "room" && !(await allow?.(caller.context, host.key, await host.loaded(name)))) throw refusedRoom(name, host.key);
  if (kind === "shared" && guard && !(await guard(caller.context))) throw refusedShared(name);
}

/** The user that the app's context tells of. What many could share by mistake, as `""` or `NaN`, is nobody's id. */
export function userOf(context: object): string | undefined {
  const id = (context as { user?: { id?: unknown } | null }).user?.id;
  return (typeof id === "string" && id !== "") || Number.isFinite(id) || typeof id === "bigint" ? String(id) : undefined;
}

function fail(error: Error): never {
  throw error;
}
