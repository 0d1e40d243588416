import type { TRPCClientError, TRPCUntypedClient } from "@trpc/client";
import type { AnyTRPCRouter } from "@trpc/server";
import { backoff } from "./backoff.js";
import type { ConnectionState } from "./status.js";
import type { LiveTwin } from "./twin.js";

const PROTOCOL = 1;

/** How long those wait whom the server has sent away, at most, in ms. */
const BYE_PAUSE = 2000;
/** How long a stream has to last to count as a success, in ms: one that always breaks at once is not to be asked for all the time. */
const STEADY = 5000;

export interface ConnectionWorld {
  readonly trpc: TRPCUntypedClient<AnyTRPCRouter>;
  /** The client's id. */
  readonly id: string;
  /** A message of the stream has come. */
  receive(message: readonly unknown[]): void;
  /** What the stream told before is over: host numbers, and who is up to date. */
  lost(): void;
  show(status: ConnectionState): void;
  /** It did not begin. */
  failed(error: TRPCClientError<AnyTRPCRouter>): void;
}

/** The one stream of a tab. It is open while a twin is watched, and comes back when it breaks. */
export class Connection {
  readonly #world: ConnectionWorld;
  readonly #wanted = new Set<LiveTwin>();
  /** What the server has been told to send. */
  #told = new Set<LiveTwin>();
  #epoch = 0;
  #phase: "idle" | "opening" | "open" | "closed" = "idle";
  #failures = 0;
  /** When the stream began. */
  #since = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #scheduled = false;
  #telling = false;
  #asking: AbortController | undefined;
  #stream: { unsubscribe(): void } | undefined;

  constructor(world: ConnectionWorld) {
    this.#world = world;
    globalThis.addEventListener?.("online", this.#online);
    globalThis.addEventListener?.("offline", this.#offline);
  }

  get open(): boolean {
    return this.#phase === "open";
  }

  get epoch(): number {
    return this.#epoch;
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

  /** Begins again, as the client has got another id. */
  restart(): void {
    if (this.#phase === "open" || this.#phase === "opening") this.#end();
    this.#schedule();
  }

  close(): void {
    this.#end();
    this.#phase = "closed";
    globalThis.removeEventListener?.("online", this.#online);
    globalThis.removeEventListener?.("offline", this.#offline);
  }

  /** Once for all that is asked for in one go. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (this.#phase === "closed") return;
      if (this.#wanted.size === 0) this.#end();
      else if (this.#phase === "idle" && this.#retry === undefined) void this.#begin();
      else if (this.#phase === "open" && !this.#telling) void this.#tell();
    });
  }

  /** Tells the server what has changed of what is watched: one thing after the other, as requests overtake each other. */
  async #tell(): Promise<void> {
    this.#telling = true;
    while (this.#phase === "open") {
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
    const epoch = this.#epoch;
    try {
      await this.#world.trpc.mutation(procedure, { client: this.#world.id, epoch, watch: twins.map(watchOf) });
    } catch {
      // The next connection says anew what is watched.
      this.#fail(epoch);
    }
  }

  async #begin(): Promise<void> {
    const epoch = ++this.#epoch;
    this.#phase = "opening";
    this.#told = new Set(this.#wanted);
    const { trpc, id } = this.#world;
    this.#asking = new AbortController();
    try {
      const watch = [...this.#told].map(watchOf);
      const { ticket } = (await trpc.mutation("$connect", { protocol: PROTOCOL, client: id, epoch, watch }, { signal: this.#asking.signal })) as {
        ticket: string;
      };
      if (epoch !== this.#epoch || this.#phase !== "opening") return;
      const stream = trpc.subscription(
        "$live",
        { ticket },
        { onData: (message) => this.#take(epoch, message as readonly unknown[]), onError: () => this.#fail(epoch), onComplete: () => this.#fail(epoch) },
      );
      this.#stream = stream;
    } catch (error) {
      if (epoch !== this.#epoch || this.#phase !== "opening") return;
      this.#fail(epoch);
      this.#world.failed(error as TRPCClientError<AnyTRPCRouter>);
    }
  }

  #take(epoch: number, message: readonly unknown[]): void {
    if (epoch !== this.#epoch || !this.#stream) return;
    if (message[0] === "bye") return this.#fail(epoch, Math.random() * BYE_PAUSE);
    if (message[0] === "hello" && this.#phase === "opening") {
      this.#phase = "open";
      this.#since = Date.now();
      this.#world.show("online");
      this.#schedule();
    }
    this.#world.receive(message);
  }

  /** The stream has ended, or did not begin. */
  #fail(epoch: number, pause?: number): void {
    if (epoch !== this.#epoch || this.#phase === "idle" || this.#phase === "closed") return;
    if (this.#phase === "open" && Date.now() - this.#since > STEADY) this.#failures = 0;
    this.#end();
    this.#world.show(globalThis.navigator?.onLine === false ? "offline" : "reconnecting");
    this.#retry = setTimeout(this.#again, pause ?? backoff(this.#failures++));
  }

  readonly #again = (): void => {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#schedule();
  };

  readonly #online = (): void => {
    this.#failures = 0;
    if (this.open) this.#world.show("online");
    if (this.#retry !== undefined) this.#again();
  };

  readonly #offline = (): void => {
    if (this.#wanted.size > 0) this.#world.show("offline");
  };

  /** Ends the stream, and what is under way to one. */
  #end(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    if (this.#phase === "closed") return;
    this.#phase = "idle";
    this.#asking?.abort();
    this.#stream?.unsubscribe();
    this.#stream = undefined;
    this.#told.clear();
    this.#world.lost();
  }
}

const watchOf = ({ store, key, have }: LiveTwin) => ({ store, ...(key !== null && { key }), ...(have && { have }) });
