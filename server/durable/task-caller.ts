import { noRotation } from "../../lib/errors/setup-errors.js";
import { argumentsNotKept } from "../../lib/errors/task-errors.js";
import type { Encoded } from "../../lib/wire/codec.js";
import { decodeValue, encodeValue } from "../../lib/wire/value-codec.js";
import type { Caller } from "../host/context.js";
import type { EventCall } from "../host/event-runner.js";
import type { TaskCaller, TaskRecord } from "../storage/task-records.js";
import { plainOf } from "../wire/plain-values.js";

/** How many characters the caller's `user` may have to be kept whole. */
const MOST_USER = 16_384;

/**
 * What is kept of a call that becomes a task.
 * @throws StateError for arguments that are no data
 */
export function recordOf({ definition, event, args, caller, numbered }: EventCall<unknown>, eventId: string): TaskRecord {
  const label = `${definition.name}.${event.name}`;
  const given = args.length > 0 ? encodedArguments(label, args) : undefined;
  const by = kept(caller);
  return {
    store: definition.name,
    event: event.name,
    eventId,
    ...(given && { args: given }),
    at: Date.now(),
    ...(by && { by }),
    ...(numbered && { numbered: { client: numbered.client, n: numbered.n, confirmed: numbered.confirmed } }),
    history: [],
    waits: {},
    due: 0,
  };
}

function encodedArguments(label: string, args: readonly unknown[]): Encoded {
  try {
    return encodeValue(plainOf(args));
  } catch (error) {
    throw argumentsNotKept(label, error);
  }
}

function kept({ session, connection, context }: Caller): TaskCaller | undefined {
  const user = encodedUser((context as { user?: unknown }).user);
  if (!session && !connection && !user) return undefined;
  return {
    ...(session && { session: session.id }),
    ...(connection && { connection: { id: connection.id, since: connection.since.getTime() } }),
    ...(user && { user }),
  };
}

/** The user as data; their id alone where the rest is none, or too long. */
function encodedUser(user: unknown): Encoded | undefined {
  if (user === undefined) return undefined;
  for (const part of [user, { id: (user as { id?: unknown } | null)?.id }]) {
    try {
      const encoded = encodeValue(plainOf(part, 1000));
      if (JSON.stringify(encoded).length <= MOST_USER) return encoded;
    } catch {
      // It is no data.
    }
  }
  return undefined;
}

/** The caller of a task's event: the same in each run, whatever process it is in. */
export function callerOf(by: TaskCaller | undefined): Caller {
  const { session, connection, user } = by ?? {};
  return {
    context: user ? { user: decodeValue(user) } : {},
    session: session === undefined ? undefined : { id: session, rotate: () => Promise.reject(noRotation("it was called in a durable event")) },
    connection: connection && { id: connection.id, since: new Date(connection.since) },
    trusted: true,
  };
}

/** Names a caller, for queue policies: a tab, else a session, else server code. */
export function callerKey(by: TaskCaller | undefined): string {
  if (by?.connection) return `tab ${by.connection.id}`;
  return by?.session === undefined ? "server" : `session ${by.session}`;
}
