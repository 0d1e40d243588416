import { createHash, randomBytes } from "node:crypto";
import type { Page, PageParams } from "../lib/current.js";
import {
  badRoomKey,
  cancelled,
  circle,
  closing,
  cookieReplaced,
  cutOff,
  droppedField,
  foreignClient,
  isEventError,
  newerConnection,
  noRotation,
  noSession,
  noTab,
  notSignedIn,
  oldTicket,
  otherProtocol,
  queueFull,
  refusedRoom,
  refusedShared,
  tooManyWatches,
  unknownEvent,
  unknownOutcome,
  unknownStore,
} from "../lib/errors.js";
import { eventIds } from "../lib/event-ids.js";
import { describeClass, type EventSchema, type WireSchema } from "../lib/schema.js";
import type { Store } from "../lib/store.js";
import { decodeValue, encodeValue } from "../lib/value.js";
import { addressOf } from "./address.js";
import { jsonOf, plainOf } from "./answer.js";
import { Connection, type Message } from "./connection.js";
import type { Caller, ConnectionInfo, Turn } from "./context.js";
import { checkGiven } from "./form.js";
import { checkArguments } from "./guard.js";
import { type Handler, handle } from "./handler.js";
import type { EventCall, Host, World } from "./host.js";
import { Hosts } from "./hosts.js";
import { clientId, decodeArguments, type NumberedCall, numberOf, record, type WatchInput, watchesOf, whole } from "./input.js";
import { type MigrationFailure, type MigrationReport, rewritten } from "./migration.js";
import { fold } from "./record.js";
import { errorOf, type Refusal, type Report, refusalOf } from "./refusal.js";
import { type Claim, ROTATIONS, Rotations, type Standing } from "./rotation.js";
import { buildRouter } from "./router.js";
import { type Definition, hostId, keyOf, type Models, type ScopeKind } from "./scope.js";
import { createSessions, type SessionCookie, type SessionOptions, type Sessions } from "./session.js";
import type { Storage } from "./storage.js";
import { openTelemetry, type Resume, type Telemetry } from "./telemetry.js";
import { type Bounds, Visitors } from "./visitors.js";

const PROTOCOL = 1;
/** Seconds between the pings of a stream. */
export const HEARTBEAT = 15;

/** How long a ticket waits for its stream, in ms. */
const TICKET_LIFE = 30_000;
/** How long a client's id stays bound to its session after it was last seen. */
const CLIENT_LIFE = 24 * 3600 * 1000;
/** How many clients' ids are remembered. */
const MOST_CLIENTS = 200_000;
/** How often what has run out is forgotten. */
const SWEEP = 3600 * 1000;
const LONGEST_KEY = 200;
/** After how many ms to ask again what was refused without a reason of its own. */
const RETRY = 500;
/** How long a storage may take to answer and count as ready, in ms. */
const READY_WAIT = 2000;
/** How long events that were asked to stop may take to do so, when the server closes, in ms. */
const ABORT_WAIT = 500;
/** How often it is asked, at most, who may still see a room that changes, in ms. */
const RECHECK = 1000;
/** Server code may hand over as much as it likes. */
const UNBOUNDED = { maxDepth: Infinity, maxValues: Infinity };
/** A tab's id begins with so many letters that stand for its session: so it is known whose it was. */
const SESSION_TAG = 11;

/** How long what nobody uses is kept, by scope, in ms. */
type Lives = Readonly<Partial<Record<ScopeKind, number>>>;

/** What the facade hands over: checked, with defaults. */
export interface RuntimeOptions {
  /** Tells twins of one process apart. */
  readonly name: string;
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly models: Models;
  readonly context: (request: { readonly headers: Headers }) => unknown;
  readonly storage: Storage;
  readonly session: SessionOptions;
  readonly lives: Lives;
  readonly limits: Bounds;
  readonly origins: readonly string[];
  readonly proxies: number;
  readonly build: string | undefined;
  readonly report: Report;
  /** What logs show of an event's arguments. */
  readonly logged: (event: string, args: readonly unknown[]) => readonly unknown[] | undefined;
}

export interface Recognised extends SessionCookie {
  readonly replaced: boolean;
}

/** One request, as the router's procedures see it. */
export interface TwinRequest {
  readonly session: SessionCookie | undefined;
  /** The session's cookie has been replaced since. */
  readonly replaced?: boolean;
  /** The session was made for this request: nobody has its cookie yet. */
  readonly fresh?: boolean;
  /** Whence it comes, where that is known. */
  readonly address?: string | undefined;
  /** The head of the response is sent: it carries no more cookies. */
  late?: boolean;
  /** What the response sets as the session's cookie. `null`: nothing yet; missing where there is no response. */
  cookie?: string | null;
  /** The app's own context, made when first asked for. */
  context(): Promise<object>;
}

/** What becomes of a numbered event. Plain data, as it is kept. */
type Outcome = { readonly r: number; readonly v?: unknown; readonly y?: number; readonly error?: Refusal };

