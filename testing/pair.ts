import { loadForms, loadOnline, loadSockets } from "../client/chunks.js";
import { type Connected, type ConnectOptions, connect } from "../client/connect.js";
import { engine } from "../client/lazy-prediction.js";
import { netClosed, notOfPair, notQuiet, pairOpen } from "../lib/errors/errors.js";
import type { Models, Stores } from "../server/definition/scope.js";
import { memory } from "../server/storage/memory.js";
import type { Storage } from "../server/storage/storage.js";
import { telemetryApi } from "../server/telemetry.js";
import type { TwinApp } from "../server/twin.js";
import type { TwinOptions } from "../server/twin-options.js";
import { Clock } from "./clock.js";
import { type KillPoint, Life } from "./life.js";
import { type Browser, type Fault, Network, type Peer } from "./network.js";
import { Random } from "./random.js";
import { openSocket } from "./socket.js";

/** How long a dead server is away, in ms. */
const AWAY = 50;
/** How long a storage takes at most, in ms. */
const STORAGE = 3;
/** After how long, in ms of its time, a net that does not become quiet is given up. */
const PATIENCE = 15 * 60_000;

/** The options of `createTwin`, and those of the net. */
export interface PairOptions<S, M> extends TwinOptions<S, M> {
  /**
   * Where all chance comes from: the same seed gives the same run.
   * @default 1
   */
  seed?: number;
  /**
   * How long a packet is on its way, in ms: at least and at most.
   * @default [1, 10]
   */
  latency?: readonly [least: number, most: number];
  /**
   * How the streams of clients come.
   * @default "sse"
   */
  transport?: "sse" | "websocket";
  /**
   * Whether their sockets take events too, as those of a server with `attach(server, { events: true })`.
   * @default false
   */
  socketEvents?: boolean;
  /** Classes that clients know too, as a page gives them to `createHooks`: their optimistic events are shown at once. */
  browser?: Pick<ConnectOptions<S, M>, "stores" | "models">;
  /** Wraps the `fetch` of each client: to look at what passes, or to break it in ways of your own. */
  wrapFetch?: (fetch: typeof globalThis.fetch) => typeof globalThis.fetch;
}

/** A server and its clients, joined in memory by a network that one can pull. */
export interface Net<S, M = {}> extends AsyncDisposable {
  /** A browser of its own, with one tab: what `connect` gives. */
  client(): Connected<S>;
  /** Another tab in the browser of a client: it has the same session. */
  tab(client: Connected<S>): Connected<S>;
  /** The server, for calls from server code. After a kill it is another one. */
  readonly server: TwinApp<S, M>;
  /** The id of a client's session: `net.server.todo(net.session(a))`. */
  session(client: Connected<S>): string;

  /** Takes a client off the net, until `heal` or `quiet`. The server notices a while later. */
  cut(client: Connected<S>): void;
  /** Breaks the lines of a client that are open. It may come back at once. */
  break(client: Connected<S>): void;
  /** From now on what a client sends arrives and what it is sent does not, and nobody is told: until `heal` or `quiet`, and then on new lines only. */
  mute(client: Connected<S>): void;
  /** The streams of a client stand still, until `heal` or `quiet`. */
  stall(client: Connected<S>): void;
  /** What befalls the next request of a client, after what was said before. */
  next(client: Connected<S>, ...faults: Fault[]): void;
  /** What befalls requests of all clients by chance, each a share of them, until `heal` or `quiet`: `{ lose: 0.1, twice: 0.05 }`. */
  storm(faults: Readonly<Partial<Record<Fault, number>>>): void;
  /** Ends all faults of a client, or of all. */
  heal(client?: Connected<S>): void;
  /**
   * Kills the server, at once or where it comes to a point next. What its storage has survives; with `memory()` nothing does. The next server starts a moment
   * later.
   */
  kill(at?: KillPoint): void;

  /** Lets time pass, in ms. */
  wait(ms: number): Promise<void>;
  /**
   * Ends all faults, and lets time pass until nothing is under way: all events are answered, and all twins are up to date.
   * @throws StateError `NOT_QUIET`, which tells what is not.
   */
  quiet(): Promise<void>;
  /** Ms that have passed. */
  readonly now: number;
  /** How many bytes a client has received. */
  received(client: Connected<S>): number;
  /** What has happened on the network, for those who look why a test fails. */
  readonly trace: readonly string[];
}

/** The pair that is open: there is one, as it has the process's timers. */
let open: Pair | undefined;

/**
 * Joins a server and any number of clients in memory, over a network that loses, doubles, delays and cuts what a test says, and a clock that
 * passes in no time: for tests of your own stores. The server is the real one, and so are the clients.
 *
 * While it is open, `setTimeout`, `setInterval`, `Date`, `performance.now` and `Math.random` of the process are its own. Time passes while something is under way
 * that can arrive, and by `wait` and `quiet`.
 * There is one at a time: opening another ends the one that was left open, with a warning.
 * @example
 * await using net = pair({ stores: { todo: Todo }, storage: lasting() });
 * const a = net.client();
 * const todo = await a.todo();
 * net.cut(a);
 * const call = todo.add("milk");   // waits in the outbox
 * net.kill("appended");
 * await net.quiet();
 * expect(await call).toBe(1);
 * expect(todo.$snapshot()).toEqual(await net.server.todo(net.session(a)).$snapshot());
 */
