import type { EventSchema } from "../../lib/class/schema.js";
import { cancelled, cookieReplaced, isLater, unknownEvent, unknownOutcome } from "../../lib/errors/errors.js";
import { eventIds } from "../../lib/event/event-ids.js";
import { checkAnswer } from "../../lib/store/answer-writer.js";
import type { Store } from "../../lib/store/store.js";
import type { Effect, InstanceRef } from "../../lib/wire/protocol.js";
import { definitionOf, locate, type OwnedEvent, publicEvent } from "../access/access.js";
import type { Admission } from "../access/admission.js";
import type { Callers, TwinRequest } from "../access/callers.js";
import type { Clients } from "../access/clients.js";
import { locateGuarded, permit, permittedStores } from "../access/permission.js";
import type { Sessions } from "../access/session.js";
import type { Bounds, SessionLimits } from "../access/session-limits.js";
import { checkGiven } from "../definition/arguments.js";
import { type EventPath, nameInStore } from "../definition/event-path.js";
import { type Definition, labelOf } from "../definition/scope.js";
import type { Caller } from "../host/context.js";
import { lettersTo } from "../host/effects.js";
import { Elsewhere, elsewhere } from "../host/elsewhere.js";
import type { EventCall } from "../host/event-runner.js";
import type { Host } from "../host/host.js";
import type { Hosts } from "../host/hosts.js";
import { SentMessages } from "../host/sent-messages.js";
import { isLeft } from "../host/stored-positions.js";
import type { Nodes } from "../nodes/nodes.js";
import type { PassableCall } from "../nodes/passed-calls.js";
import type { Storage } from "../storage/storage.js";
import type { Streams } from "../stream/streams.js";
import { randomEventId } from "../task/event-id.js";
import type { Telemetry } from "../telemetry.js";
import { errorOf, errorShapeOf, type Report, tellable } from "../wire/error-shape.js";
import { jsonOf } from "../wire/plain-values.js";
import { clientId, decodeArguments, instanceRefOf, type NumberedCall, numberOf, record, tabOf, whole } from "../wire/request-input.js";
import { idOf } from "./call-ids.js";
import { CallItems, itemsAfter, waysOf, withLastItems } from "./call-items.js";
import { bringKept, withCookies } from "./kept-input.js";
import { missedBy } from "./missed.js";
import { encodedFor, type Outcome } from "./outcome.js";
import { awaitTask } from "./patience.js";
import { eventSinks, type PlainSinks } from "./plain-sinks.js";
import { RunningCalls } from "./running-calls.js";
import { type CallFiles, filesOf, Uploads } from "./uploads.js";

// The way of a call, in the order of its steps. Each step is a helper below, or one call of the room that does it.
//
// | step     | what it does                                                           | what it may refuse with                   |
// | -------- | ---------------------------------------------------------------------- | ----------------------------------------- |
// | admit    | takes the request, if server, cookie and the session's limits allow it | `OFFLINE`, `RATE_LIMITED`, `UNAVAILABLE`  |
// | identify | makes the caller: context, session, tab                                | what `context` throws                     |
// | locate   | finds the scope instance that is meant; without one, asks the guards   | `INVALID`, `FORBIDDEN`, what guards throw |
// | enter    | brings its host into memory, in use                                    | `RATE_LIMITED`                            |
// | permit   | asks the app's guard, the store's, and the room's `allow`              | `FORBIDDEN`, what they throw              |
// | check    | decodes and checks the arguments                                       | `INVALID`                                 |
// | number   | dedupes by the client's number, and keeps its order                    | `OUT_OF_ORDER`, `UNKNOWN_OUTCOME`         |
// | run      | asks the event's guard and runs it on the host, in its turn            | `FORBIDDEN`, what they throw              |
// | answer   | gives the answer, once all that it shows is stored                     |                                           |
//
// A refusal before `number` takes no number, so the client may send the call again. With a number, the refusals of `permit` and `check` are the event's answer,
// and the effects of the guard that refuses are its items.
// Calls without a number come from stock tRPC clients and from forms: they skip that step.
//
// The doors. Clients come in by `invoke`: `http/router` (stock tRPC), `http/batch` (our own client), `http/socket-calls` (a WebSocket), `call/form` (a
// browser without JavaScript) and `mcp/tools` (an agent). Server code comes in by `call/server-calls` (`call/store-handle`): it is trusted, so its calls are
// checked, entered, run and answered only.

interface Server {
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly limits: Bounds;
  readonly report: Report;
  readonly storage: Storage;
  readonly sessions: Sessions;
  readonly admission: Admission;
  readonly callers: Callers;
  readonly clients: Clients;
  readonly streams: Streams;
  readonly sessionLimits: SessionLimits;
  readonly hosts: Pick<Hosts, "find">;
  readonly telemetry: Telemetry | undefined;
  readonly nodes: Nodes | undefined;
  observe(): Promise<Telemetry>;
  /** Gives an event's arguments as logs may show them. */
  logged(event: string, args: readonly unknown[]): readonly unknown[] | undefined;
}

