import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ContextRequest } from "../lib/class/register.js";
import { describeClass, type WireSchema } from "../lib/class/schema.js";
import { alreadyAnswered, cutOff, droppedField } from "../lib/errors/errors.js";
import { isFenced, lostWrites } from "../lib/errors/node-errors.js";
import { revalidateFailed, revalidateLate } from "../lib/errors/server-code-errors.js";
import { lostStorage } from "../lib/errors/storage-errors.js";
import type { Effect } from "../lib/wire/protocol.js";
import { definitionOf } from "./access/access.js";
import { Admission } from "./access/admission.js";
import { Callers, RETRY } from "./access/callers.js";
import { Clients } from "./access/clients.js";
import { permit, type TakeEffects } from "./access/permission.js";
import { Recheck } from "./access/recheck.js";
import { createSessions, type SessionOptions, type Sessions } from "./access/session.js";
import { type Bounds, SessionLimits } from "./access/session-limits.js";
import { Data } from "./call/data.js";
import { Dispatcher } from "./call/dispatcher.js";
import type { Outcome } from "./call/outcome.js";
import { type PreloadData, preload } from "./call/preload.js";
import { ServerCalls } from "./call/server-calls.js";
import { StateReader } from "./call/state-reader.js";
import type { Definition, Models, ScopeKind } from "./definition/scope.js";
import { undeclaredIn } from "./definition/undeclared.js";
import { Beginnings } from "./host/beginnings.js";
import type { EventCall } from "./host/event-runner.js";
import type { Host } from "./host/host.js";
import { Hosts } from "./host/hosts.js";
import type { Membership } from "./host/membership.js";
import { SentMessages } from "./host/sent-messages.js";
import type { Tab } from "./host/tab-hooks.js";
import type { World } from "./host/world.js";
import { beginStream, type Handler, handle } from "./http/fetch-handler.js";
import { answerLive } from "./http/node-response.js";
import { Outflow } from "./http/outflow.js";
import { buildRouter } from "./http/router.js";
import type { OpenedStream } from "./http/socket-calls.js";
import { Nodes } from "./nodes/nodes.js";
import type { Revalidate } from "./revalidate.js";
import { Scheduler } from "./schedule/scheduler.js";
import { closeOnSignal } from "./signals.js";
import type { Storage } from "./storage/storage.js";
import type { Feeds } from "./stream/feed.js";
import { Streams } from "./stream/streams.js";
import { type Lives, Sweeper } from "./sweeper.js";
import { within } from "./task/within.js";
import { openTelemetry, type Resume, type Telemetry } from "./telemetry.js";
import { errorShapeOf, type Report } from "./wire/error-shape.js";
import type { WatchInput } from "./wire/request-input.js";

/** How long a storage may take to answer and count as ready, in ms. */
const READY_WAIT = 2000;
/** How long an answer waits until pages are revalidated, in ms. */
const REVALIDATE_WAIT = 5000;
/** How long events that were asked to stop may take to do so, when the server closes, in ms. */
const ABORT_WAIT = 500;

/** How long streams may take to send their last messages, when the server closes, in ms; after that, how many turns of the event loop responses may take. */
const SEND_WAIT = 1000;
const SEND_TURNS = 10;

/** The options of a twin: checked, with defaults. */
export interface RuntimeOptions {
  /** Tells twins of one process apart. */
  readonly name: string;
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly models: Models;
  readonly context: (request: ContextRequest) => unknown;
  readonly storage: Storage;
  readonly session: SessionOptions;
  readonly lives: Lives;
  readonly limits: Bounds;
  readonly origins: readonly string[];
  readonly proxies: number;
  readonly build: string | undefined;
  /** Whether a signal that ends the process closes the twin. */
  readonly signals: boolean;
  readonly report: Report;
  readonly revalidate: Revalidate | undefined;
  /** Gives an event's arguments as logs may show them. */
  readonly logged: (event: string, args: readonly unknown[]) => readonly unknown[] | undefined;
}