export function pair<S extends Stores, M extends Models = {}>(options: PairOptions<S, M>): Net<S, M> {
  open?.abandon();
  open = new Pair(options as unknown as PairOptions<Stores, Models>);
  return open as unknown as Net<S, M>;
}

type Tab = Connected<Stores>;

interface Member {
  readonly peer: Peer;
  readonly twins: Tab;
}

class Pair implements Net<Stores, Models> {
  readonly trace: string[] = [];
  readonly #options: TwinOptions<Stores, Models>;
  readonly #storage: Storage;
  readonly #random: Random;
  readonly #transport: "sse" | "websocket";
  readonly #socketEvents: boolean;
  readonly #browser: PairOptions<Stores, Models>["browser"];
  readonly #wrap: (fetch: typeof globalThis.fetch) => typeof globalThis.fetch;
  readonly #clock: Clock;
  readonly #network: Network;
  readonly #members = new Map<object, Member>();
  /** Where the server shall die. */
  readonly #doomed = new Set<KillPoint>();
  #names = 0;
  #life: Life | undefined;
  #last: Life;
  #running = false;
  #closing = false;

  constructor({
    seed = 1,
    latency = [1, 10],
    transport = "sse",
    socketEvents = false,
    browser,
    wrapFetch = (fetch) => fetch,
    ...options
  }: PairOptions<Stores, Models>) {
    this.#random = new Random(seed);
    this.#transport = transport;
    this.#socketEvents = socketEvents;
    this.#browser = browser;
    this.#wrap = wrapFetch;
    this.#clock = new Clock(this.#random, () => this.#run());
    this.#clock.install();
    this.#options = { session: { secret: "the secret of a pair, for tests alone" }, ...options };
    this.#storage = options.storage ?? memory();
    this.#network = new Network({
      clock: this.#clock,
      random: this.#random,
      latency,
      server: () => this.#life,
      trace: (what) => this.#note(what),
    });
    this.#last = this.#begin(this.#storage);
    // The server looks for it when it is first asked, and clients load this, which takes real time.
    void this.#clock.hold(telemetryApi);
    void this.#clock.hold(loadOnline);
    void this.#clock.hold(loadForms);
    if (browser) void this.#clock.hold(engine.load);
    if (transport === "websocket") void this.#clock.hold(loadSockets);
  }

  // --- who is there ---

  #begin(storage: Storage): Life {
    const life = new Life(this.#options, storage, {
      clock: this.#clock,
      delay: () => this.#random.int(STORAGE + 1),
      socketEvents: this.#socketEvents,
      reached: (point) => {
        if (this.#doomed.delete(point)) this.kill();
      },
    });
    this.#life = life;
    return life;
  }

  get server(): TwinApp<Stores, Models> {
    return this.#last.server;
  }

  client(): Tab {
    return this.#join({ cookie: undefined });
  }

  tab(client: Tab): Tab {
    return this.#join(this.#of(client).peer.browser);
  }

  #join(browser: Browser): Tab {
    const peer = this.#network.peer(nameOf(this.#names++), browser);
    const fetch = this.#wrap(this.#network.fetchOf(peer));
    const twins = connect<{ "~stores": Stores }>({
      ...(this.#browser as object),
      url: "http://twin.test/api/twin",
      transport: this.#transport,
      fetch,
      openSocket: (url) => openSocket(fetch, url),
    });
    const close = () => {
      this.#members.delete(tab);
      twins.$close();
    };
    const tab: Tab = new Proxy(twins, { get: (target, name) => (name === "$close" ? close : Reflect.get(target, name)) });
    this.#members.set(tab, { peer, twins });
    return tab;
  }

  #of(client: Tab): Member {
    const member = this.#members.get(client);
    if (!member) throw notOfPair();
    return member;
  }

  session(client: Tab): string {
    return /=([\w-]+)\./.exec(this.#of(client).peer.browser.cookie ?? "")?.[1] ?? "";
  }

  received(client: Tab): number {
    return this.#of(client).peer.received;
  }

  // --- faults ---

  #note(what: string): void {
    this.trace.push(`${Math.round(this.now)} ${what}`);
  }

  cut(client: Tab): void {
    const { peer } = this.#of(client);
    this.#note(`${peer.name} is cut off`);
    peer.down = true;
    this.#network.break(peer, false);
  }

  break(client: Tab): void {
    const { peer } = this.#of(client);
    this.#note(`the lines of ${peer.name} break`);
    this.#network.break(peer, true);
  }

  mute(client: Tab): void {
    const { peer } = this.#of(client);
    this.#note(`${peer.name} hears nothing`);
    this.#network.mute(peer);
  }

  stall(client: Tab): void {
    const { peer } = this.#of(client);
    this.#note(`the streams of ${peer.name} stand still`);
    this.#network.stall(peer);
  }

  next(client: Tab, ...faults: Fault[]): void {
    this.#of(client).peer.faults.push(...faults);
  }

  storm(faults: Readonly<Partial<Record<Fault, number>>>): void {
    this.#network.storm = faults;
  }

  heal(client?: Tab): void {
    if (!client) this.#network.storm = {};
    this.#note(client ? `${this.#of(client).peer.name} is well` : "all is well");
    for (const { peer } of client ? [this.#of(client)] : this.#members.values()) this.#network.heal(peer);
    this.#run();
  }

  kill(at?: KillPoint): void {
    if (at) return void this.#doomed.add(at);
    const life = this.#life;
    if (!life) return;
    this.#note("the server is killed");
    this.#life = undefined;
    life.kill();
    this.#network.died(life);
    this.#clock.after(
      AWAY,
      () => {
        this.#note("the server starts");
        this.#last = this.#begin(this.#storage.durable ? this.#storage : memory());
      },
      "packet",
    );
  }

  // --- time ---

  get now(): number {
    return this.#clock.now;
  }

  /** Something is under way that can arrive. */
  get #busy(): boolean {
    if (this.#closing || this.#clock.packets > 0 || this.#clock.soon || (this.#life?.calls ?? 0) > 0) return true;
    const waits = ({ peer, twins }: Member) => !isServed(twins) || [...peer.lines].some((line) => line.waiting);
    return [...this.#members.values()].some((member) => !isHindered(member.peer) && waits(member));
  }

  get #quiet(): boolean {
    return this.#life !== undefined && !this.#clock.soon && this.#network.still && [...this.#members.values()].every(({ twins }) => isServed(twins));
  }

  #run(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#pass();
  }

  async #pass(): Promise<void> {
    for (;;) {
      await this.#clock.settle();
      if (open !== this) break;
      const waiting = [...this.#waiting];
      for (const look of waiting) look();
      // Whoever has waited goes on at this time, not at the next step's.
      if (this.#waiting.size < waiting.length) continue;
      if (this.#waiting.size === 0 && !this.#busy) break;
      this.#clock.step();
    }
    this.#running = false;
  }

  /** Asked before each step: those who wait for something. */
  readonly #waiting = new Set<() => void>();

  /** Lets time pass until something is so. */
  #when(fits: () => boolean, late?: () => Error): Promise<void> {
    if (open !== this) return Promise.reject(netClosed());
    const since = this.now;
    return new Promise((resolve, reject) => {
      const look = () => {
        const over = fits();
        if (!over && (!late || this.now - since < PATIENCE)) return;
        this.#waiting.delete(look);
        if (over) resolve();
        else reject(late?.());
      };
      this.#waiting.add(look);
      this.#run();
    });
  }

  async wait(ms: number): Promise<void> {
    const until = this.now + Math.ceil(ms);
    this.#clock.after(until - this.now, () => {}, "packet");
    await this.#when(() => this.now >= until);
  }

  async quiet(): Promise<void> {
    this.heal();
    await this.#when(
      () => this.#quiet,
      () => notQuiet(PATIENCE, this.#restless()),
    );
  }

  /** Who is not quiet, and why. */
  #restless(): string[] {
    const told: string[] = [];
    for (const { peer, twins } of this.#members.values()) {
      const { pending, status } = twins.$status.current;
      if (pending > 0) told.push(`${peer.name} has ${pending} event${pending > 1 ? "s" : ""} without an answer`);
      if (status === "reconnecting" || status === "offline") told.push(`${peer.name} is ${status}`);
      for (const line of peer.lines) if (!line.streaming) told.push(`${peer.name} waits for ${line.path}`);
      if (peer.lines.size > 1) told.push(`${peer.name} has ${peer.lines.size} lines`);
    }
    return told;
  }

  /** Ends it as it is, for another one to begin. */
  abandon(): void {
    console.warn(`twinstate: ${pairOpen().message}`);
    this.#clock.uninstall();
    open = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (open !== this) return;
    this.#closing = true;
    for (const { twins } of [...this.#members.values()]) twins.$close();
    this.#members.clear();
    this.#doomed.clear();
    try {
      let closed = this.#life === undefined;
      const closing = this.#life?.twin.close().finally(() => {
        closed = true;
      });
      await this.#when(
        () => closed,
        () => notQuiet(PATIENCE, ["the server does not close"]),
      );
      await closing;
      await this.#clock.hold(() => this.#storage.close?.());
    } finally {
      open = undefined;
      this.#clock.uninstall();
    }
  }
}

const nameOf = (n: number) => (n < 26 ? String.fromCharCode(97 + n) : `client ${n + 1}`);
const isHindered = ({ down, mute, stalled }: Peer) => down || mute || stalled;

/** It has all answers, and a stream where it wants one. */
function isServed(twins: Tab): boolean {
  const { pending, status } = twins.$status.current;
  return pending === 0 && status !== "reconnecting" && status !== "offline";
}
