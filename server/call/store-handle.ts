import type { View } from "../../lib/class/view-types.js";
import { callerEnded, callerOutOfTime, isOutOfTime } from "../../lib/errors/call-errors.js";
import { cancelled, noSession, notSignedIn, readOnlyTwin } from "../../lib/errors/errors.js";
import { badOnce } from "../../lib/errors/server-code-errors.js";
import type { CallOf, StreamCall } from "../../lib/event/call-types.js";
import { Yields } from "../../lib/event/yields.js";
import { definitionOf, userOf } from "../access/access.js";
import { nameInStore } from "../definition/event-path.js";
import { hostId, keyedTab, type Scoped, type ScopeKind, type StoreOf } from "../definition/scope.js";
import type { SeenTask } from "../durable/seen-task.js";
import { currentTurn, type Turn } from "../host/context.js";
import { elsewhere } from "../host/elsewhere.js";
import { OutgoingCalls } from "../host/outgoing-calls.js";
import type { Runtime } from "../runtime.js";
import type { SeenSchedule } from "../schedule/schedules.js";
import { silence } from "../wire/plain-values.js";
import { type BroadcastOptions, type BroadcastResult, broadcast, checkBroadcast } from "./broadcast.js";
import type { KeysOptions } from "./data.js";
import { effectsOn, type HostEffects } from "./host-effects.js";
import { type Given, type HostTask, onHost } from "./host-tasks.js";
import { withEvents } from "./instance-views.js";
import { keysForPage } from "./page-keys.js";
import { requestHeaders } from "./request.js";
import type { ServerCall as ServerCallInput } from "./server-calls.js";

// --- types ---

