import { randomBytes } from "node:crypto";
import type { EventSchema } from "../../lib/class/schema.js";
import { cancelled, circle, cookieReplaced, cutOff, isLater, unknownEvent, unknownOutcome } from "../../lib/errors/errors.js";
import { eventIds } from "../../lib/event/event-ids.js";
import { checkAnswer } from "../../lib/store/answer-writer.js";
import type { Store } from "../../lib/store/store.js";
import type { MissedMessage } from "../../lib/wire/protocol.js";
import { decodeValue, encodeValue } from "../../lib/wire/value-codec.js";
import { definitionOf, eventSchemaOf, locate, permit, publicEvent } from "../access/access.js";
import type { Admission } from "../access/admission.js";
import { type Callers, sessionOf, type TwinRequest } from "../access/callers.js";
import type { Clients } from "../access/clients.js";
import type { Bounds, SessionLimits } from "../access/session-limits.js";
import { checkArguments, checkGiven } from "../definition/arguments.js";
import { type Definition, hostId } from "../definition/scope.js";
import type { Caller, Turn } from "../host/context.js";
import type { EventCall } from "../host/event-runner.js";
import type { Host } from "../host/host.js";
import type { Hosts } from "../host/hosts.js";
import type { Storage } from "../storage/storage.js";
import type { Streams } from "../stream/streams.js";
import type { Telemetry } from "../telemetry.js";
import { errorOf, errorShapeOf, type Refusal, type Report, tellable } from "../wire/error-shape.js";
import { jsonOf, plainOf } from "../wire/plain-values.js";
import { clientId, decodeArguments, type NumberedCall, numberOf, record } from "../wire/request-input.js";

/** Server code may hand over as much as it likes. */
const UNBOUNDED = { maxDepth: Infinity, maxValues: Infinity };

/** How many objects and lists that may be. */
const MOST_HANDED = 1_000_000;

/** What becomes of a numbered event. Plain data, as it is kept. */
export type Outcome = { readonly r: number; readonly v?: unknown; readonly y?: number; readonly error?: Refusal };

/** A call from server code. */
export interface ServerCall {
  readonly store: string;
  /** The room's key, the session's, user's or tab's id. */
  readonly key: string;
  readonly event: string;
  readonly args: readonly unknown[];
  readonly context: object;
  readonly session: string | undefined;
  readonly turn: Turn | undefined;
  readonly control: AbortController;
  yielded?(value: unknown): void;
}

interface Server {
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly limits: Bounds;
  readonly report: Report;
  readonly storage: Storage;
  readonly hosts: Hosts;
  readonly admission: Admission;
  readonly callers: Callers;
  readonly clients: Clients;
  readonly streams: Streams;
  readonly sessionLimits: SessionLimits;
  readonly telemetry: Telemetry | undefined;
  observe(): Promise<Telemetry>;
  /** What logs show of an event's arguments. */
  logged(event: string, args: readonly unknown[]): readonly unknown[] | undefined;
}

/** An event that a client calls. */
interface Asked {
  readonly request: TwinRequest;
  readonly definition: Definition;
  readonly event: EventSchema;
  readonly key: unknown;
  /** As they were sent. */
  readonly args: unknown;
  began(): void;
  readonly effects: EventCall<unknown>["effects"];
  /** The arguments once they have been checked. */
  checked: readonly unknown[] | undefined;
}

/** The events that are called. */
export class Dispatcher {
  readonly #server: Server;
  /** The numbered ones that wait or run. */
  readonly #running = new Map<string, AbortController>();
  /** Of all of clients that wait or run. */
  readonly #controls = new Set<AbortController>();

  constructor(server: Server) {
    this.#server = server;
  }

  // --- from clients ---

