import { initTRPC, type TRPCBuiltRouter, type TRPCError, type TRPCMutationProcedure, type TRPCSubscriptionProcedure } from "@trpc/server";
import type { AppContext } from "../../lib/class/register.js";
import type { IsInternal } from "../../lib/class/view-types.js";
import { isEventError, unknownEvent, unknownStore } from "../../lib/errors/errors.js";
import { HEARTBEAT, type InstanceRef, SILENT_HEARTBEATS } from "../../lib/wire/protocol.js";
import { publicEvent } from "../access/access.js";
import type { TwinRequest } from "../access/callers.js";
import { type EventPath, nameInStore, parseEventPath } from "../definition/event-path.js";
import type { EventOwner, KeyedKind, KindOf, StoreOf } from "../definition/scope.js";
import type { Runtime } from "../runtime.js";
import { errorShapeOf, statusOf, tellable } from "../wire/error-shape.js";

// --- types ---

/** An error as tRPC sends it. */
export interface WireError {
  code: number;
  message: string;
  data: { code: string; httpStatus: number; data?: unknown; value?: unknown; again?: true };
}
/** What the router has of tRPC's types. */
export interface RouterTypes {
  ctx: AppContext;
  meta: object;
  errorShape: WireError;
  transformer: false;
}
/** An event as a tRPC mutation. */
export interface Procedure<Input, Output> extends TRPCMutationProcedure<{ meta: object; input: Input; output: Output }> {}
/** The input of an event as a tRPC mutation: `{ args }`, with the `key` for rooms. */
export type Input<Kind, A> = Kind extends KeyedKind ? { key: string; args: A } : { args: A };
/** A generator's answer is its last value: its yields travel on the stream. */
export type Output<R> = R extends AsyncGenerator<any, infer T, any> | Generator<any, infer T, any> ? T : Awaited<R>;
/** The events of a store as tRPC mutations. */
export type Procedures<Kind, T, More = unknown> = {
  [K in keyof T]-?: T[K] extends (...args: infer A) => infer R ? (IsInternal<T[K]> extends true ? never : Procedure<Input<Kind, A> & More, Output<R>>) : never;
};
/** The events of instances in a store, by the names of their models. `on`: the number that the instance had in the store, at a revision. */
export type ModelProcedures<Kind, M> = {
  [N in keyof M]: M[N] extends new (...args: any[]) => infer T ? Procedures<Kind, T, { on: InstanceRef }> : never;
};
/** The events of all stores as tRPC procedures, and the stream. */
export type TwinRecord<S, M = {}> = { [K in keyof S]: Procedures<KindOf<S[K]>, StoreOf<S[K]>> & ModelProcedures<KindOf<S[K]>, M> } & {
  $live: TRPCSubscriptionProcedure<{ meta: object; input: unknown; output: AsyncIterable<readonly unknown[], void, unknown> }>;
};
/** The tRPC router of a twin: `createTRPCClient<typeof twin.router>()` calls it, typed. */
export type TwinRouter<S, M = {}> = TRPCBuiltRouter<RouterTypes, TwinRecord<S, M>>;

// --- the router ---

/** The key under which the handler puts its request into tRPC's context; a caller of `createCaller` gives the app's context alone. */
export const REQUEST = Symbol.for("twinstate.request");

const requestOf = (ctx: object): TwinRequest => (ctx as { [REQUEST]?: TwinRequest })[REQUEST] ?? { session: undefined, context: async () => ctx };