/** A call of a client, on its way. */
interface ClientCall extends OwnedEvent, PassableCall {
  readonly definition: Definition;
  /** The instance whose event it is, if it is a model's. */
  readonly on: InstanceRef | undefined;
  readonly key: unknown;
  /** The arguments as they were sent. */
  readonly args: unknown;
  /** The client's number for the call, if it has one. */
  readonly number: NumberedCall | undefined;
  /** Reports that the event's turn has come. */
  began(): void;
  /** The arguments once they have been checked. */
  checked: readonly unknown[] | undefined;
}

/** A numbered call that is to be cancelled. */
export type CancelledCall = readonly [host: string, client: string, n: number, i: unknown];

/** A numbered call that has entered its host. */
interface EnteredCall {
  readonly call: ClientCall;
  readonly number: NumberedCall;
  readonly host: Host;
  readonly caller: Caller;
  /** Makes the answer of an event that has failed. */
  refuse(error: unknown): Outcome;
}

/** A call that may run. */
interface PreparedCall {
  readonly args: readonly unknown[];
  /** Its files, if it has any. */
  readonly uploads: CallFiles | undefined;
}

/** A call that does not run, and the effects of the guard that has refused it. */
interface RefusedCall {
  readonly error: unknown;
  readonly effects: readonly Effect[];
}

/** Takes the calls of events from all doors of clients to the hosts that run them. */
export class Dispatcher {
  readonly #server: Server;
  readonly #calls = new RunningCalls();
  /** The items of numbered calls that wait or run. */
  readonly #items = new Map<string, CallItems>();
  /** The files of calls that run. */
  readonly uploads = new Uploads();

  constructor(server: Server) {
    this.#server = server;
  }

  /** Calls an event for a client, and gives its answer. `input`: `{ key?, on?, args, call? }`. */
  async invoke(request: TwinRequest, path: EventPath, input: unknown, sinks: PlainSinks = {}): Promise<unknown> {
    const definition = definitionOf(this.#server.definitions, path.store);
    const found = publicEvent(definition, path);
    if (!found) throw unknownEvent(path.store, nameInStore(path));
    const { key, on: named, args, call: sent } = record(input, "`{ args: [...] }`");
    const on = path.model === undefined ? undefined : instanceRefOf(named);
    const number = sent === undefined ? undefined : numberOf(sent);
    const leave = this.#admit(request, number);
    try {
      const telemetry = this.#server.telemetry ?? (await this.#server.observe());
      return await telemetry.event(labelOf(found.owner, found.event), async (began) => {
        const call: ClientCall = { ...found, request, path, input, definition, on, key, args, number, began, sinks, checked: undefined };
        try {
          return await this.#enter(call);
        } catch (error) {
          throw tellable(error, this.#reportOf(call));
        }
      });
    } finally {
      leave();
    }
  }

  /** Counts a call among those of its session, until the returned function is called. */
  #admit(request: TwinRequest, number: NumberedCall | undefined): () => void {
    const { callers, sessionLimits } = this.#server;
    callers.admit(request, number);
    return sessionLimits.enter(request.session?.id);
  }

  #identify({ request, number }: ClientCall): Promise<Caller> {
    const { callers, clients } = this.#server;
    const client = number?.client ?? request.client;
    return callers.of(request, client === undefined ? undefined : clients.bind(client, request), number);
  }

  /** Takes a call to its host, which stays in use until the call is answered. */
  async #enter(call: ClientCall): Promise<unknown> {
    const { admission } = this.#server;
    const { definition, key, number, request } = call;
    const caller = await this.#identify(call);
    const id = await locateGuarded(definition, caller, key, (effects) => this.#tell(call, caller, effects));
    const host = await admission.enter(request.address, id).catch(elsewhere);
    if (host instanceof Elsewhere) return this.#server.nodes ? this.#server.nodes.calls.pass(host.node, call) : Promise.reject(host);
    try {
      return await (number ? this.#numbered(call, number, host, caller) : this.#plain(call, host, caller));
    } finally {
      admission.leave(host);
    }
  }

  /** Gives the caller the effects of a guard that refuses a call, where they are no items of it. */
  #tell({ sinks: { effects: deliver } }: ClientCall, { connection }: Caller, effects: readonly Effect[]): void {
    const { streams } = this.#server;
    const way = deliver ?? (connection && lettersTo(connection.id, (tab, effect) => streams.post(tab, effect)));
    way?.(effects)();
  }

