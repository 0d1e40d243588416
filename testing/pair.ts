import { loadForms, loadKeeper, loadOnline, loadPresence, loadSockets, loadVault } from "../client/chunks.js";
import { connect } from "../client/connect.js";
import { engine } from "../client/lazy-prediction.js";
import { netClosed, notOfPair, notQuiet, pairOpen } from "../lib/errors/errors.js";
import type { Models, Stores } from "../server/definition/scope.js";
import { memory } from "../server/storage/memory.js";
import type { Storage } from "../server/storage/storage.js";
import { telemetryApi } from "../server/telemetry.js";
import type { TwinApp } from "../server/twin.js";
import type { TwinOptions } from "../server/twin-options.js";
import { Clock } from "./clock.js";
import { isKillPoint, type KillPoint, Life } from "./life.js";
import { isHindered, isServed, type Member, memberName, type PairTab, pairTab, restless } from "./member.js";
import type { Net, PairOptions, Storages } from "./net.js";
import { type Browser, type Fault, Network } from "./network.js";
import { Random } from "./random.js";
import { Servers } from "./servers.js";
import { SharedStorage } from "./shared-storage.js";
import { openSocket } from "./socket.js";

/** How long it takes until the next server starts, in ms. */
const AWAY = 50;
/** The longest time that a storage takes, in ms. */
const STORAGE = 3;
/** How long `quiet()` waits at most, in ms of the pair's time. */
const PATIENCE = 15 * 60_000;

/** How long nodes may take to find each other again, in ms of the pair's time. */
const NODES_PAUSE = 8000;

/** The open pair. There is one at a time, as it owns the process's timers. */
let open: Pair | undefined;

