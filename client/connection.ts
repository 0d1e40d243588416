import type { TRPCClientError, TRPCUntypedClient } from "@trpc/client";
import type { AnyTRPCRouter } from "@trpc/server";
import { randomId } from "../lib/event/random-id.js";
import type { Kept } from "../lib/wire/kept-text.js";
import { PROTOCOL, type StateMessage, type TabMessage } from "../lib/wire/protocol.js";
import { backoff } from "./backoff.js";
import type { ClientOptions } from "./options.js";
import type { Cell, ConnectionStatus } from "./status.js";
import type { LiveTwin } from "./twin.js";

/** How long those wait whom the server has sent away, at most, in ms. */
const BYE_PAUSE = 2000;
/** How long a stream that has ended is not asked for again because of an answer, in ms. */
const ANSWERED_PAUSE = 1000;
/** How long a stream has to last to count as a success, in ms: one that always breaks at once is not to be asked for all the time. */
const STEADY = 1000;

/** The answer to `$connect`. */
export interface Granted {
  readonly ticket: string;
  /** Tells sessions apart. */
  readonly session: string;
  /** Tells the users of a session apart, for a client that has asked whose it is. */
  readonly user?: string;
  /** How many of the watches, from the end, the ticket has no room for. */
  readonly rest?: number;
}

export interface ConnectionWorld {
  readonly options: Pick<ClientOptions, "offline" | "url" | "tabStorage">;
  /** Loads what a connected client needs. */
  load(): Promise<unknown>;
  readonly trpc: TRPCUntypedClient<AnyTRPCRouter>;
  /** Reads the stream of a ticket, until it is over or `line` is aborted. Gives how many ms to wait before the next one; `undefined`: as after a failure. */
  stream(granted: Granted, line: AbortController, take: (message: TabMessage) => void): Promise<number | undefined>;
  /** What the browser has of a twin's kept fields. */
  kept(twin: LiveTwin): Kept | null | undefined;
  /** A message of the stream has come. */
  receive(message: StateMessage): void;
  /** The stream has ended: its host numbers mean nothing any more, and no twin is up to date. */
  lost(): void;
  readonly status: Pick<Cell<ConnectionStatus>, "update">;
  /** The stream did not begin. */
  failed(error: TRPCClientError<AnyTRPCRouter>): void;
}

/** The one stream of a tab. It is open while a twin is watched, and comes back when it breaks. */
export class ServerConnection {
  readonly #world: ConnectionWorld;
  readonly #wanted = new Set<LiveTwin>();
  /** The twins that the server has been asked to send. */
  #told = new Set<LiveTwin>();
  #id: string | undefined;
  epoch = 0;
  /** The id of the last letter that has come. */
  got: string | undefined;
  /** The stream, from when it is asked for until it ends. */
  #line: AbortController | undefined;
  open = false;
  /** Aborted when it is closed. */
  readonly #life = new AbortController();
  /** Since when no stream has lasted. */
  #failing: number | undefined;
  /** When the stream began, or ended. */
  #since = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #scheduled = false;
  #telling = false;