/** A store as server code calls it: its events as functions; members that are no methods are `never`. */
export type Remote<T> = { readonly [K in keyof T]-?: T[K] extends (...args: infer A) => infer R ? (...args: A) => CallOf<R> : never };
/** What a store has, called from server code, beside its events. */
export interface RemoteBase<T> {
  /**
   * The events of the store, each run once for this id: a second call of the same event with the id gets the answer of the first one, whatever its arguments,
   * also after a kill if the storage is durable. One that was refused and has left nothing behind may run again. An id is known for 24 hours.
   * `current().eventId` is the same for all calls with the id.
   * @throws StateError for anything but a text that is not empty
   * @example await twin.shop(key).$once(delivery.id).paid(order);
   */
  $once(id: string): Remote<T>;
  /**
   * The state as of the last commit, as a plain view. The instances in it have the events of their models: they act on that very instance, wherever it is by
   * then. Where the store does not hold it any more, they reject with `GONE`.
   * @example
   * const { items } = await twin.todo(id).$snapshot();
   * await items[0]?.toggle();
   */
  $snapshot(): Promise<View<T>>;
  /**
   * Effects in the browsers of all who watch a store of the scope instance now, in its turn among the events. Nobody else gets them.
   * @example await twin.board(key).$effect.toast("The server restarts in a minute.");
   */
  readonly $effect: HostEffects;
  /**
   * The schedules of this store's events, the first due first: `{ id, event, args, at, every, timeZone }`.
   * @example for (const { id, event, at } of await twin.board(key).$schedules()) console.log(id, event, at);
   */
  $schedules(): Promise<readonly SeenSchedule[]>;
  /**
   * Cancels a schedule of the scope instance. Resolves to whether there was one, once that is stored.
   * @example await twin.board(key).$unschedule("close");
   */
  $unschedule(id: string): Promise<boolean>;
  /**
   * The durable events of this store that go on, and the last ones that have failed, the first to begin first: as a `@tasks` field has them, with `args`, and
   * `due`, when one that waits goes on. `error.message` is that of any error.
   * @example for (const { id, event, step, error } of await twin.board(key).$tasks()) console.log(id, event, step, error?.message);
   */
  $tasks(): Promise<readonly SeenTask[]>;
  /**
   * Stops a durable event of the scope instance, or takes one off the list that has failed. Resolves to whether there was one, once that is stored.
   * @example await twin.board(key).$stopTask(id);
   */
  $stopTask(id: string): Promise<boolean>;
}
/** A store, called from server code: its events, `$snapshot` and `$once`. */
export type RemoteStore<T> = Remote<T> & RemoteBase<T>;
/** The caller's own store, in server components and server actions: the session comes from the request's cookie. */
export interface CurrentTools<T> {
  current(): Promise<RemoteStore<T>>;
}
/** Calls to all instances of a store. */
export interface BroadcastTools<T> {
  /**
   * Runs something for each scope instance of the store, as the trusted calls of server code, some at a time. Each call runs once. One that fails stops no
   * other. `key` is a room's key, a session's, user's or tab's id, or a keyed tab store's `tab/key`. Scope instances that were not in memory leave it
   * right after.
   * @throws StateError for other arguments. What `run` throws is in `failed`
   * @example await twin.board.broadcast((board) => board.announce("We close at six."), { live: true });
   * @example const { done, failed } = await twin.board.broadcast((board, key) => (key.startsWith("old-") ? board.archive() : undefined));
   */
  broadcast(run: (store: RemoteStore<T>, key: string) => unknown, options?: BroadcastOptions): Promise<BroadcastResult>;
}
/** What a store of rooms has in server code beside the rooms: their keys, and the deletion of one. */
export interface RoomTools {
  /**
   * The keys of the rooms that have ever changed, in no order. A page that Next prerenders waits for a request with it; cached functions and
   * `generateStaticParams` read the storage of the build.
   * @example for await (const key of twin.board.keys({ prefix: "team-" })) console.log(key);
   */
  keys(options?: KeysOptions): AsyncIterable<string>;
  /** Forgets a room, with all its stores. */
  delete(key: string): Promise<void>;
}
/** A store with session scope in server code: `twin.todo(sessionId)`, `twin.todo.current()`. */
export type SessionHandle<T> = ((sessionId: string) => RemoteStore<T>) & CurrentTools<T> & BroadcastTools<T>;
/** A store with user scope in server code: `twin.settings(userId)`, `twin.settings.current()`. */
export type UserHandle<T> = ((userId: string) => RemoteStore<T>) & CurrentTools<T> & BroadcastTools<T>;
/** A store of tabs in server code: `twin.draft(tabId)`. */
export type TabHandle<T> = ((tabId: string) => RemoteStore<T>) & BroadcastTools<T>;
type KeyedTabHandle<T> = ((tabId: string, key: string) => RemoteStore<T>) & BroadcastTools<T>;
/** A store of rooms in server code: `twin.board("sprint-42")`. */
export type RoomHandle<T> = ((key: string) => RemoteStore<T>) & RoomTools & BroadcastTools<T>;
/** A shared store in server code: `twin.stats()`. */
export type SharedHandle<T> = () => RemoteStore<T>;
/** `twin.todo(sessionId)`, `twin.settings(userId)`, `twin.draft(tabId)` or, if it is keyed, `twin.draft(tabId, key)`, `twin.board(key)`, `twin.stats()`. */
export type Handle<D> =
  D extends Scoped<"room", infer T>
    ? RoomHandle<T>
    : D extends Scoped<"shared", infer T>
      ? SharedHandle<T>
      : D extends Scoped<"user", infer T>
        ? UserHandle<T>
        : D extends Scoped<"tab", infer T>
          ? TabHandle<T>
          : D extends Scoped<"keyed-tab", infer T>
            ? KeyedTabHandle<T>
            : SessionHandle<StoreOf<D>>;

// --- handles ---

interface Target {
  readonly runtime: Runtime;
  readonly store: string;
  readonly kind: ScopeKind;
  readonly key: string;
  /** The caller's context. @default that of the running event */
  readonly context: object | undefined;
  readonly session: string | undefined;
  /** Cancels the calls. */
  readonly signal?: AbortSignal | undefined;
  /** The id by which each event runs once. */
  readonly once?: string;
}