  /** A mutation: an event called through the router. */
  async invoke(request: TwinRequest, store: string, name: string, input: unknown, effects?: EventCall<unknown>["effects"]): Promise<unknown> {
    const { callers, definitions, sessionLimits } = this.#server;
    const definition = definitionOf(definitions, store);
    const event = publicEvent(definition, name);
    if (!event) throw unknownEvent(store, name);
    const { key, args, call } = record(input, "`{ args: [...] }`");
    const numbered = call === undefined ? undefined : numberOf(call);
    callers.admit(request, numbered);
    const leave = sessionLimits.enter(request.session?.id);
    try {
      const telemetry = this.#server.telemetry ?? (await this.#server.observe());
      return await telemetry.event(`${store}.${name}`, async (began) => {
        const asked: Asked = { request, definition, event, key, args, began, effects, checked: undefined };
        try {
          return await (numbered ? this.#numbered(asked, numbered) : this.#plain(asked));
        } catch (error) {
          throw tellable(error, this.#reportOf(asked));
        }
      });
    } finally {
      leave();
    }
  }

  async #plain(asked: Asked): Promise<unknown> {
    const { request, definition, event, key, args, began, effects } = asked;
    const { admission, callers, limits } = this.#server;
    const caller = await callers.of(request);
    const host = await admission.enter(request.address, locate(definition, caller, key));
    const control = this.#control();
    try {
      await permit(definition, host, caller);
      asked.checked = await checkGiven(definition, event, args, limits);
      return await once(host, { definition, event, args: asked.checked, caller, control, began, answer: jsonOf, check: jsonOf, ...(effects && { effects }) });
    } finally {
      this.#controls.delete(control);
      admission.leave(host);
    }
  }

  async #numbered(asked: Asked, call: NumberedCall): Promise<unknown> {
    const { request, definition, event, key, began } = asked;
    const { admission, callers, clients, storage, streams } = this.#server;
    const { client, n, seen, at, predicted } = call;
    const caller = await callers.of(request, clients.bind(client, request), call);
    const host = await admission.enter(request.address, locate(definition, caller, key));
    try {
      if (call.i !== undefined && call.i !== host.incarnation) throw unknownOutcome(host.incarnation, storage.durable);
      const prepared = await this.#prepare(asked, host, caller);
      const report = this.#reportOf(asked);
      const refused = (error: unknown): Outcome => {
        // It has its number: whatever an event lets through is its answer.
        const { again: _, ...told } = errorShapeOf(error, report);
        return { r: host.revision, error: told };
      };
      const outcome = await host.eventNumbers.enter<Outcome>(client, n, seen, "error" in prepared, () => {
        if ("error" in prepared) return Promise.resolve(refused(prepared.error));
        const control = this.#control();
        const id = `${host.id} ${client} ${n}`;
        this.#running.set(id, control);
        let y = 0;
        const result = host.run<Outcome>({
          definition,
          event,
          args: prepared.args,
          caller,
          eventId: `${host.incarnation}.${caller.connection?.id}.${n}`,
          control,
          began,
          numbered: { client, n, confirmed: seen, at: Date.now() },
          predicted,
          ...(event.optimistic && { newId: eventIds(`${host.incarnation} ${client} ${n}`) }),
          check: checkAnswer,
          answer: (value, store, r) => ({ r, v: store.encode(value), ...(y > 0 && { y }) }),
          refuse: refused,
          yielded: (value, store) => {
            y++;
            const encoded = store.encode(value);
            return () => streams.of(client)?.yielded(host, n, encoded);
          },
          effects: (effects) => streams.of(client)?.effects(effects),
        });
        return result.finally(() => {
          this.#running.delete(id);
          this.#controls.delete(control);
        });
      });
      // The answer, with the cookie, is there when it is asked for again.
      if (request.late && typeof request.cookie === "string") throw cookieReplaced();
      if (outcome.error) throw errorOf(outcome.error);
      const { error: _, ...answer } = outcome;
      const h = streams.of(client)?.numberOf(host);
      if (h !== undefined || at === null) return { h: h ?? null, i: host.incarnation, ...answer };
      return { h: null, i: host.incarnation, ...answer, f: await this.#missed(definition, host, caller, client, at) };
    } finally {
      admission.leave(host);
    }
  }

  async #prepare(asked: Asked, host: Host, caller: Caller): Promise<{ args: readonly unknown[] } | { error: unknown }> {
    const { definition, event, args } = asked;
    const { limits } = this.#server;
    try {
      await permit(definition, host, caller);
      asked.checked = await checkGiven(definition, event, decodeArguments(args, limits.maxValues), limits);
      return { args: asked.checked };
    } catch (error) {
      if (isLater(error)) throw error;
      return { error };
    }
  }