  constructor(world: ConnectionWorld) {
    this.#world = world;
    const { signal } = this.#life;
    // Some of these events are the document's, and do not bubble.
    const on = (event: string, listener: () => void) => globalThis.addEventListener?.(event, listener, { signal, capture: true });
    on("online", () => {
      this.#failing = undefined;
      if (this.open) world.status.update({ status: "online" });
      if (this.#retry !== undefined) this.#again();
    });
    on("offline", () => {
      if (this.#wanted.size > 0) world.status.update({ status: "offline" });
    });
    // Browsers keep pages for the way back, but none that holds a line open.
    on("pagehide", () => this.#end());
    // A frozen page may be discarded without another word.
    for (const event of ["pagehide", "freeze"]) on(event, () => this.#leaveTab());
    // An earlier page of the tab may put the id back only after this one is shown: that is a `storage` event here.
    for (const event of ["pageshow", "resume", "storage", "prerenderingchange"]) on(event, () => this.#show());
  }

  /**
   * The client's id: that of its tab, and one for this page. Made when it is asked for, as a page that is rendered on the server may not ask for chance.
   * The tab's id is in the storage only while no page has it: a duplicate of the tab, for which browsers copy the storage, finds none, and makes its own.
   */
  get id(): string {
    this.#id ??= `${this.#swapTab() || randomId()}.${randomId().slice(11)}`;
    return this.#id;
  }

  /** The page is shown, or shown again. */
  #show(): void {
    if (this.#id) this.#swapTab();
    this.#schedule();
  }

  /** Puts the tab's id back for its next page. */
  #leaveTab(): void {
    if (this.#id) this.#swapTab(this.#id.slice(0, 22));
  }

  /** Gives what the tab's storage has, and puts something in its place. Browsers may forbid it, and there is none elsewhere. */
  #swapTab(next = ""): string | undefined {
    const { options } = this.#world;
    try {
      const storage: Record<string, string> = options.tabStorage ?? (document && sessionStorage);
      const name = `twin ${options.url}`;
      const kept = storage[name];
      storage[name] = next;
      return kept;
    } catch {}
  }

  watch(twin: LiveTwin): void {
    this.#wanted.add(twin);
    if (twin.state === "refused") this.#told.delete(twin);
    this.#schedule();
  }

  unwatch(twin: LiveTwin): void {
    this.#wanted.delete(twin);
    this.#schedule();
  }

  /** Asks for a snapshot. */
  renew(twin: LiveTwin): void {
    this.#told.delete(twin);
    this.#schedule();
  }

  watches(twin: LiveTwin): boolean {
    return this.#wanted.has(twin);
  }

  /** Begins again under another id. */
  rename(): void {
    this.#id = undefined;
    if (this.#line) this.#again();
  }

  close(): void {
    this.#end();
    this.#leaveTab();
    this.#life.abort();
  }

  /** Runs once for all that is asked for in the same turn. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      // A prerendered page may never be shown.
      if (this.#life.signal.aborted || (globalThis.document as { prerendering?: boolean } | undefined)?.prerendering) return;
      if (this.#wanted.size === 0) this.#end();
      else if (!this.#line && this.#retry === undefined) void this.#begin();
      else if (this.open && !this.#telling) void this.#tell();
    });
  }

  /** Tells the server what has changed of what is watched: one thing after the other, as requests overtake each other. */
  async #tell(): Promise<void> {
    this.#telling = true;
    while (this.open) {
      const watch = [...this.#wanted].filter((twin) => !this.#told.has(twin));
      const unwatch = [...this.#told].filter((twin) => !this.#wanted.has(twin));
      if (watch.length + unwatch.length === 0) break;
      this.#told = new Set(this.#wanted);
      await this.#ask("$unwatch", unwatch);
      await this.#ask("$watch", watch);
    }
    this.#telling = false;
  }

  async #ask(procedure: string, twins: readonly LiveTwin[]): Promise<void> {
    if (twins.length === 0) return;
    const line = this.#line;
    try {
      await this.#world.trpc.mutation(procedure, { client: this.id, epoch: this.epoch, watch: twins.map((twin) => this.#watchOf(twin)) });
    } catch {
      // The next connection says anew what is watched.
      if (line === this.#line) this.#fail();
    }
  }

  async #begin(): Promise<void> {
    const line = new AbortController();
    this.#line = line;
    // A ticket may have no room for the last ones, and only here does the client say what it was refused.
    const twins = [...this.#wanted].sort((a, b) => isRefused(b) - isRefused(a));
    this.#told = new Set(twins);
    // Another attempt follows where that fails.
    this.#world.load().catch(() => {});
    let refused: unknown;
    let pause: number | undefined;
    try {
      const watch = twins.map((twin) => ({ ...this.#watchOf(twin), refused: isRefused(twin) || undefined }));
      const input = { protocol: PROTOCOL, client: this.id, epoch: ++this.epoch, watch, got: this.got, whose: this.#world.options.offline && 1 };
      const granted = (await this.#world.trpc.mutation("$connect", input, { signal: line.signal })) as Granted;
      if (line !== this.#line) return;
      if (granted.rest) for (const twin of twins.slice(-granted.rest)) this.#told.delete(twin);
      pause = await this.#world.stream(granted, line, (message) => this.#take(message));
    } catch (error) {
      refused = error;
    }
    if (line !== this.#line) return;
    this.#fail(pause);
    if (refused) this.#world.failed(refused as TRPCClientError<AnyTRPCRouter>);
  }

  #take(message: TabMessage): void {
    // A server that closes ends all streams, so clients come back at random times. A client with another user or session comes back at once.
    if (message[0] === "bye") return this.#fail(/user|session/.test(message[1]) ? 0 : Math.random() * BYE_PAUSE);
    if (message[0] === "hello" && !this.open) {
      this.open = true;
      this.#since = performance.now();
      this.#world.status.update({ status: "online" });
      this.#schedule();
    }
    this.#world.receive(message);
  }

  /** The stream has ended, or did not begin. */
  #fail(pause?: number): void {
    if (!this.#line) return;
    const now = performance.now();
    if (this.open && now - this.#since > STEADY) this.#failing = undefined;
    this.#end();
    this.#since = now;
    this.#world.status.update({ status: globalThis.navigator?.onLine === false ? "offline" : "reconnecting" });
    this.#retry = setTimeout(() => this.#again(), pause ?? backoff(now - (this.#failing ??= now)));
  }

  /** The server has answered a call: a long wait for the stream is over. A short one is not, as a server that refuses streams may answer many calls. */
  answered(): void {
    if (this.#retry !== undefined && performance.now() - this.#since > ANSWERED_PAUSE) this.#again();
  }

  #again(): void {
    this.#end();
    this.#schedule();
  }

  /** Ends the stream, and what is under way to one. */
  #end(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#line?.abort();
    this.#line = undefined;
    this.open = false;
    this.#told.clear();
    this.#world.lost();
  }

  #watchOf(twin: LiveTwin) {
    const { store, key, have } = twin;
    return { store, key: key ?? undefined, have, kept: this.#world.kept(twin) ?? undefined };
  }
}

const isRefused = ({ state }: LiveTwin) => Number(state === "refused");