interface Client {
  readonly session: string;
  readonly info: ConnectionInfo;
  seen: number;
}

interface Ticket {
  readonly session: string;
  readonly client: string;
  readonly epoch: number;
  readonly watch: readonly WatchInput[];
  readonly timer: NodeJS.Timeout;
}

/** A store of a page, as `preload` gives it. */
export type PreloadedStore =
  | { readonly store: string; readonly key: string | null; readonly incarnation: string; readonly revision: number; readonly snapshot: unknown }
  | { readonly store: string; readonly key: string | null; readonly refused: readonly [code: string, message: string] };

/** Whose data: a user's, by the context's `user.id`, or a session's, by its id. */
export type Whose = { readonly user: string } | { readonly session: string };

/** All that is kept of one store. */
export interface ExportedStore {
  readonly store: string;
  /** The user's, session's or tab's id. */
  readonly key: string;
  readonly state: object;
}

export interface PreloadData {
  readonly schema: WireSchema;
  readonly session: string;
  readonly stores: readonly PreloadedStore[];
}

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

/** The one runtime of the process: hosts, sessions, connections. It speaks with the facades, of which there may be several, in plain data. */
export class Runtime implements World {
  #options: RuntimeOptions;
  #schema: WireSchema;
  #router: ReturnType<typeof buildRouter>;
  /** Answers requests: by the copy of tRPC that the router is of, as it knows by a symbol of its own what is tracked. */
  readonly serve: Handler = (request) => handle(this, request);
  readonly sessions: Sessions;
  readonly hosts: Hosts;
  readonly #names = new WeakMap<object, Map<ScopeKind, string>>();
  readonly rotations: Rotations;
  readonly #visitors: Visitors;
  /** Rooms of which it was asked lately who may see them. */
  readonly #asked = new Map<Host, NodeJS.Timeout>();
  /** Hosts of sessions that are about to hold state, and what to call when they do not. */
  readonly #arrived = new Map<Host, () => void>();
  #closing = false;
  /** What else ends with it. */
  readonly ends = new Set<() => void>();
  /** Opened with the first request: to make a twin does no I/O. */
  #opening: Promise<Telemetry> | undefined;
  #telemetry: Telemetry | undefined;
  readonly #clients = new Map<string, Client>();
  readonly #tickets = new Map<string, Ticket>();
  readonly #connections = new Set<Connection>();
  readonly #tabs = new Map<string, Connection>();
  readonly #running = new Map<string, AbortController>();
  /** Of all events that wait or run. */
  readonly #controls = new Set<AbortController>();
  /** The fields of which it was told that records have them and classes do not. */
  readonly #dropped = new Set<string>();
  readonly #sweeper: NodeJS.Timeout;

  constructor(options: RuntimeOptions) {
    this.#options = options;
    this.sessions = createSessions(options.session);
    this.#visitors = new Visitors(() => this.limits);
    this.rotations = new Rotations(
      () => this.storage,
      (...told) => this.report(...told),
    );
    this.hosts = new Hosts(this);
    this.#schema = this.#describe();
    this.#router = buildRouter(this);
    this.#sweeper = setInterval(() => void this.#sweep(), Math.min(SWEEP, ...Object.values(options.lives)));
    this.#sweeper.unref();
  }

  // --- what hosts ask ---

  get definitions(): ReadonlyMap<string, Definition> {
    return this.#options.definitions;
  }

  get models(): Models {
    return this.#options.models;
  }

  get storage(): Storage {
    return this.#options.storage;
  }

  get limits(): Bounds {
    return this.#options.limits;
  }

  get report(): Report {
    return this.#options.report;
  }

  get origins(): readonly string[] {
    return this.#options.origins;
  }

  get proxies(): number {
    return this.#options.proxies;
  }

  get router() {
    return this.#router;
  }

  /** How many streams are open. */
  get streams(): number {
    return this.#connections.size;
  }

  get schema(): WireSchema {
    return this.#schema;
  }

  nameOf(Class: unknown, kind: ScopeKind): string | undefined {
    const names = typeof Class === "function" ? this.#names.get(Class) : undefined;
    return names?.get(kind) ?? names?.values().next().value;
  }

  pin(host: Host): () => void {
    return this.hosts.pin(host);
  }

  interrupted(r: number): Outcome {
    return { r, error: refusalOf(cutOff(), this.report) };
  }

  restored(answer: unknown): Outcome {
    // The stream by which its yields came is gone.
    const { y: _, ...outcome } = answer as Outcome;
    return outcome;
  }