/** The one runtime of the process: where hosts, sessions and streams meet. It speaks with the facades, of which there may be several, in plain data. */
export class Runtime implements World {
  #options: RuntimeOptions;
  #schema: WireSchema;
  #router: ReturnType<typeof buildRouter>;
  /** Answers requests: by the copy of tRPC that the router is of, as it knows by a symbol of its own what is tracked. */
  readonly serve: Handler = (request) => {
    this.#options.revalidate?.request?.();
    return handle(this, request);
  };
  /** Opens a stream that no request is kept open for, or gives the text of a refusal. */
  readonly open = (headers: Headers, input: string, events: boolean): Promise<OpenedStream | string> => beginStream(this, headers, input, events);
  /** Answers a request for a stream on Node's own response. */
  readonly live = (request: IncomingMessage, response: ServerResponse): Promise<void> => answerLive(this, request, response);
  readonly sessions: Sessions;
  readonly hosts: Hosts;
  /** Missing, where this process is alone. */
  readonly membership: Membership | undefined;
  /** The other nodes, where there may be some. */
  readonly nodes: Nodes | undefined;
  /** What streams watch: the hosts of this process, and followers of those of other nodes. */
  readonly feeds: Feeds;
  readonly scheduler = new Scheduler(this);
  readonly beginnings = new Beginnings();
  readonly sessionLimits: SessionLimits;
  readonly clients: Clients;
  readonly outflow = new Outflow(() => this.limits.maxAnswers);
  readonly callers = new Callers(this);
  readonly admission = new Admission(this);
  readonly streams = new Streams(this);
  readonly dispatcher = new Dispatcher(this);
  readonly serverCalls = new ServerCalls(this);
  readonly stateReader = new StateReader(this);
  readonly data = new Data(this);
  readonly #names = new WeakMap<object, Map<ScopeKind, string>>();
  readonly #recheck = new Recheck(
    () => this.definitions,
    (connection, effect) => this.post(connection, effect),
  );
  #closing = false;
  /** The functions to call when the runtime ends. */
  readonly ends = new Set<() => void>();
  /** Opened with the first request: to make a twin does no I/O. */
  #opening: Promise<Telemetry> | undefined;
  #telemetry: Telemetry | undefined;
  /** The fields of which it was told that records have them and classes do not. */
  readonly #dropped = new Set<string>();
  /** The storage is lost, and that was reported. */
  #lost = false;
  readonly #sweeper: Sweeper;
  #closed: Promise<void> | undefined;

  constructor(options: RuntimeOptions) {
    this.#options = options;
    this.sessions = createSessions(options.session);
    this.hosts = new Hosts(this);
    this.nodes = Nodes.of(this);
    this.membership = this.nodes?.membership;
    this.feeds = this.nodes?.feeds ?? (this.hosts as Feeds);
    this.sessionLimits = new SessionLimits(() => this.limits);
    this.clients = new Clients(this.sessionLimits);
    this.#schema = this.#describe();
    this.#router = buildRouter(this);
    this.#sweeper = new Sweeper(this, options.lives);
  }

  // --- what it was made with ---

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

  /** Reports errors and warnings: a lost storage only once, though every later request fails by it. */
  readonly report: Report = (level, error, id, event) => {
    const lost = lostStorage(error);
    if (lost && this.#lost) return;
    this.#lost ||= lost !== undefined;
    this.#options.report(level, lost ?? error, id, event);
  };

  get logged(): RuntimeOptions["logged"] {
    return this.#options.logged;
  }

  get origins(): readonly string[] {
    return this.#options.origins;
  }

  get proxies(): number {
    return this.#options.proxies;
  }

  get build(): string | undefined {
    return this.#options.build;
  }

  /** The app's context of a request. */
  async contextOf(headers: Headers, session: string | undefined): Promise<object> {
    return ((await this.#options.context({ headers, session })) ?? {}) as object;
  }

  // --- what its parts ask ---

  get router() {
    return this.#router;
  }

  get schema(): WireSchema {
    return this.#schema;
  }

  get closing(): boolean {
    return this.#closing;
  }

  get telemetry(): Telemetry | undefined {
    return this.#telemetry;
  }

  async observe(): Promise<Telemetry> {
    this.#opening ??= this.#open();
    this.#telemetry = await this.#opening;
    return this.#telemetry;
  }

  #open(): Promise<Telemetry> {
    if (this.#options.signals && !this.#closing) this.ends.add(closeOnSignal(() => this.close().catch((error: unknown) => this.report("error", error))));
    return openTelemetry(this.#options.name, { streams: () => this.streams.size, hosts: () => this.hosts.size });
  }

  preload(what: Readonly<Record<string, unknown>>, headers: Headers): Promise<PreloadData> {
    return preload(this, what, headers);
  }

  // --- what hosts ask ---

  async observed<R>(event: string, run: (began: () => void) => Promise<R>): Promise<R> {
    return (this.#telemetry ?? (await this.observe())).event(event, run);
  }

  repeatable(eventId: string): Pick<EventCall<unknown>, "eventId" | "newId" | "messages"> {
    return this.storage.durable ? { eventId, newId: this.sessions.ids(eventId), messages: new SentMessages(eventId) } : { eventId };
  }

  async revalidate(event: string, tags: readonly string[]): Promise<void> {
    const { revalidate } = this.#options;
    if (!revalidate) return;
    let done = false;
    const revalidated = (async () => {
      await revalidate(tags);
    })()
      .catch((error: unknown) => this.report("error", revalidateFailed(event, tags, error)))
      .finally(() => {
        done = true;
      });
    await within(REVALIDATE_WAIT, revalidated);
    if (!done) this.report("warn", revalidateLate(event, REVALIDATE_WAIT));
  }

  ids(seed: string): () => string {
    return this.sessions.ids(seed);
  }

  nameOf(Class: unknown, kind: ScopeKind): string | undefined {
    const names = typeof Class === "function" ? this.#names.get(Class) : undefined;
    return names?.get(kind) ?? names?.values().next().value;
  }

  async admit(host: Host, page: Tab, want: WatchInput, take: TakeEffects, address?: string): Promise<void> {
    await permit(definitionOf(this.definitions, want.store), host, page.caller, take);
    await this.admission.bring(host, page, want, address);
  }

  pin(host: Host): () => void {
    return this.hosts.pin(host);
  }

  interrupted(r: number): Outcome {
    return { r, error: errorShapeOf(cutOff(), this.report) };
  }

  lost(r: number, n: number): Outcome {
    return { r, error: errorShapeOf(alreadyAnswered(n), this.report) };
  }

  readonly post = (connection: string, effect: Effect) => this.streams.post(connection, effect);

  dropped(store: string, className: string, field: string): void {
    const path = `${className || store}.${field}`;
    if (this.#dropped.has(path)) return;
    this.#dropped.add(path);
    this.report("warn", droppedField(store, className, field));
  }

  committed(host: Host, bytes: number): void {
    this.#lost = false;
    if (bytes > 0) this.#telemetry?.committed(bytes);
    this.#recheck.committed(host);
  }

  watched(how: Resume, count: number): void {
    if (count > 0) this.#telemetry?.watched(how, count);
  }

  lostWrites(id: string, count: number): void {
    this.report("error", lostWrites(id, count));
    this.#telemetry?.lost(count);
  }

  discard(host: Host, error: unknown): void {
    // A lost lease is no fault of the storage's: the state is elsewhere now, or comes back from there.
    if (!isFenced(error)) this.report("error", error);
    this.hosts.discard(host);
    // The new life waits: a failing storage may go on failing, and each watcher that comes asks it again.
    setTimeout(() => this.#closing || host.watchers.lead(), RETRY).unref();
  }

  // --- hot reload ---

  #describe(): WireSchema {
    for (const { name, kind, Class } of this.definitions.values()) {
      const names = this.#names.get(Class) ?? new Map<ScopeKind, string>();
      if (!names.has(kind)) names.set(kind, name);
      this.#names.set(Class, names);
    }
    const stores = Object.fromEntries(
      [...this.definitions].map(([name, { kind, Class, kept }]) => [name, { scope: kind, ...describeClass(Class), ...undeclaredIn(Class), ...keptIn(kept) }]),
    );
    const models = Object.fromEntries(Object.entries(this.models).map(([name, Class]) => [name, { ...describeClass(Class), ...undeclaredIn(Class) }]));
    const hash = createHash("sha256").update(JSON.stringify({ stores, models })).digest("base64url").slice(0, 12);
    return { hash, stores, models };
  }

  /** Takes over the classes of a module that was evaluated again: live hosts move their state into them before their next event. */
  adopt(options: RuntimeOptions): void {
    this.#options = { ...options, storage: this.#options.storage, session: this.#options.session };
    this.#schema = this.#describe();
    this.#router = buildRouter(this);
    this.streams.greet();
    for (const host of this.hosts.live) void host.reload();
  }

  // --- as long as it lives ---

  /** Whether events are taken, and the storage answers. */
  async ready(): Promise<boolean> {
    if (this.#closing) return false;
    this.scheduler.start();
    let ready = false;
    const asked = Promise.resolve()
      .then(() => this.membership?.enter())
      .then(() => this.storage.touch([]))
      .then(
        () => {
          ready = true;
        },
        (error: unknown) => lostStorage(error) && this.report("error", error),
      );
    await within(READY_WAIT, asked);
    return ready;
  }

  async #drain(): Promise<void> {
    const quiet = () => Promise.all([this.sessionLimits.quiet(), this.scheduler.quiet()]);
    this.scheduler.stop();
    for (const host of this.hosts.live) host.tasks?.close();
    await within(this.limits.closeGrace, quiet());
    this.dispatcher.stop();
    this.scheduler.cutOff();
    await within(ABORT_WAIT, quiet());
    for (const host of this.hosts.live) host.turns.cutOff(cutOff());
  }

  /** Refuses new events, lets running ones end within the grace time, ends all streams, saves all state, and closes the storage. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing = true;
    this.#sweeper.stop();
    await this.#drain();
    this.#telemetry?.stop();
    this.#recheck.stop();
    const sent = this.streams.close();
    for (const end of this.ends) end();
    await this.hosts.close();
    await this.membership?.close();
    this.nodes?.close();
    await this.storage.close?.();
    await within(SEND_WAIT, sent);
    // What streams have said last is still on its way through the responses, and whoever waits for us may end the process at once.
    for (let turns = 0; turns < SEND_TURNS; turns++) await new Promise((resolve) => void setImmediate(resolve));
  }
}

/** The kept fields of a store as clients are told of them. */
const keptIn = (kept: Definition["kept"]) => kept && { kept: Object.fromEntries(kept.map(({ name, place, initial }) => [name, [place, initial] as const])) };
