import { randomBytes, randomUUID } from "node:crypto";
import { createTwin, type LogEntry, type Models, memory, type Storage, type Stores, type TwinApp, type TwinOptions } from "twinstate/server";
import { onTestFailed, onTestFinished } from "vitest";
import { type Node, nodeOf } from "../../lib/graph/node.js";
import { openFace } from "../../lib/live/faces.js";
import { createMirror, type Mirror } from "../../lib/mirror/mirror.js";
import type { Encoded, Snapshot, WireDelta } from "../../lib/wire/codec.js";
import { commitsOf } from "../../lib/wire/frame-commits.js";
import type { FrameMessage, FrameTick } from "../../lib/wire/protocol.js";
import { decodeValue, encodeValue } from "../../lib/wire/value-codec.js";
import type { Runtime } from "../../server/runtime.js";
import { Jar, type Site, serve } from "./http.js";
import { type Listener, listen } from "./stream.js";
import { attach } from "./transport.js";

export const SECRET = "a secret for tests alone";

export interface App<S, M> {
  readonly twin: TwinApp<S, M>;
  readonly site: Site;
  readonly runtime: Runtime;
  readonly logs: LogEntry[];
  readonly storage: Storage;
  /** Another browser. */
  visitor(): Visitor;
}

/** A twin of its own, served over HTTP until the test ends. */
export async function serveTwin<S extends Stores, M extends Models = {}>(options: TwinOptions<S, M>): Promise<App<S, M>> {
  const logs: LogEntry[] = [];
  const storage = options.storage ?? memory();
  const log = (entry: LogEntry) => void logs.push(entry);
  const { name = randomUUID() } = options;
  const twin = createTwin<S, M>({ session: { secret: SECRET }, log, ...options, name, storage });
  const site = await serve(twin.handlers);
  await attach(site, twin);
  onTestFailed(() => {
    for (const { error } of logs) console.error("The server's log:", error);
  });
  onTestFinished(async () => {
    await site.close();
    await twin.close();
  });
  const runtimes = (globalThis as unknown as Record<symbol, Map<string, Runtime>>)[Symbol.for("twinstate.runtime")];
  return { twin, site, runtime: runtimes?.get(name) as Runtime, logs, storage, visitor: () => new Visitor(site.url) };
}

/** What the server says no with. */
interface Refused {
  readonly code: string;
  readonly httpStatus: number;
  readonly data?: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The value; `undefined` where the call was refused. */
  readonly value: unknown;
  readonly error: (Refused & { readonly message: string }) | undefined;
}

export interface Numbered {
  readonly h: number | null;
  readonly i: string;
  readonly r: number;
  readonly v: Encoded;
  readonly f?: readonly unknown[][];
}

/** One browser, with its cookie, and one tab in it. */
export class Visitor {
  readonly jar = new Jar();
  readonly client = randomBytes(16).toString("base64url");

  constructor(readonly url: string) {}

  /** The id in its cookie. */
  get session(): string {
    return /twin_session=([\w-]+)\./.exec(this.jar.cookie ?? "")?.[1] ?? "";
  }

  /** Posts anything to a procedure. */
  async post(path: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const response = await this.jar.fetch(`${this.url}/${path}`, { method: "POST", body, headers: { "content-type": "application/json", ...headers } });
    const text = await response.text();
    const { result, error } = JSON.parse(text) as { result?: { data?: unknown }; error?: { message: string; data: Refused } };
    return {
      status: response.status,
      headers: response.headers,
      text,
      value: result?.data,
      error: error && { ...error.data, message: error.message },
    };
  }

  /** Asks a procedure, with its whole input. */
  ask(path: string, input: unknown): Promise<Answer> {
    return this.post(path, JSON.stringify(input));
  }

  /** Calls an event as a plain tRPC client does, and gives its value. */
  async call(path: string, ...args: unknown[]): Promise<unknown> {
    return valueOf(await this.ask(path, { args }));
  }

  /** The same, in a room. */
  async callIn(key: string, path: string, ...args: unknown[]): Promise<unknown> {
    return valueOf(await this.ask(path, { key, args }));
  }

  /** Calls an event under a number. */
  number(
    path: string,
    n: number,
    args: readonly unknown[],
    more: { seen?: number; at?: number | null; y?: number; i?: string; p?: 1; key?: string; on?: unknown } = {},
  ): Promise<Answer> {
    const { key, on, ...call } = more;
    return this.ask(path, { key, on, args: encodeValue(args), call: { client: this.client, epoch: 1, n, at: null, seen: 0, ...call } });
  }

  /** A stream, as simple clients have it. */
  live(...watch: { store: string; key?: string; have?: [string, number] }[]): Follower {
    return new Follower(listen(this.url, { watch }, this.jar));
  }