/** The type of `twin.todo`: calls from server code, by address. */
export function createHandle(runtime: Runtime, store: string, kind: ScopeKind, context?: object): unknown {
  const to = (key: string, signal?: AbortSignal) => remote({ runtime, store, kind, key, context, session: kind === "session" ? key : undefined, signal });
  const at = (key = "") => to(String(key));
  const tools = {
    broadcast: async (run: (store: object, key: string) => unknown, options: BroadcastOptions = {}) => {
      checkBroadcast(store, run, options);
      const keys = runtime.data.keys(store, options);
      return broadcast(
        keys,
        (key) =>
          runtime.hosts
            .passing(hostId(kind, key), async () => run(to(key, options.signal), key))
            .catch((error) => atNode(error, () => run(to(key, options.signal), key))),
        options,
      );
    },
  };
  switch (kind) {
    case "session":
    case "user":
      return Object.assign(at, tools, { current: () => currentOf(runtime, store, kind) });
    case "room":
      return Object.assign(at, tools, {
        keys: (options?: KeysOptions) => keysForPage(runtime.data, store, options),
        delete: (key: string) => runtime.data.delete(key),
      });
    case "keyed-tab":
      return Object.assign((tab: string, key: string) => at(keyedTab(store, String(tab), key)), tools);
    case "tab":
      return Object.assign(at, tools);
    case "shared":
      return at;
    default:
      return kind satisfies never;
  }
}

/** Runs something whose scope instance is at another node. It has not begun then. */
function atNode<R>(error: unknown, run: () => R): R {
  elsewhere(error);
  return run();
}

async function currentOf(runtime: Runtime, store: string, kind: "session" | "user"): Promise<object> {
  const headers = await requestHeaders(`twin.${store}.current()`);
  const known = await runtime.callers.recognise(headers.get("cookie"));
  const session = known && !known.replaced ? known.id : undefined;
  const context = await runtime.contextOf(headers, session);
  const key = kind === "session" ? session : userOf(context);
  if (key === undefined) throw kind === "session" ? noSession(store) : notSignedIn(store);
  return remote({ runtime, store, kind, key, context, session });
}

function remote(target: Target): object {
  const methods = new Map<string, unknown>();
  let effects: HostEffects | undefined;
  const on = <K extends HostTask>(task: K, ...args: Given<K>) => onHost(target.runtime, hostId(target.kind, target.key), task, ...args);
  return new Proxy(Object.create(null) as object, {
    get(_, name) {
      // Names that promises, JSON and React look for are no events.
      if (typeof name === "symbol" || name === "then" || name === "toJSON") return undefined;
      if (name === "$snapshot") return () => snapshotOf(target);
      if (name === "$once") return (id: unknown) => remote({ ...target, once: checkOnce(target.store, id) });
      if (name === "$effect") return (effects ??= effectsOn((effect) => on("effect", effect)));
      if (name === "$schedules") return () => on("schedules", target.store);
      if (name === "$unschedule") return (id: string) => on("unschedule", id);
      if (name === "$tasks") return () => on("tasks", target.store);
      if (name === "$stopTask") return (id: string) => on("stopTask", id);
      if (name.startsWith("$")) return undefined;
      let method = methods.get(name);
      if (!method) {
        method = (...args: unknown[]) => call(target, { event: name, args });
        methods.set(name, method);
      }
      return method;
    },
    set() {
      throw readOnlyTwin(target.store);
    },
  });
}

/** The state as of the last commit, as a plain view. The instances in it have their events. */
async function snapshotOf(target: Target): Promise<object> {
  const { runtime, store, key } = target;
  const seen = await runtime.data.snapshot(store, key);
  const models = definitionOf(runtime.definitions, store).models;
  return withEvents(seen, models, (on, event, args) => call(target, { event, args, on }));
}

/** Notes what becomes of a call. */
type CallListener = Required<Pick<ServerCallInput, "began" | "yielded">>;

/** An event of the store, or of an instance that a view of it has shown. */
type Called = Pick<ServerCallInput, "event" | "args" | "on">;

function call({ runtime, store, kind, key, context, session, signal, once }: Target, called: Called): StreamCall<unknown, unknown> {
  const turn = currentTurn();
  const control = new AbortController();
  const forget = signal && cancelBy(signal, control);
  const label = `${store}.${nameInStore({ store, model: called.on?.model, event: called.event })}`;
  const run = (listener: CallListener) =>
    runtime.serverCalls.run({
      ...called,
      ...listener,
      store,
      key,
      context: context ?? turn?.caller.context ?? {},
      session: session ?? turn?.caller.session?.id,
      once,
      turn,
      control,
    });
  const started = ServerCall.start(
    (listener) => (turn && isOutOfTime(turn.ended) ? Promise.reject(callerEnded(label, turn.ended as Error)) : run(listener)),
    control,
    (found) => (turn ? waiting(runtime, turn, hostId(kind, key), found) : undefined),
  );
  const left = turn && endWith(turn, label, started);
  const over = () => {
    left?.();
    forget?.();
  };
  started.unheard((error) => runtime.report("error", error), over);
  return started;
}