  /** Runs a call without a number: no client sends it again. */
  async #plain(call: ClientCall, host: Host, caller: Caller): Promise<unknown> {
    const { definition, owner, event, on, args, began, request, sinks } = call;
    const control = this.#calls.add();
    const cancel = () => control.abort(cancelled());
    sinks.signal?.addEventListener("abort", cancel);
    try {
      await permit(definition, host, caller, (told) => this.#tell(call, caller, told));
      call.checked = await checkGiven(owner, event, args, this.#server.limits);
      const what = { definition, owner, event, on, args: call.checked };
      const json = (value: unknown) => jsonOf(value, host.audiences.of(caller));
      const plain = { ...what, caller, control, eventId: randomEventId(), began, answer: json, check: json, ...eventSinks(sinks, json) };
      return await withCookies(definition, host, request, () => host.run(plain));
    } finally {
      sinks.signal?.removeEventListener("abort", cancel);
      this.#calls.remove(control);
    }
  }

  /** Runs a call with a number once, in its client's order, or gives the answer that it had the first time. */
  async #numbered(call: ClientCall, number: NumberedCall, host: Host, caller: Caller): Promise<unknown> {
    const { client, n, seen, i, y, got } = number;
    if (caller.connection) this.#server.streams.confirm(caller.connection.id, got);
    if (i !== undefined && i !== host.incarnation) throw unknownOutcome(host.incarnation, this.#server.storage.durable && !isLeft(host.incarnation));
    const prepared = await this.#prepare(call, host, caller);
    const report = this.#reportOf(call);
    const refuse = (error: unknown): Outcome => {
      // The call has its number: whatever an event lets through is its answer.
      const { again: _, ...refusal } = errorShapeOf(error, report);
      return { r: host.revision, error: refusal };
    };
    const entered: EnteredCall = { call, number, host, caller, refuse };
    if (y !== undefined) this.#items.get(idOf(host, number))?.repeat(y);
    const answered = host.eventNumbers.enter<Outcome>(client, n, seen, "error" in prepared, () =>
      "error" in prepared ? Promise.resolve(this.#refused(entered, prepared)) : this.#run(entered, prepared),
    );
    const outcome = await (call.event.durable ? awaitTask(labelOf(call.owner, call.event), answered) : answered);
    return this.#answer(entered, outcome, "args" in prepared);
  }

  /** Permits a call and checks its arguments. An error is the call's answer, unless the client is to send it again. */
  async #prepare(call: ClientCall, host: Host, caller: Caller): Promise<PreparedCall | RefusedCall> {
    const { definition, owner, event, args, number } = call;
    const { limits } = this.#server;
    let effects: readonly Effect[] = [];
    try {
      await permit(definition, host, caller, (told) => {
        effects = told;
      });
      const uploads = filesOf(number?.files, limits);
      call.checked = await checkGiven(owner, event, decodeArguments(args, limits.maxValues, uploads?.files), limits);
      await bringKept(call, host);
      return { args: call.checked, uploads };
    } catch (error) {
      if (isLater(error)) throw error;
      return { error, effects };
    }
  }

  /** Makes the answer of a call that does not run. The effects of the guard that has refused it are its items. */
  #refused(entered: EnteredCall, { error, effects }: RefusedCall): Outcome {
    const outcome = entered.refuse(error);
    if (effects.length === 0) return outcome;
    const items = this.#itemsOf(entered);
    for (const send of effects.map((effect) => items.add(["effect", ...effect]))) send();
    // The caller, who may not see the store, learns no revision of it, and has none to wait for.
    return items.end({ ...outcome, r: 0 });
  }

