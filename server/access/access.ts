import type { EventSchema } from "../../lib/class/schema.js";
import { badKey, noSession, noTab, notSignedIn, unknownEvent, unknownStore } from "../../lib/errors/errors.js";
import { badVisitor } from "../../lib/errors/setup-errors.js";
import type { Encoded } from "../../lib/wire/codec.js";
import { encodeValue } from "../../lib/wire/value-codec.js";
import { type EventPath, nameInStore } from "../definition/event-path.js";
import { type Definition, type EventOwner, hostId, isKey, keyedTab, LONGEST_KEY } from "../definition/scope.js";
import type { Caller } from "../host/context.js";
import { sessionTagOf } from "./session.js";

/** @throws EventError `NOT_FOUND` */
export function definitionOf(definitions: ReadonlyMap<string, Definition>, store: string): Definition {
  const definition = definitions.get(store);
  if (!definition) throw unknownStore(store);
  return definition;
}

/** An event, and the class that has it. */
export interface OwnedEvent {
  readonly owner: EventOwner;
  readonly event: EventSchema;
}

/**
 * An event that server code may call.
 * @throws EventError `NOT_FOUND`
 */
export function ownedEvent(definition: Definition, path: EventPath): OwnedEvent {
  const found = find(definition, path);
  if (!found) throw unknownEvent(path.store, nameInStore(path));
  return found;
}

/** Gives an event that clients may call. Internal events do not exist for them. */
export function publicEvent(definition: Definition, path: EventPath): OwnedEvent | undefined {
  const found = find(definition, path);
  return found?.event.internal ? undefined : found;
}

function find(definition: Definition, { model, event: name }: EventPath): OwnedEvent | undefined {
  const owner = model === undefined ? definition : definition.models.get(model);
  const event = owner?.schema.events.get(name);
  return owner && event && { owner, event };
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
    case "keyed-tab":
      if (!isKey(key)) throw badKey(name, "has one store for each key", LONGEST_KEY);
      if (!caller.connection) throw noTab(name);
      return hostId(kind, keyedTab(name, caller.connection.id, key));
    case "room":
      if (!isKey(key)) throw badKey(name, "is a room", LONGEST_KEY);
      return hostId(kind, key);
    case "shared":
      return hostId(kind, "");
    default:
      return kind satisfies never;
  }
}

/** The id of the context's user. What many could share by mistake, as `""` or `NaN`, is nobody's id. */
export function userOf(context: object): string | undefined {
  const id = (context as { user?: { id?: unknown } | null }).user?.id;
  return (typeof id === "string" && id !== "") || Number.isFinite(id) || typeof id === "bigint" ? String(id) : undefined;
}

/** Tells the users of a session apart without naming them. */
export function userTagOf(session: string, context: object): { user?: string } {
  const user = userOf(context);
  return user === undefined ? {} : { user: sessionTagOf(`${session} ${user}`) };
}

/** How many bytes the visitor may take, which goes with each page and each stream. */
const LARGEST_VISITOR = 4096;

/**
 * Gives what the visitor's own browser gets of the app's context: its `visitor`, as an encoded value.
 * @throws StateError where it is too large, or cannot be sent
 */
export function visitorOf(context: object): { visitor?: Encoded } {
  const { visitor } = context as { visitor?: unknown };
  if (visitor === undefined) return {};
  let encoded: Encoded;
  try {
    encoded = encodeValue(visitor);
  } catch (error) {
    throw badVisitor(`cannot be sent: ${(error as Error).message}`, error);
  }
  const bytes = Buffer.byteLength(JSON.stringify(encoded));
  if (bytes > LARGEST_VISITOR)
    throw badVisitor(`takes ${bytes} bytes, of at most ${LARGEST_VISITOR}. Give what pages and optimistic events need, as an id and a name.`);
  return { visitor: encoded };
}

function fail(error: Error): never {
  throw error;
}