function checkOnce(store: string, id: unknown): string {
  if (typeof id !== "string" || id === "") throw badOnce(store, id);
  return id;
}

/** Lets a signal cancel a call, until the returned function is called. */
function cancelBy(signal: AbortSignal, control: AbortController): () => void {
  const cancel = () => control.abort(signal.reason);
  if (signal.aborted) cancel();
  signal.addEventListener("abort", cancel);
  return () => signal.removeEventListener("abort", cancel);
}

/** Lets a call end when the event does that has made it, unless that ends well. A call that cleans up after a cancelled event is not ended. */
function endWith(turn: Turn, label: string, call: ServerCall): (() => void) | undefined {
  if (turn.done || turn.control.signal.aborted) return undefined;
  turn.outgoing ??= new OutgoingCalls(turn);
  return turn.outgoing.add((reason) => call.end(isOutOfTime(reason) ? callerOutOfTime(label, reason as Error) : reason));
}

/** Notes that an event waits. It is no wait when the event has ended already. */
function waiting(runtime: Runtime, turn: Turn, id: string, found: (error: Error) => void): (() => void) | undefined {
  return turn.ended ? undefined : runtime.serverCalls.circles.waits(turn, id, found);
}

/** Notes that an event waits, until the returned function is called. `found`: it must not, as is known later. */
type Wait = (found: (error: Error) => void) => (() => void) | undefined;

/** Nothing of a call runs here before its event. */
const LOCAL = Promise.resolve();

/** A call's promise. That somebody waits for it is noted when they do, as events must not wait for each other in a circle. */
class ServerCall extends Promise<unknown> implements StreamCall<unknown, unknown> {
  // The result of `then` is a plain promise.
  static override get [Symbol.species]() {
    return Promise;
  }

  readonly local = LOCAL;
  #control!: AbortController;
  #wait!: Wait;
  #heard = false;
  readonly #yields = new Yields();

  static start(run: (listener: CallListener) => Promise<unknown>, control: AbortController, wait: Wait): ServerCall {
    let settle: { resolve(value: unknown): void; reject(error: unknown): void } | undefined;
    const call = new ServerCall((resolve, reject) => {
      settle = { resolve, reject };
    });
    call.#control = control;
    call.#wait = wait;
    const yields = call.#yields;
    let begun = false;
    control.signal.addEventListener("abort", () => {
      // One that has begun may commit before it learns of that: its outcome is told when it is known.
      if (begun) return;
      settle?.reject(control.signal.reason);
      yields.end();
    });
    const began = () => {
      begun = true;
    };
    run({ began, yielded: (value) => yields.add(value) }).then(
      (value) => {
        settle?.resolve(value);
        yields.end();
      },
      (error: unknown) => {
        silence(error);
        settle?.reject(error);
        yields.end();
      },
    );
    return call;
  }

  cancel(reason?: unknown): void {
    this.#control.abort(reason ?? cancelled());
  }

  /** Ends the call together with the event that has made it, which nobody has to be told. */
  end(reason: unknown): void {
    this.#heard = true;
    this.#control.abort(reason);
  }

  /** Takes the error of a call that nobody waits for. `over` is called when the call has ended. */
  unheard(take: (error: unknown) => void, over?: () => void): void {
    super.then(over, (error: unknown) => {
      over?.();
      if (!this.#heard) take(error);
    });
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise
  override then<A = unknown, B = never>(
    done?: ((value: unknown) => A | PromiseLike<A>) | null,
    failed?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#heard = true;
    try {
      const over = this.#wait((error) => this.#control.abort(error));
      if (over) super.then(over, over);
    } catch (error) {
      this.#control.abort(error);
      return Promise.reject(error).then(done, failed);
    }
    return super.then(done, failed);
  }

  [Symbol.asyncIterator](): AsyncGenerator<unknown, unknown, undefined> {
    this.#heard = true;
    return this.#yields.until(this);
  }
}