/** The tRPC router: each event is a mutation `store.event`; beside them stand the procedures of the stream. */
export function buildRouter(runtime: Runtime) {
  const t = initTRPC.context<object>().create({
    isDev: false,
    sse: { ping: { enabled: true, intervalMs: HEARTBEAT * 1000 }, client: { reconnectAfterInactivityMs: SILENT_HEARTBEATS * HEARTBEAT * 1000 } },
    errorFormatter: ({ shape, error, path }) => ({ ...wireErrorOf(runtime, error, path), code: shape.code }),
  });
  const procedure = t.procedure.input((input: unknown) => input);
  const mutation = (run: (request: TwinRequest, input: unknown) => unknown) =>
    procedure.mutation(async ({ ctx, input }) => {
      try {
        return await run(requestOf(ctx), input);
      } catch (error) {
        // tRPC looks into what is thrown, which may be anything.
        throw tellable(error, runtime.report);
      }
    });

  type Mutations = Record<string, ReturnType<typeof mutation>>;
  const stores: Record<string, Mutations & Record<string, Mutations>> = {};
  for (const [store, definition] of runtime.definitions) {
    const eventsOf = ({ schema }: EventOwner, model?: string): Mutations => {
      const paths = Array.from(schema.events.keys(), (event): EventPath => ({ store, model, event })).filter((path) => publicEvent(definition, path));
      return Object.fromEntries(paths.map((path) => [path.event, mutation((request, input) => runtime.dispatcher.invoke(request, path, input))]));
    };
    const models = Array.from(definition.models, ([model, owner]) => [model, eventsOf(owner, model)] as const);
    stores[store] = { ...eventsOf(definition), ...Object.fromEntries(models) } as Mutations & Record<string, Mutations>;
  }

  return t.router({
    ...stores,
    $connect: mutation((request, input) => runtime.streams.connectAs(request, input)),
    $watch: mutation(async (request, input) => done(await runtime.streams.watch(request, input))),
    $unwatch: mutation(async (request, input) => done(await runtime.streams.unwatch(request, input))),
    $present: mutation(async (request, input) => done(await runtime.streams.present(request, input))),
    $join: mutation(async (request, input) => done(await runtime.streams.join(request, input))),
    $leave: mutation(async (request, input) => done(await runtime.streams.drop(request, input))),
    $cancel: mutation(async (request, input) => done(await runtime.dispatcher.cancel(request, input))),
    $live: procedure.subscription(({ ctx, input, signal }) => live(runtime, requestOf(ctx), input, signal)),
  });
}

const done = (_: unknown) => ({});

async function* live(runtime: Runtime, request: TwinRequest, input: unknown, signal: AbortSignal | undefined) {
  const connection = await runtime.streams.live(request, input).catch((error: unknown) => {
    throw tellable(error, runtime.report);
  });
  const end = () => runtime.streams.leave(connection);
  signal?.addEventListener("abort", end, { once: true });
  try {
    for (;;) {
      if (signal?.aborted) return;
      const message = await connection.next();
      if (!message) return;
      // Messages have no id: an EventSource would keep the last id for messages without one.
      yield message;
    }
  } finally {
    signal?.removeEventListener("abort", end);
    end();
  }
}

/** The codes of tRPC's own refusals, as ours. */
const TRPC_CODES: Readonly<Record<string, string>> = {
  NOT_FOUND: "NOT_FOUND",
  BAD_REQUEST: "INVALID",
  PARSE_ERROR: "INVALID",
  METHOD_NOT_SUPPORTED: "INVALID",
  UNSUPPORTED_MEDIA_TYPE: "INVALID",
  PAYLOAD_TOO_LARGE: "INVALID",
};

/** An error of tRPC, as the wire has it. */
export function wireErrorOf(runtime: Runtime, error: TRPCError, path: string | undefined): Omit<WireError, "code"> {
  const { cause } = error;
  if (error.code === "NOT_FOUND" && !isEventError(cause)) return wire(notFound(runtime, path ?? ""), runtime);
  if (cause === undefined || isEventError(cause) || error.code === "INTERNAL_SERVER_ERROR") {
    const code = cause === undefined && Object.hasOwn(TRPC_CODES, error.code) ? TRPC_CODES[error.code] : undefined;
    if (code === undefined) return wire(cause ?? error, runtime);
    return { message: error.message, data: { code, httpStatus: statusOf(code) } };
  }
  return { message: "The request cannot be read.", data: { code: "INVALID", httpStatus: 400 } };
}

function wire(error: unknown, runtime: Runtime): Omit<WireError, "code"> {
  const { message, ...told } = errorShapeOf(error, runtime.report);
  return { message, data: { httpStatus: statusOf(told.code), ...told } };
}

function notFound(runtime: Runtime, path: string): Error {
  const called = parseEventPath(path);
  return runtime.definitions.has(called.store) ? unknownEvent(called.store, nameInStore(called)) : unknownStore(called.store);
}