  dropped(store: string, className: string, field: string): void {
    const path = `${className || store}.${field}`;
    if (this.#dropped.has(path)) return;
    this.#dropped.add(path);
    this.report("warn", droppedField(store, className, field));
  }

  committed(host: Host, bytes: number): void {
    if (bytes > 0) this.#telemetry?.committed(bytes);
    if (host.kind === "room") this.#recheckSoon(host);
  }

  watched(how: Resume, count: number): void {
    if (count > 0) this.#telemetry?.watched(how, count);
  }

  /** Whoever may not see a room any more leaves it. Asked after its commits, at once and then once a second at most. */
  #recheckSoon(host: Host): void {
    const due = this.#asked.get(host);
    if (due || host.watchers.size === 0) return;
    this.#asked.set(
      host,
      setTimeout(() => {
        this.#asked.delete(host);
        if (host.revision > revision) this.#recheckSoon(host);
      }, RECHECK).unref(),
    );
    const { revision } = host;
    void this.#recheck(host);
  }

  async #recheck(host: Host): Promise<void> {
    for (const [connection, stores] of [...host.watchers]) {
      for (const store of [...stores]) {
        try {
          await this.#permit(this.#find(store), host, connection.caller);
        } catch (error) {
          connection.unwatch(host, store);
          connection.refuse(store, host.roomKey, error);
        }
      }
    }
  }

  /** Ends streams, of a user, a session or all: they come back as who they then are. */
  recheck(whose?: Whose): void {
    for (const connection of this.#connections) {
      const { context, session } = connection.caller;
      if (!whose || ("user" in whose ? userOf(context) === String(whose.user) : session?.id === whose.session)) connection.close("access");
    }
  }

  /** Whether events are taken, and the storage answers. */
  async ready(): Promise<boolean> {
    if (this.#closing) return false;
    let ready = false;
    const asked = Promise.resolve()
      .then(() => this.storage.touch([]))
      .then(
        () => {
          ready = true;
        },
        () => {},
      );
    await within(READY_WAIT, asked);
    return ready;
  }

  discard(host: Host, error: unknown): void {
    this.report("error", error);
    this.hosts.discard(host);
    this.#lead(host);
  }

  /** Leads those who watch a host that is no more to its next life. */
  #lead(host: Host): void {
    for (const [connection, stores] of host.evacuate()) {
      connection.forget(host);
      void this.#watch(
        connection,
        stores.map((store) => ({ store, key: host.roomKey ?? undefined })),
      );
    }
  }

  #describe(): WireSchema {
    for (const { name, kind, Class } of this.definitions.values()) {
      const names = this.#names.get(Class) ?? new Map<ScopeKind, string>();
      if (!names.has(kind)) names.set(kind, name);
      this.#names.set(Class, names);
    }
    const stores = Object.fromEntries([...this.definitions].map(([name, { kind, Class }]) => [name, { scope: kind, ...describeClass(Class) }]));
    const models = Object.fromEntries(Object.entries(this.models).map(([name, Class]) => [name, describeClass(Class)]));
    const hash = createHash("sha256").update(JSON.stringify({ stores, models })).digest("base64url").slice(0, 12);
    return { hash, stores, models };
  }

  /** Takes over the classes of a module that was evaluated again: live hosts move their state into them before their next event. */
  adopt(options: RuntimeOptions): void {
    this.#options = { ...options, storage: this.#options.storage, session: this.#options.session };
    this.#schema = this.#describe();
    this.#router = buildRouter(this);
    for (const connection of this.#connections) connection.hello(this.#greeting(connection.caller.session?.id));
    for (const host of this.hosts.live) void host.reload();
  }

  // --- who and what ---

  #find(store: string): Definition {
    const definition = this.definitions.get(store);
    if (!definition) throw unknownStore(store);
    return definition;
  }

  #event(definition: Definition, name: string): EventSchema {
    const event = definition.schema.events.get(name);
    if (!event) throw unknownEvent(definition.name, name);
    return event;
  }

  /** Whose cookie a request has; `undefined` where it has none that is worth anything. */
  recognise(cookies: string | null): Recognised | undefined | Promise<Recognised | undefined> {
    const cookie = this.sessions.readCookie(cookies);
    if (!cookie) return undefined;
    const { id, generation } = cookie;
    const told = (standing: Standing) => (standing === "worthless" ? undefined : { id, generation, replaced: standing === "replaced" });
    const standing = this.rotations.standing(cookie);
    return typeof standing === "string" ? told(standing) : standing.then(told);
  }

  newSession(): string {
    const id = this.sessions.create();
    this.rotations.begin(id);
    return id;
  }

  /** The app's context of a request. */
  async contextOf(headers: Headers): Promise<object> {
    return ((await this.#options.context({ headers })) ?? {}) as object;
  }

  /** The scope instance that a caller means. */
  #locate({ name, kind }: Definition, caller: Caller, key: unknown): string {
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
  async #permit({ name, kind, allow, guard }: Definition, host: Host, caller: Caller): Promise<void> {
    if (caller.trusted) return;
    if (kind === "room" && !(await allow?.(caller.context, host.key, await host.loaded(name)))) throw refusedRoom(name, host.key);
    if (kind === "shared" && guard && !(await guard(caller.context))) throw refusedShared(name);
  }

  // --- events, from clients ---

  /** A mutation: an event called through the router. */
  async invoke(request: TwinRequest, store: string, event: string, input: unknown, effects?: EventCall<unknown>["effects"]): Promise<unknown> {
    const definition = this.#find(store);
    const schema = this.#event(definition, event);
    const { key, args, call } = record(input, "`{ args: [...] }`");
    const numbered = call === undefined ? undefined : numberOf(call);
    this.#admit(request, numbered);
    const leave = this.#visitors.enter(request.session?.id);
    try {
      const telemetry = this.#telemetry ?? (await this.#observe());
      return await telemetry.event(`${store}.${event}`, (began) =>
        numbered
          ? this.#numbered(request, definition, schema, key, args, numbered, began)
          : this.#plain(request, definition, schema, key, args, began, effects),
      );
    } finally {
      leave();
    }
  }

  async #observe(): Promise<Telemetry> {
    this.#opening ??= openTelemetry(this.#options.name, { streams: () => this.streams, hosts: () => this.hosts.size });
    this.#telemetry = await this.#opening;
    return this.#telemetry;
  }

  /**
   * Whether a request is heard at all. What is refused here has taken no number, and is asked again.
   * @throws EventError `OFFLINE`, `RATE_LIMITED`, `UNAVAILABLE`
   */
  #admit(request: TwinRequest, claim?: Claim): void {
    if (this.#closing) throw closing(RETRY);
    const { session } = request;
    if (!session) return;
    this.#visitors.ask(session.id);
    // The call that has replaced the cookie gets the new one with its answer, which may have got lost.
    if (request.replaced) request.cookie = this.sessions.cookie(session.id, this.rotations.claimed(session, claim));
  }

  /** Reports what goes wrong in an event. */
  #reportOf({ name }: Definition, event: EventSchema, args: readonly unknown[] | undefined): Report {
    return (level, error, id) => {
      const label = `${name}.${event.name}`;
      this.report(level, error, id, { name: label, args: args && this.#options.logged(label, args) });
    };
  }

  #control(): AbortController {
    const control = new AbortController();
    this.#controls.add(control);
    return control;
  }

  async #plain(
    request: TwinRequest,
    definition: Definition,
    schema: EventSchema,
    key: unknown,
    args: unknown,
    began: () => void,
    effects: EventCall<unknown>["effects"],
  ): Promise<unknown> {
    const caller = await this.#callerOf(request);
    const host = await this.#enter(request, this.#locate(definition, caller, key));
    const control = this.#control();
    let checked: readonly unknown[] | undefined;
    try {
      await this.#permit(definition, host, caller);
      checked = await checkGiven(definition, schema, args, this.limits);
      return await host.run({
        definition,
        event: schema,
        args: checked,
        caller,
        eventId: randomBytes(16).toString("base64url"),
        control,
        began,
        answer: jsonOf,
        ...(effects && { effects }),
      });
    } catch (error) {
      throw isEventError(error) ? error : errorOf(refusalOf(error, this.#reportOf(definition, schema, checked)));
    } finally {
      this.#controls.delete(control);
      this.#leave(host);
    }
  }

  /**
   * The host of an event, in use.
   * @throws EventError `RATE_LIMITED`
   */
  async #enter({ address }: Pick<TwinRequest, "address">, id: string): Promise<Host> {
    const host = await this.hosts.use(id);
    try {
      if (host.waiting >= this.limits.maxWaiting) throw queueFull(id, RETRY);
      if (!host.touched && !this.#arrived.has(host) && (host.kind === "session" || host.kind === "tab"))
        this.#arrived.set(host, this.#visitors.arrive(address));
      return host;
    } catch (error) {
      this.hosts.release(host);
      throw error;
    }
  }

  #leave(host: Host): void {
    const undo = this.#arrived.get(host);
    if (undo && (host.touched || host.waiting === 0)) {
      this.#arrived.delete(host);
      if (!host.touched) undo();
    }
    this.hosts.release(host);
  }

  async #callerOf(request: TwinRequest, connection?: ConnectionInfo, claim?: Claim): Promise<Caller> {
    const context = await request.context();
    const { session } = request;
    if (!session) return { context, session: undefined, connection, trusted: false };
    this.#notice(session.id, context);
    return { context, session: { id: session.id, rotate: () => this.#rotate(request, session, claim) }, connection, trusted: false };
  }

  /** Streams of a session that were begun as somebody else end: they come back as who now calls. */
  #notice(session: string, context: object): void {
    const user = userOf(context);
    for (const stream of this.#visitors.streams(session)) if (userOf(stream.caller.context) !== user) stream.close("user");
  }

  /** Makes a new cookie for a session. The one before is worth nothing from now on, and streams that were begun with it end. */
  async #rotate(request: TwinRequest, { id, generation }: SessionCookie, claim: Claim | undefined): Promise<void> {
    if (request.cookie === undefined) throw noRotation("it was called without a request");
    if (!claim && request.late) throw noRotation("it was called in a batch, the first part of which is sent already");
    const next = await this.rotations.rotate(id, generation, claim);
    request.cookie = this.sessions.cookie(id, next);
    for (const stream of this.#visitors.streams(id)) if (claim === undefined || stream.client !== claim.client) stream.close("session");
  }

  async #numbered(
    request: TwinRequest,
    definition: Definition,
    event: EventSchema,
    key: unknown,
    sent: unknown,
    call: NumberedCall,
    began: () => void,
  ): Promise<unknown> {
    const { client, n, seen, at, predicted } = call;
    const caller = await this.#callerOf(request, this.#bind(client, request), call);
    const host = await this.#enter(request, this.#locate(definition, caller, key));
    try {
      if (call.i !== undefined && call.i !== host.incarnation) throw unknownOutcome(host.incarnation, this.storage.durable);
      const prepared = await this.#prepare(definition, event, host, caller, sent);
      const report = this.#reportOf(definition, event, "args" in prepared ? prepared.args : undefined);
      const refused = (error: unknown): Outcome => ({ r: host.revision, error: refusalOf(error, report) });
      const outcome = await host.numbers.enter<Outcome>(client, n, seen, "error" in prepared, () => {
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
          answer: (value, store, r) => ({ r, v: store.encode(value), ...(y > 0 && { y }) }),
          refuse: refused,
          yielded: (value, store) => {
            y++;
            const encoded = store.encode(value);
            return () => this.#tabs.get(client)?.yielded(host, n, encoded);
          },
          effects: (effects) => this.#tabs.get(client)?.effects(effects),
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
      const h = this.#tabs.get(client)?.numberOf(host);
      if (h !== undefined || at === null) return { h: h ?? null, i: host.incarnation, ...answer };
      return { h: null, i: host.incarnation, ...answer, f: await this.#missed(definition, host, caller, client, at) };
    } finally {
      this.#leave(host);
    }
  }

  async #prepare(
    definition: Definition,
    event: EventSchema,
    host: Host,
    caller: Caller,
    sent: unknown,
  ): Promise<{ args: readonly unknown[] } | { error: unknown }> {
    try {
      await this.#permit(definition, host, caller);
      return { args: await checkGiven(definition, event, decodeArguments(sent, this.limits.maxValues), this.limits) };
    } catch (error) {
      return { error };
    }
  }

  /** What a client without a stream has missed of a host: the messages that a stream would have. */
  async #missed(called: Definition, host: Host, caller: Caller, client: string, at: number): Promise<Message[]> {
    if (at >= host.revision) return [];
    const names: string[] = [];
    for (const name of host.stores) {
      const definition = this.definitions.get(name);
      const permitted =
        definition &&
        (definition === called ||
          (await this.#permit(definition, host, caller).then(
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

  /**
   * Binds a client's id to the session that has used it first, and tells under which id hooks and events know the tab. A request without a cookie binds nothing: it may
   * be the delayed double of one that was answered by an earlier process, with a session that the client has by now.
   */
  #bind(client: string, { session, fresh }: TwinRequest): ConnectionInfo {
    const id = session?.id ?? "";
    let known = this.#clients.get(client);
    if (!known) {
      known = { session: id, info: { id: tagOf(id, SESSION_TAG) + tagOf(client, 22 - SESSION_TAG), since: new Date() }, seen: 0 };
      if (!fresh) this.#remember(client, known);
    }
    if (known.session !== id) throw foreignClient();
    known.seen = Date.now();
    return known.info;
  }

  #remember(client: string, known: Client): void {
    this.#clients.set(client, known);
    const gone = this.#visitors.know(known.session, client) ?? this.#surplus();
    if (gone !== undefined) this.#forget(gone);
  }

  /** The client that came first, of more than are remembered. One that has a stream is not. */
  #surplus(): string | undefined {
    if (this.#clients.size <= MOST_CLIENTS) return undefined;
    for (const id of this.#clients.keys()) if (!this.#tabs.has(id)) return id;
    return undefined;
  }

  #forget(client: string): void {
    const known = this.#clients.get(client);
    if (!known) return;
    this.#clients.delete(client);
    this.#visitors.forget(known.session, client);
  }

  /** Asks a running event to stop, and one that waits not to begin. */
  async cancel(request: TwinRequest, input: unknown): Promise<void> {
    this.#admit(request);
    const { store, key, client, n } = record(input, "`{ store, key?, client, n }`");
    const definition = this.#find(String(store));
    const caller = await this.#callerOf(request, this.#bind(clientId(client), request));
    this.#running.get(`${this.#locate(definition, caller, key)} ${client} ${n}`)?.abort(cancelled());
  }

  // --- streams ---

  /** The first step to a stream: a ticket, which stands for ids that no log should keep. */
  connect(request: TwinRequest, input: unknown): { ticket: string } {
    const { protocol, client, epoch, watch } = record(input, "`{ protocol, client, epoch, watch }`");
    if (protocol !== PROTOCOL) throw otherProtocol(protocol, PROTOCOL);
    this.#admit(request);
    const session = request.session?.id ?? "";
    const id = clientId(client);
    this.#bind(id, request);
    this.#visitors.mayOpen(session, id);
    const ticket = randomBytes(16).toString("base64url");
    const timer = setTimeout(() => this.#spend(ticket), TICKET_LIFE);
    timer.unref();
    this.#tickets.set(ticket, { session, client: id, epoch: whole(epoch, "epoch"), watch: watchesOf(watch), timer });
    const surplus = this.#visitors.give(session, ticket);
    if (surplus !== undefined) this.#spend(surplus);
    return { ticket };
  }

  #spend(id: string): Ticket | undefined {
    const ticket = this.#tickets.get(id);
    if (!ticket) return undefined;
    clearTimeout(ticket.timer);
    this.#tickets.delete(id);
    this.#visitors.take(ticket.session, id);
    return ticket;
  }

  /** The stream itself, from a ticket or, for simple clients, from what it shall watch. */
  async live(request: TwinRequest, input: unknown): Promise<Connection> {
    const { ticket, watch } = record(input, "`{ ticket }` or `{ watch }`");
    this.#admit(request);
    if (ticket === undefined) return this.#begin(request, undefined, 0, watchesOf(watch));
    const found = typeof ticket === "string" ? this.#tickets.get(ticket) : undefined;
    if (!found || found.session !== (request.session?.id ?? "")) throw oldTicket();
    this.#spend(ticket as string);
    return this.#begin(request, found.client, found.epoch, found.watch);
  }

  async #begin(request: TwinRequest, client: string | undefined, epoch: number, watch: readonly WatchInput[]): Promise<Connection> {
    const info = client === undefined ? { id: randomBytes(16).toString("base64url"), since: new Date() } : this.#bind(client, request);
    // A simple client has no id of its own, so no stores of its tab either.
    const caller = await this.#callerOf(request, client === undefined ? undefined : info);
    if (!this.#telemetry) await this.#observe();
    const before = client === undefined ? undefined : this.#tabs.get(client);
    if (before && before.epoch >= epoch) throw newerConnection();
    const session = request.session?.id ?? "";
    this.#visitors.mayOpen(session, client);
    const connection = new Connection({ info, caller, client, epoch, limit: this.limits.streamBytes, report: this.report, slow: this.#slow });
    this.#connections.add(connection);
    this.#visitors.open(session, connection);
    before?.close();
    if (client !== undefined) this.#tabs.set(client, connection);
    connection.hello(this.#greeting(request.session?.id));
    void this.#watch(connection, watch);
    return connection;
  }

  #greeting(session: string | undefined): object {
    return { protocol: PROTOCOL, build: this.#options.build ?? null, schema: this.#schema, heartbeat: HEARTBEAT, session: tagOf(session ?? "") };
  }

  /** A reader was so slow that a snapshot takes the place of what waited for it. */
  readonly #slow = () => this.#telemetry?.dropped();

  /** A stream has ended. The end of an old one never touches the one that took its place. */
  leave(connection: Connection): void {
    connection.close();
    this.#connections.delete(connection);
    this.#visitors.close(connection.caller.session?.id ?? "", connection);
    if (connection.client !== undefined && this.#tabs.get(connection.client) === connection) this.#tabs.delete(connection.client);
  }

  async watch(request: TwinRequest, input: unknown): Promise<void> {
    const { connection, watch } = this.#tabOf(request, input);
    // A stream that was begun as somebody else ends here, and comes back with all that it watches.
    await this.#callerOf(request);
    if (connection) void this.#watch(connection, watch);
  }

  unwatch(request: TwinRequest, input: unknown): void {
    const { connection, watch } = this.#tabOf(request, input);
    if (!connection) return;
    void connection.tasks.run(() => {
      for (const { store, key } of watch) connection.leave(store, key ?? null);
    });
  }

  #tabOf(request: TwinRequest, input: unknown): { connection: Connection | undefined; watch: WatchInput[] } {
    this.#admit(request);
    const { client, epoch, watch } = record(input, "`{ client, epoch, watch }`");
    const id = clientId(client);
    this.#bind(id, request);
    const connection = this.#tabs.get(id);
    return { connection: connection?.epoch === epoch ? connection : undefined, watch: watchesOf(watch) };
  }

  /** Watches stores for a connection: those of one host together. */
  #watch(connection: Connection, inputs: readonly WatchInput[]): Promise<unknown> {
    return connection.tasks.run(async () => {
      const groups = new Map<string, WatchInput[]>();
      let room = this.limits.maxWatches - connection.watching;
      for (const input of inputs) {
        try {
          if (!connection.watches(input.store, input.key ?? null) && room-- <= 0) throw tooManyWatches(input.store);
          const id = this.#locate(this.#find(input.store), connection.caller, input.key);
          groups.set(id, [...(groups.get(id) ?? []), input]);
        } catch (error) {
          connection.refuse(input.store, input.key ?? null, error);
        }
      }
      const watching = [...groups].map(([id, wants]) => this.#watchHost(connection, id, wants).catch((error: unknown) => this.report("error", error)));
      await Promise.all(watching);
    });
  }

  async #watchHost(connection: Connection, id: string, inputs: readonly WatchInput[]): Promise<void> {
    const refuse = (input: WatchInput, error: unknown) => connection.refuse(input.store, input.key ?? null, error);
    let host: Host;
    try {
      host = await this.hosts.use(id);
    } catch (error) {
      for (const input of inputs) refuse(input, error);
      return;
    }
    connection.attach(host, () => this.hosts.release(host));
    const permitted: WatchInput[] = [];
    for (const input of inputs) {
      try {
        await this.#permit(this.#find(input.store), host, connection.caller);
        permitted.push(input);
      } catch (error) {
        refuse(input, error);
      }
    }
    await host.watch(connection, permitted);
    connection.settle(host);
  }

  // --- server code ---

  /** Calls an event from server code, which is trusted: neither `allow` nor guards are asked. */
  async call({ store, key, event, args, context, session, turn, control, yielded }: ServerCall): Promise<unknown> {
    const definition = this.#find(store);
    const schema = this.#event(definition, event);
    const caller: Caller = { context, session: sessionOf(session, turn), connection: turn?.caller.connection, turn, trusted: true };
    // A message: what the caller does to its arguments later is not part of it.
    const checked = await checkArguments(definition, schema, decodeValue(encodeValue(plainOf(args))), UNBOUNDED);
    const host = await this.hosts.use(hostId(definition.kind, key));
    try {
      return await host.run({
        definition,
        event: schema,
        args: checked,
        caller,
        eventId: randomBytes(16).toString("base64url"),
        control,
        answer: (value) => plainOf(value),
        ...(turn?.deliver && { effects: turn.deliver }),
        ...(yielded && {
          yielded(value: unknown, _: Store) {
            const plain = plainOf(value);
            return () => yielded(plain);
          },
        }),
      });
    } finally {
      this.hosts.release(host);
    }
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
    for (const next of this.hosts.find(from)?.turn?.waitsFor ?? []) if (next === goal || (!seen.has(next) && this.#reaches(next, goal, seen))) return true;
    return false;
  }

  /** The committed state of a store, as a plain view. */
  async snapshot(store: string, key: string): Promise<object> {
    const definition = this.#find(store);
    const host = await this.hosts.use(hostId(definition.kind, key));
    try {
      return await host.plain(store);
    } finally {
      this.hosts.release(host);
    }
  }

  /** The keys of the rooms in which a store has been. */
  async *keys(store: string): AsyncIterable<string> {
    const told = new Set<string>();
    for (const host of this.hosts.live) {
      if (host.kind !== "room" || !host.touched || ![...host.stores].includes(store)) continue;
      told.add(host.id);
      yield host.key;
    }
    for await (const { id, stores } of this.storage.list(hostId("room", ""))) if (!told.has(id) && stores.includes(store)) yield keyOf(id);
  }

  /** All that is kept of a user or a session, tabs included: private fields too. */
  async export(whose: Whose): Promise<ExportedStore[]> {
    const exported: ExportedStore[] = [];
    for (const id of await this.#idsOf(whose)) {
      const host = await this.hosts.use(id);
      try {
        if (host.touched) for (const [store, state] of await host.export()) exported.push({ store, key: host.key, state });
      } finally {
        this.hosts.release(host);
      }
    }
    return exported;
  }

  /** Forgets all of a user or a session. Who watches it sees how it begins anew. */
  async erase(whose: Whose): Promise<void> {
    for (const id of await this.#idsOf(whose)) this.#lead(await this.hosts.delete(id));
  }

  async #idsOf(whose: Whose): Promise<string[]> {
    if ("user" in whose) return [hostId("user", String(whose.user))];
    const prefix = hostId("tab", tagOf(whose.session, SESSION_TAG));
    const tabs = new Set(this.hosts.live.map(({ id }) => id).filter((id) => id.startsWith(prefix)));
    for await (const { id } of this.storage.list(prefix)) tabs.add(id);
    return [hostId("session", whose.session), ...tabs];
  }

  /** Brings all that is kept to the versions of its classes, or only looks whether that can be done. */
  async migrate(dryRun: boolean): Promise<MigrationReport> {
    const report = { records: 0, migrated: 0, failed: [] as MigrationFailure[] };
    for await (const { id } of this.storage.list("")) {
      report.records++;
      try {
        const loaded = await this.storage.load(id);
        const changed =
          loaded &&
          (await rewritten(fold(loaded.record, loaded.tail), this.definitions, this.models, (store, error) => report.failed.push({ id, store, error })));
        if (!changed) continue;
        report.migrated++;
        if (!dryRun && !this.hosts.find(id)) await this.storage.save(id, changed);
      } catch (error) {
        report.failed.push({ id, store: undefined, error });
      }
    }
    return report;
  }

  /** Forgets a room with all its stores. */
  async delete(key: string): Promise<void> {
    await this.hosts.delete(hostId("room", key));
  }

  /** The committed state of stores for a page, with what it takes to go live from there. */
  async preload(what: Readonly<Record<string, unknown>>, headers: Headers): Promise<PreloadData> {
    const known = await this.recognise(headers.get("cookie"));
    const session = known && !known.replaced ? known.id : this.sessions.create();
    const caller: Caller = { context: await this.contextOf(headers), session: sessionOf(session, undefined), connection: undefined, trusted: false };
    const visitor = { caller, isNew: session !== known?.id, address: addressOf(headers, this.proxies) };
    const wanted: [Definition, string | null, Page | undefined][] = [];
    for (const [store, asked] of Object.entries(what)) {
      const definition = this.#find(store);
      if (asked === undefined || asked === null || asked === false) continue;
      const page = isPage(asked) ? asked : undefined;
      const keys = page ? page.key : asked;
      for (const key of definition.kind === "room" ? [keys].flat() : [null]) wanted.push([definition, key as string | null, page && (await pageOf(page))]);
    }
    const stores = await Promise.all(wanted.map(([definition, key, page]) => this.#preloaded(definition, key, page, visitor)));
    return { schema: this.#schema, session: tagOf(session), stores };
  }

  async #preloaded(definition: Definition, key: string | null, page: Page | undefined, visitor: PageVisitor): Promise<PreloadedStore> {
    const store = definition.name;
    const { caller, isNew } = visitor;
    try {
      const id = this.#locate(definition, caller, key);
      const host = await (page ? this.#enter(visitor, id) : this.hosts.use(id));
      try {
        await this.#permit(definition, host, caller);
        // Of a session that was made for this page alone nothing is kept: nobody will ever ask for it.
        if (page) await host.load(store, page, caller, !(isNew && definition.kind === "session"));
        return { store, key, incarnation: host.incarnation, ...(await host.read(store)) };
      } finally {
        this.#leave(host);
      }
    } catch (error) {
      const { code, message } = refusalOf(error, this.report);
      return { store, key, refused: [code, message] };
    }
  }

  // --- the end ---

  async #sweep(): Promise<void> {
    const now = Date.now();
    for (const [id, { seen }] of this.#clients) {
      if (seen < now - CLIENT_LIFE && !this.#tabs.has(id)) this.#forget(id);
    }
    try {
      await this.storage.touch(this.hosts.live.filter(({ touched }) => touched).map(({ id }) => id));
      for (const [kind, life] of Object.entries(this.#options.lives)) {
        for (const id of await this.storage.expire(hostId(kind as ScopeKind, ""), now - life)) this.hosts.endLife(id);
      }
      // Browsers have forgotten all cookies of such a session.
      await this.storage.expire(ROTATIONS, now - this.sessions.maxAge * 1000);
    } catch (error) {
      this.report("error", error);
    }
  }

  async #drain(): Promise<void> {
    await within(this.limits.closeGrace, this.#visitors.quiet());
    for (const control of this.#controls) control.abort(cutOff());
    await within(ABORT_WAIT, this.#visitors.quiet());
    for (const host of this.hosts.live) host.cutOff(cutOff());
  }

  /** Takes no more events, lets those that run end within the grace time, ends all streams, keeps what there is to keep, and lets go of the storage. */
  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#sweeper);
    await this.#drain();
    this.#telemetry?.stop();
    for (const timer of this.#asked.values()) clearTimeout(timer);
    for (const { timer } of this.#tickets.values()) clearTimeout(timer);
    this.#tickets.clear();
    for (const connection of this.#connections) connection.close("closed");
    for (const end of this.ends) end();
    await this.hosts.close();
    await this.storage.close?.();
  }
}

/** Resolves after so many ms, or when something has come to be. */
async function within(ms: number, what: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([what, late]).finally(() => clearTimeout(timer));
}

/** What a page's own props say of it, as `preload` takes it. */
export interface PageProps {
  readonly params?: PageParams | Promise<PageParams>;
  readonly search?: PageParams | Promise<PageParams>;
}

/** Whose page is rendered. */
interface PageVisitor {
  readonly caller: Caller;
  /** They came without a session. */
  readonly isNew: boolean;
  readonly address: string | undefined;
}

const isPage = (asked: unknown): asked is PageProps & { readonly key?: unknown } => typeof asked === "object" && asked !== null && !Array.isArray(asked);

async function pageOf({ params = {}, search = {} }: PageProps): Promise<Page> {
  return { params: { ...(await params) }, search: { ...(await search) } };
}

/** A name for an id that does not give it away. */
const tagOf = (id: string, length = 16) => createHash("sha256").update(`twinstate:${id}`).digest("base64url").slice(0, length);

/** The session of a call from server code: where it is the calling event's own, it has a response to rotate with. */
function sessionOf(id: string | undefined, turn: Turn | undefined): Caller["session"] {
  if (id === undefined) return undefined;
  const own = turn?.caller.session;
  return own?.id === id ? own : { id, rotate: () => Promise.reject(noRotation("it was called from server code")) };
}

function userOf(context: object): string | undefined {
  const id = (context as { user?: { id?: unknown } | null }).user?.id;
  return typeof id === "string" || typeof id === "number" || typeof id === "bigint" ? String(id) : undefined;
}

function fail(error: Error): never {
  throw error;
}