  /** Runs an event that has its number. It has entered the host's queue when this returns. */
  #run(entered: EnteredCall, { args, uploads }: PreparedCall): Promise<Outcome> {
    const { call, number, host, caller, refuse } = entered;
    const { definition, owner, event, on, began } = call;
    const { client, n, seen, predicted } = number;
    const id = idOf(host, number);
    const control = this.#calls.addNumbered(id, number.i);
    const eventId = `${host.incarnation}.${caller.connection?.id}${client.slice(tabOf(client).length)}.${n}`;
    const items = this.#itemsOf(entered);
    const encoded = (value: unknown, store: Store) => encodedFor(host.audiences.of(caller), value, store);
    this.#items.set(id, items);
    const close = uploads && this.uploads.open(call.request.session?.id, uploads, control.signal);
    const result = host.run<Outcome>({
      definition,
      owner,
      event,
      on,
      args,
      caller,
      control,
      eventId,
      numbered: { client, n, confirmed: seen, at: Date.now() },
      predicted,
      ...this.#again(host, event, number, eventId),
      began,
      check: checkAnswer,
      answer(value, store, r, tick) {
        const viewers = host.audiences.of(caller);
        const made = store.made(viewers);
        const m = made.length > 0 && { m: made, ...(viewers && { a: viewers.name }) };
        return items.end({ r, v: encoded(value, store), ...m, ...(tick && { t: [tick, host.number] as const }) });
      },
      refuse: (error) => items.end(refuse(error)),
      stored: withLastItems,
      yielded: (value, store) => items.add(["yield", encoded(value, store)]),
      effects: (effects) => {
        const sends = effects.map((effect) => items.add(["effect", ...effect]));
        return () => {
          for (const send of sends) send();
        };
      },
    });
    return result.finally(() => {
      close?.();
      this.#items.delete(id);
      this.#calls.remove(control, id);
    });
  }

  /** What is the same when an event runs again: after a kill, or a failure of the storage. */
  #again(host: Host, { optimistic }: EventSchema, { client, n }: NumberedCall, eventId: string): Pick<EventCall<Outcome>, "newId" | "messages"> {
    const { sessions, storage } = this.#server;
    const messages = storage.durable ? { messages: new SentMessages(eventId) } : {};
    if (optimistic) return { newId: eventIds(`${host.incarnation} ${client} ${n}`), ...messages };
    return storage.durable ? { newId: sessions.ids(eventId), ...messages } : {};
  }

  /** Makes what keeps the items of a numbered event, and has the client's stream bring them. */
  #itemsOf({ call: { request }, number, host, caller }: EnteredCall): CallItems {
    const { callers, nodes, streams } = this.#server;
    const { send, late } = waysOf(streams, { ...number, i: host.incarnation, tab: caller.connection?.id }, nodes?.bringing(host));
    // The stream would overtake the answer, with which the new cookie comes: a redirect would be followed with the old one.
    return new CallItems({ send: (k, item) => callers.hasReplaced(request, number) || send(k, item), late });
  }

  /** Gives the answer of a numbered call: PROTOCOL.md §2. `permitted`: the caller may see the store now. */
  async #answer({ call, number, host, caller }: EnteredCall, outcome: Outcome, permitted: boolean): Promise<unknown> {
    const { definition, request } = call;
    const { at, client, y } = number;
    // The next request gets the answer, with the cookie.
    const renewed = this.#server.callers.renew(request, number);
    if (renewed && request.late) throw cookieReplaced();
    const { error, o: items, a: numbered, m, t, ...rest } = outcome;
    if (error && !items) throw errorOf(error);
    const stream = this.#server.streams.of(client);
    const h = stream?.numberOf(host);
    const o = items && (y !== undefined || !stream || renewed) ? itemsAfter(items, y ?? 0) : undefined;
    const stores = permitted && h === undefined && at !== null && (await permittedStores(this.#server.definitions, definition, host, caller));
    const viewers = host.audiences.of(caller);
    const f = stores && (await missedBy(host, { called: definition.name, stores, audience: viewers }, { ...number, at: at as number }));
    const sent = {
      ...(m && numbered === viewers?.name && { m }),
      ...(o && { o }),
      ...(f && { f }),
      ...(viewers && { a: viewers.name }),
      ...(t?.[1] === host.number && { t: t[0] }),
    };
    const done = { h: h ?? null, i: host.incarnation, ...rest, ...sent };
    if (error) throw errorOf({ ...error, done });
    return done;
  }

  /** Reports what goes wrong in an event. */
  #reportOf({ owner, event, checked }: ClientCall): Report {
    const { logged, report } = this.#server;
    return (level, error, id) => {
      const name = labelOf(owner, event);
      report(level, error, id, { name, args: checked && logged(name, checked) });
    };
  }

  /** Asks a running event to stop, and one that waits, or has not come yet, not to begin. */
  async cancel(request: TwinRequest, input: unknown): Promise<void> {
    const { callers, clients, definitions, nodes } = this.#server;
    callers.admit(request);
    const { store, key, client, n, i } = record(input, "`{ store, key?, client, n, i? }`");
    const definition = definitionOf(definitions, String(store));
    const caller = await callers.of(request, clients.bind(clientId(client), request));
    const host = locate(definition, caller, key);
    const place: CancelledCall = [host, String(client), whole(n, "n"), i];
    if (!this.cancelCall(...place)) nodes?.cancel(place);
  }

  /** Cancels a call that a client may cancel. Returns whether it runs, or waits, here. */
  cancelCall(...[host, client, n, i]: CancelledCall): boolean {
    if (this.#calls.cancel(`${host} ${client} ${n}`, i)) return true;
    // The task of a call may go on in a later life of its host, which knows nothing of the call.
    const there = this.#server.hosts.find(host);
    there?.tasks?.cancelCall(client, n);
    return there !== undefined;
  }

  /** Asks all to stop. */
  stop(): void {
    this.#calls.stop();
  }
}