  /** A stream of this tab, by way of a ticket. */
  async connect(epoch: number, ...watch: { store: string; key?: string; have?: [string, number] }[]): Promise<Follower> {
    const { value, error } = await this.ask("$connect", { protocol: 2, client: this.client, epoch, watch });
    if (error) throw Object.assign(new Error(error.message), error);
    const follower = new Follower(listen(this.url, value, this.jar));
    const { rest = 0 } = value as { rest?: number };
    if (rest > 0) {
      await follower.until(([kind]) => kind === "hello");
      await this.ask("$watch", { client: this.client, epoch, watch: watch.slice(-rest) });
    }
    return follower;
  }
}

function valueOf({ value, error }: Answer): unknown {
  if (error) throw Object.assign(new Error(error.message), error);
  return value;
}

/** The value of a numbered answer that holds no container of the store. */
export const plainValue = (answer: Answer) => decodeValue((answer.value as Numbered).v);

/** Reads a stream, and keeps a mirror of each store that it tells of. */
export class Follower {
  readonly #mirrors = new Map<string, { mirror: Mirror; host: number; revision: number }>();
  /** The tick as of which each store has its volatile state, and the state that waits for a snapshot. */
  readonly #ticks = new Map<string, { tick: number; whole?: Snapshot | undefined }>();
  #read = 0;

  constructor(readonly stream: Listener) {
    onTestFinished(() => stream.close());
  }

  get messages(): unknown[][] {
    return this.stream.messages;
  }

  /** The messages of one kind: a name, or `"frame"`. */
  all(kind: string): unknown[][] {
    return this.messages.filter(([first]) => (kind === "frame" ? typeof first === "number" : first === kind));
  }

  until(fits: (message: unknown[]) => boolean): Promise<unknown[]> {
    return this.stream.until(fits);
  }

  /** A store's state as of all that has come; waits until it is as wanted. */
  async state(store: string, wanted: (state: any) => boolean = () => true): Promise<Record<string, unknown>> {
    let found: Record<string, unknown> | undefined;
    await this.stream.until(() => {
      this.#apply();
      const state = this.#mirrors.get(store)?.mirror.view() as Record<string, unknown> | undefined;
      if (!state || !wanted(state)) return false;
      found = state;
      return true;
    });
    return found as unknown as Record<string, unknown>;
  }

  /** An instance in a store, as a call of its event names it. */
  on(store: string, pick: (state: any) => object): [incarnation: string, revision: number, number: number] {
    const have = this.have(store);
    return [...have, (nodeOf(pick(this.#mirrors.get(store)?.mirror.live)) as Node).id];
  }

  /** `[incarnation, revision]` of a store: what a client that comes back has. */
  have(store: string): [string, number] {
    this.#apply();
    const [, , , , incarnation] =
      this.all("snapshot").findLast((message) => message[2] === store) ?? this.all("resume").findLast((message) => message[2] === store) ?? [];
    return [incarnation as string, this.#mirrors.get(store)?.revision as number];
  }

  #apply(): void {
    for (; this.#read < this.messages.length; this.#read++) {
      const message = this.messages[this.#read] as unknown[];
      if (message[0] === "snapshot") {
        const [, host, store, , , revision, snapshot] = message as [string, number, string, unknown, string, number, never];
        const mirror = createMirror({ faces: openFace, name: store });
        mirror.applySnapshot(snapshot, false, this.#ticks.get(store)?.whole);
        this.#mirrors.set(store, { mirror, host, revision });
      } else if (message[0] === "volatile") {
        const [, , tick, store, whole] = message as [string, number, number, string, Snapshot];
        this.#mirrors.get(store)?.mirror.applyVolatile(whole);
        this.#ticks.set(store, { tick, whole });
      } else if (message[0] === "tick") this.#tick(message.slice(2) as unknown as FrameTick);
      else if (typeof message[0] === "number") this.#frame(message as unknown as FrameMessage);
    }
  }

  #frame(message: FrameMessage): void {
    const [host, first] = message;
    for (const { revision, deltas, tick } of commitsOf(message)) {
      for (const known of this.#mirrors.values()) {
        if (known.host !== host) continue;
        if (revision <= known.revision || first > known.revision + 1) throw new Error(`Revision ${revision} came after ${known.revision}.`);
        known.revision = revision;
      }
      for (const [store, delta] of deltas) this.#mirrors.get(store)?.mirror.applyDelta(delta);
      if (tick) this.#tick(tick);
    }
  }

  #tick([tick, ...parts]: FrameTick): void {
    for (let i = 0; i < parts.length; i += 2) {
      const [store, delta] = [parts[i] as string, parts[i + 1] as WireDelta];
      const known = this.#ticks.get(store);
      if (!known || known.tick >= tick) continue;
      known.tick = tick;
      this.#mirrors.get(store)?.mirror.applyTick(delta);
    }
  }
}