/**
 * Joins a server and any number of clients in memory, to test your own stores. The network loses, doubles, delays and cuts what the test says, and the clock
 * runs without real waiting. The server and the clients are the real ones.
 *
 * While the pair is open, it replaces `setTimeout`, `setInterval`, `Date`, `performance.now` and `Math.random` of the process. Time passes while something is
 * under way that can arrive, and during `wait` and `quiet`. Only one pair is open at a time: opening another ends the one that was left open, with a warning.
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

class Pair implements Net<Stores, Models> {
  readonly trace: string[] = [];
  readonly #options: TwinOptions<Stores, Models>;
  readonly #random: Random;
  readonly #transport: "sse" | "websocket";
  readonly #socketEvents: boolean;
  readonly #browser: PairOptions<Stores, Models>["browser"];
  readonly #wrap: (fetch: typeof globalThis.fetch) => typeof globalThis.fetch;
  readonly #clock: Clock;
  readonly #network: Network;
  readonly #members = new Map<object, Member>();
  /** The points where the server dies next. */
  readonly #doomed = new Set<KillPoint>();
  #names = 0;
  readonly #servers: Servers;
  #running = false;
  #closing = false;

  constructor({
    seed = 1,
    latency = [1, 10],
    transport = "sse",
    socketEvents = false,
    browser,
    wrapFetch = (fetch) => fetch,
    storage = memory(),
    nodes = storage instanceof SharedStorage ? 3 : 1,
    session = { secret: "the secret of a pair, for tests alone" },
    ...options
  }: PairOptions<Stores, Models>) {
    this.#random = new Random(seed);
    this.#transport = transport;
    this.#socketEvents = socketEvents;
    this.#browser = browser;
    this.#wrap = wrapFetch;
    this.#clock = new Clock(this.#random, () => this.#run());
    this.#clock.install();
    this.#options = { session, ...options };
    this.#network = new Network({
      clock: this.#clock,
      random: this.#random,
      latency,
      server: ({ node }) => this.#servers.next(node),
      trace: (what) => this.#note(what),
    });
    try {
      this.#servers = new Servers(storage, nodes, (of) => this.#begin(of));
    } catch (error) {
      // No server begins with these options, and there is no pair that could give the process its time back.
      this.#clock.uninstall();
      throw error;
    }
    // The server loads telemetry with its first request, and clients load chunks. Both take real time.
    void this.#clock.hold(telemetryApi);
    void this.#clock.hold(loadOnline);
    void this.#clock.hold(loadForms);
    void this.#clock.hold(loadKeeper);
    void this.#clock.hold(loadPresence);
    void this.#clock.hold(loadVault);
    if (browser) void this.#clock.hold(engine.load);
    if (transport === "websocket") void this.#clock.hold(loadSockets);
  }

  // --- who is there ---

  #begin(storage: Storage): Life {
    const life: Life = new Life(this.#options, storage, {
      clock: this.#clock,
      delay: () => this.#random.int(STORAGE + 1),
      socketEvents: this.#socketEvents,
      reached: (point) => {
        if (this.#doomed.delete(point)) this.#kill(life);
      },
    });
    return life;
  }

  get server(): TwinApp<Stores, Models> {
    return (this.#servers.lives[0] ?? this.#servers.last).server;
  }

  client(): PairTab {
    return this.#join({ cookie: undefined, keptIn: { cookie: {}, localStorage: {} } });
  }

  tab(client: PairTab): PairTab {
    return this.#join(this.#of(client).peer.browser);
  }

  reload(client: PairTab): PairTab {
    const { peer, tabStorage } = this.#of(client);
    this.#note(`${peer.name} is loaded again`);
    client.$close();
    return this.#join(peer.browser, tabStorage);
  }

  #join(browser: Browser, tabStorage: Member["tabStorage"] = {}): PairTab {
    const peer = this.#network.peer(memberName(this.#names++), browser);
    const fetch = this.#wrap(this.#network.fetchOf(peer));
    const twins = connect<{ "~stores": Stores }>({
      ...(this.#browser as object),
      url: "http://twin.test/api/twin",
      transport: this.#transport,
      tabStorage,
      keptIn: { ...browser.keptIn, sessionStorage: tabStorage },
      fetch,
      openSocket: (url) => openSocket(fetch, url),
    });
    const close = () => {
      this.#members.delete(tab);
      twins.$close();
    };
    const member: Member = { peer, twins, tabStorage, opening: 0 };
    const tab = pairTab(member, close);
    this.#members.set(tab, member);
    return tab;
  }

  #of(client: PairTab): Member {
    const member = this.#members.get(client);
    if (!member) throw notOfPair();
    return member;
  }

  node(name: string): TwinApp<Stores, Models> {
    return this.#servers.of(name).server;
  }

  stick(client: PairTab, node?: string): void {
    this.#of(client).peer.node = node;
  }

  session(client: PairTab): string {
    return /=([\w-]+)\./.exec(this.#of(client).peer.browser.cookie ?? "")?.[1] ?? "";
  }

  storages(client: PairTab): Storages {
    const { peer, tabStorage } = this.#of(client);
    return { ...peer.browser.keptIn, sessionStorage: tabStorage };
  }

  received(client: PairTab): number {
    return this.#of(client).peer.received;
  }

  // --- faults ---

  #note(what: string): void {
    this.trace.push(`${Math.round(this.now)} ${what}`);
  }

  cut(client: PairTab): void {
    const { peer } = this.#of(client);
    this.#note(`${peer.name} is cut off`);
    peer.down = true;
    this.#network.break(peer, false);
  }

  break(client: PairTab): void {
    const { peer } = this.#of(client);
    this.#note(`the lines of ${peer.name} break`);
    this.#network.break(peer, true);
  }

  mute(client: PairTab): void {
    const { peer } = this.#of(client);
    this.#note(`${peer.name} hears nothing`);
    this.#network.mute(peer);
  }

  stall(client: PairTab): void {
    const { peer } = this.#of(client);
    this.#note(`the streams of ${peer.name} stand still`);
    this.#network.stall(peer);
  }

  next(client: PairTab, ...faults: Fault[]): void {
    this.#of(client).peer.faults.push(...faults);
  }

  storm(faults: Readonly<Partial<Record<Fault, number>>>): void {
    this.#network.storm = faults;
  }

  heal(client?: PairTab): void {
    if (!client) {
      this.#network.storm = {};
      this.#servers.heal();
    }
    this.#note(client ? `${this.#of(client).peer.name} is well` : "all is well");
    for (const { peer } of client ? [this.#of(client)] : this.#members.values()) this.#network.heal(peer);
    this.#run();
  }

  kill(what?: KillPoint | (string & {})): void {
    if (isKillPoint(what)) this.#doomed.add(what);
    else this.#kill(what);
  }

  #kill(which: string | Life | undefined): void {
    const killed = this.#servers.kill(which);
    if (!killed) return;
    this.#note(typeof which === "string" ? `node ${which} is killed` : "the server is killed");
    this.#network.died(killed.life);
    this.#clock.after(
      AWAY,
      () => {
        this.#note("the server starts");
        killed.start();
      },
      "packet",
    );
  }

  cutNode(node: string): void {
    this.#note(`node ${node} is cut off`);
    this.#servers.hinder(node, "cut");
  }

  freeze(node: string): void {
    this.#note(`node ${node} is frozen`);
    this.#servers.hinder(node, "freeze");
  }

  repeat(node: string): void {
    this.#note(`the next append of node ${node} comes twice`);
    this.#servers.hinder(node, "repeat");
  }

  drain(node: string): void {
    this.#note(`node ${node} closes, and starts anew`);
    void this.#servers.drain(node);
  }

  // --- time ---

  get now(): number {
    return this.#clock.now;
  }

  /** Something is under way that can arrive. */
  get #busy(): boolean {
    if (this.#closing || this.#clock.packets > 0 || this.#clock.soon || this.#servers.lives.some(({ calls }) => calls > 0)) return true;
    const waits = ({ opening, peer, twins }: Member) => opening > 0 || !isServed(twins) || [...peer.lines].some((line) => line.waiting);
    return [...this.#members.values()].some((member) => !isHindered(member.peer) && waits(member));
  }

  get #quiet(): boolean {
    if (!this.#servers.complete || this.#servers.lives.some(({ ticking }) => ticking)) return false;
    return !this.#clock.soon && this.#network.still && [...this.#members.values()].every(({ twins }) => isServed(twins));
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
      // A test that has waited continues at this time, not at the next step's.
      if (this.#waiting.size < waiting.length) continue;
      if (this.#waiting.size === 0 && !this.#busy) break;
      this.#clock.step();
    }
    this.#running = false;
  }

  /** The conditions that tests wait for, checked before each step. */
  readonly #waiting = new Set<() => void>();

  /** Lets time pass until a condition is met. */
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
    const late = () => notQuiet(PATIENCE, [...this.#members.values()].flatMap(restless));
    await this.#when(() => this.#quiet, late);
    if (!this.#servers.several) return;
    // Lines between nodes that were lost are made again after a pause.
    await this.wait(NODES_PAUSE);
    await this.#when(() => this.#quiet, late);
  }

  /** Ends the pair without closing anything, so that another one can begin. */
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
      let closed = false;
      const closing = this.#servers.close().finally(() => {
        closed = true;
      });
      // The end is awaited below, after the clock's next step: Node would report a failure until then as one that nobody handles.
      closing.catch(() => {});
      await this.#when(
        () => closed,
        () => notQuiet(PATIENCE, ["the server does not close"]),
      );
      await closing;
    } finally {
      open = undefined;
      this.#clock.uninstall();
    }
  }
}