  /** What a client without a stream has missed of a host: the messages that a stream would have. */
  async #missed(called: Definition, host: Host, caller: Caller, client: string, at: number): Promise<MissedMessage[]> {
    if (at >= host.revision) return [];
    const names: string[] = [];
    for (const name of host.stores) {
      const definition = this.#server.definitions.get(name);
      const permitted =
        definition &&
        (definition === called ||
          (await permit(definition, host, caller).then(
            () => true,
            () => false,
          )));
      if (permitted) names.push(name);
    }
    // Of all, as the client may show others too.
    const frames = host.missed(at, [...names, called.name]);
    if (frames) return frames.flatMap((frame) => [...frame.ran(client, 0), frame.message(new Set(names), 0)]);
    const { revision, snapshot, ended } = await host.read(called.name, client);
    return [["snapshot", 0, called.name, host.roomKey, host.incarnation, revision, snapshot, ended]];
  }

  /** Reports what goes wrong in an event. */
  #reportOf({ definition, event, checked }: Asked): Report {
    const { logged, report } = this.#server;
    return (level, error, id) => {
      const name = `${definition.name}.${event.name}`;
      report(level, error, id, { name, args: checked && logged(name, checked) });
    };
  }

  #control(): AbortController {
    const control = new AbortController();
    this.#controls.add(control);
    return control;
  }

  /** Asks a running event to stop, and one that waits not to begin. */
  async cancel(request: TwinRequest, input: unknown): Promise<void> {
    const { callers, clients, definitions } = this.#server;
    callers.admit(request);
    const { store, key, client, n } = record(input, "`{ store, key?, client, n }`");
    const definition = definitionOf(definitions, String(store));
    const caller = await callers.of(request, clients.bind(clientId(client), request));
    this.#running.get(`${locate(definition, caller, key)} ${client} ${n}`)?.abort(cancelled());
  }

  /** Asks all to stop. */
  stop(): void {
    for (const control of this.#controls) control.abort(cutOff());
  }

  // --- from server code ---

  /** Calls an event from server code, which is trusted: neither `allow` nor guards are asked. */
  async local({ store, key, event: name, args, context, session, turn, control, yielded }: ServerCall): Promise<unknown> {
    const { definitions, hosts } = this.#server;
    const definition = definitionOf(definitions, store);
    const event = eventSchemaOf(definition, name);
    const caller: Caller = { context, session: sessionOf(session, turn), connection: turn?.caller.connection, turn, trusted: true };
    // A message: what the caller does to its arguments later is not part of it.
    const checked = await checkArguments(definition, event, decodeValue(encodeValue(plainOf(args, MOST_HANDED))), UNBOUNDED);
    return hosts.using(hostId(definition.kind, key), (host) =>
      once(host, {
        definition,
        event,
        args: checked,
        caller,
        control,
        answer: (value) => plainOf(value),
        ...(turn?.deliver && { effects: turn.deliver }),
        ...(yielded && {
          yielded(value: unknown, _: Store) {
            const plain = plainOf(value);
            return () => yielded(plain);
          },
        }),
      }),
    );
  }

  /**
   * An event waits for the answer of another host.
   * @throws StateError when that host waits, in turn, for the event's own.
   */
  waits(turn: Turn, id: string): () => void {
    if (turn.host.turn === turn && (turn.host.id === id || this.#reaches(id, turn.host.id, new Set()))) throw circle(turn.host.id, id);
    turn.waitsFor.add(id);
    return () => void turn.waitsFor.delete(id);
  }

  #reaches(from: string, goal: string, seen: Set<string>): boolean {
    seen.add(from);
    const turn = this.#server.hosts.find(from)?.turn;
    for (const next of turn?.waitsFor ?? []) if (next === goal || (!seen.has(next) && this.#reaches(next, goal, seen))) return true;
    return false;
  }
}

/** Runs an event without a number, which nobody asks for again. */
function once(host: Host, call: Omit<EventCall<unknown>, "eventId">): Promise<unknown> {
  return host.run({ ...call, eventId: randomBytes(16).toString("base64url") });
}
