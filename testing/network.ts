import type { Clock } from "./clock.js";
import type { Life } from "./life.js";
import type { Random } from "./random.js";
import type { ServerEnd, SocketInit } from "./socket.js";

/**
 * A fault of one request:
 * - `lose`: the request does not arrive, and the client gets an error;
 * - `lose answer`: the request arrives, and the connection breaks before the answer does;
 * - `silence`: the request arrives, the answer does not, and nobody gets an error;
 * - `cut answer`: only the first half of the answer arrives;
 * - `twice`: the request arrives twice;
 * - `late`, `late answer`: other requests or answers overtake it;
 * - `gateway`: a proxy answers with a page of its own, status 502. The request has arrived.
 *
 * An event that is sent by a WebSocket counts as a request. A connection delivers everything once and in order, so a lost message breaks it.
 */
export type Fault = "lose" | "lose answer" | "silence" | "cut answer" | "twice" | "late" | "late answer" | "gateway";

/** The longest delay of a late request or answer, in ms. */
const LATE = 3000;
/** How long a server takes to notice that a client has disappeared, in ms. */
const UNNOTICED = 20_000;

/** A browser: the state that its tabs share. */
export interface Browser {
  cookie: string | undefined;
  /** What it keeps of fields, in cookies and in `localStorage`. */
  readonly keptIn: { readonly cookie: Record<string, string>; readonly localStorage: Record<string, string> };
}

/** A client as the network sees it. */
export interface Peer {
  readonly name: string;
  readonly browser: Browser;
  /** Nothing passes, and both ends notice it sooner or later. */
  down: boolean;
  /** Requests arrive, answers do not. */
  mute: boolean;
  /** Streams stand still. */
  stalled: boolean;
  /** The node that gets its requests, while that runs. */
  node: string | undefined;
  /** The faults of its next requests. */
  readonly faults: Fault[];
  readonly lines: Set<Line>;
  /** How many bytes the client has received. */
  received: number;
  /** Called when the stall ends. */
  resume: () => void;
  flowing: Promise<void>;
}

export interface NetworkOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** The latency of a packet, in ms: at least and at most. */
  readonly latency: readonly [number, number];
  /** The server that takes the next request of a client, while one runs. */
  server(peer: Peer): Life | undefined;
  trace(what: string): void;
}

/** The network between the clients and the server of a pair: `fetch` for each client, and what can go wrong. */
export class Network {
  readonly options: NetworkOptions;
  readonly peers = new Set<Peer>();
  /** The probability of each fault. */
  storm: Readonly<Partial<Record<Fault, number>>> = {};
  /** How many broken connections the server still takes for open. */
  unnoticed = 0;

  constructor(options: NetworkOptions) {
    this.options = options;
  }

  peer(name: string, browser: Browser): Peer {
    const peer: Peer = {
      name,
      browser,
      down: false,
      mute: false,
      stalled: false,
      node: undefined,
      faults: [],
      lines: new Set(),
      received: 0,
      resume: () => {},
      flowing: Promise.resolve(),
    };
    this.peers.add(peer);
    return peer;
  }

  /** The `fetch` of a client. */
  fetchOf(peer: Peer): typeof fetch {
    return (input, init = {}) => new Promise((resolve, reject) => new Line(this, peer, String(input), init, resolve, reject).begin());
  }

  latency(): number {
    const [least, most] = this.options.latency;
    return least + this.options.random.int(most - least + 1);
  }

  /** The fault of a client's next request. */
  fault(peer: Peer): Fault | undefined {
    const next = peer.faults.shift();
    if (next) return next;
    for (const [fault, share] of Object.entries(this.storm)) if (this.options.random.chance(share)) return fault as Fault;
    return undefined;
  }

  /** Breaks the open connections of a client. `noticed`: the server is notified at once. */
  break(peer: Peer, noticed: boolean): void {
    for (const line of [...peer.lines]) line.break(noticed);
  }

  /** Drops answers and streams from now on, silently. */
  mute(peer: Peer): void {
    peer.mute = true;
    for (const line of peer.lines) line.deaf = true;
  }

  stall(peer: Peer): void {
    if (peer.stalled) return;
    peer.stalled = true;
    peer.flowing = new Promise((resolve) => {
      peer.resume = resolve;
    });
  }

  heal(peer: Peer): void {
    peer.down = false;
    peer.mute = false;
    peer.stalled = false;
    peer.resume();
    peer.faults.length = 0;
  }

  /** The server has died. */
  died(life: Life): void {
    for (const peer of this.peers) for (const line of [...peer.lines]) if (line.life === life) line.died();
  }

  /** Nothing is under way, and each client has at most one open connection. */
  get still(): boolean {
    if (this.options.clock.packets > 0 || this.unnoticed > 0) return false;
    return [...this.peers].every(({ lines }) => lines.size <= 1 && [...lines].every((line) => line.streaming));
  }
}

/** One request and its answer: a stream, where it is one. */
class Line {
  readonly #network: Network;
  readonly #peer: Peer;
  readonly #url: string;
  readonly #init: SocketInit;
  readonly #resolve: (response: Response) => void;
  readonly #reject: (error: unknown) => void;
  readonly path: string;
  /** The browser's cookie at the time of sending, however late and however often the request arrives. */
  readonly #cookie: string | undefined;
  readonly #stream: boolean;
  readonly #fault: Fault | undefined;
  /** Aborts the server's work for it. */
  readonly #control = new AbortController();
  #body: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** The client has cancelled it, or has received everything. */
  #over = false;
  /** When the last packet to the client arrives: packets do not overtake each other. */
  #last = 0;
  /** When the last packet to the server arrives, by a socket. */
  #said = 0;
  /** A message of the client's was lost: later ones are lost, too. */
  #dumb = false;
  /** The server's end of a socket. */
  #socket: ServerEnd | undefined;
  /** What the server sends is dropped. */
  deaf: boolean;
  /** The server that answers it. */
  life: Life | undefined;

  constructor(network: Network, peer: Peer, url: string, init: SocketInit, resolve: (response: Response) => void, reject: (error: unknown) => void) {
    this.#network = network;
    this.#peer = peer;
    this.#url = url;
    this.#init = init;
    this.#resolve = resolve;
    this.#reject = reject;
    this.path = decodeURIComponent(new URL(url).pathname.split("/").at(-1) ?? "");
    this.#cookie = peer.browser.cookie;
    this.#stream = init.method !== "POST";
    this.#fault = peer.down ? undefined : network.fault(peer);
    this.deaf = peer.mute || this.#fault === "silence";
    if (init.upstream) init.upstream.say = (text) => this.#say(text);
  }

  /** The answer is a stream, and what the server sends arrives. */
  get streaming(): boolean {
    return this.#stream && this.#body !== undefined && !this.deaf && this.life?.dead === false;
  }

  /** The request waits for its answer. */
  get waiting(): boolean {
    return this.#body === undefined;
  }

  begin(): void {
    const { signal } = this.#init;
    if (signal?.aborted) return this.#reject(signal.reason);
    signal?.addEventListener("abort", () => this.#abandon(signal.reason), { once: true });
    this.#peer.lines.add(this);
    this.#trace(`→ ${this.path}${this.#fault ? ` (${this.#fault})` : ""}`);
    if (this.#peer.down) return this.#later(() => this.#fail(noLine()));
    if (this.#fault === "lose") return this.#later(() => this.#fail(requestLost()));
    const late = this.#fault === "late" ? this.#network.options.random.int(LATE) : 0;
    this.#later(() => this.#arrive(true), late);
    if (this.#fault === "twice") this.#later(() => this.#arrive(false), this.#network.options.random.int(LATE));
  }

  #trace(what: string): void {
    this.#network.options.trace(`${this.#peer.name} ${what}`);
  }

  #later(run: () => void, more = 0): void {
    this.#network.options.clock.after(this.#network.latency() + more, run, "packet");
  }

  /** Sends something to the client, behind everything that is on its way. */
  #send(run: () => void, more = 0): void {
    const { clock } = this.#network.options;
    this.#last = Math.max(this.#last, clock.now + this.#network.latency() + more);
    clock.after(this.#last - clock.now, () => this.#over || this.deaf || run(), "packet");
  }

  #arrive(first: boolean): void {
    // Packets that were on their way when the connection broke are lost.
    if (first && (this.#over || this.#peer.down)) return;
    const life = this.#network.options.server(this.#peer);
    if (!life) return first ? this.#fail(noLine()) : undefined;
    if (first) this.life = life;
    const headers = new Headers(this.#init.headers);
    // A client remembers the session's cookie, as programs do. The browser's is that of all its tabs, and newer where another tab has replaced it.
    if (this.#cookie !== undefined) headers.set("cookie", this.#cookie);
    const { method = "GET", body } = this.#init;
    const request = new Request(this.#url, { method, headers, ...(body && { body }), signal: first ? this.#control.signal : null });
    life.run(() => (first ? this.#answer(life, request) : void life.handle(request).then((response) => response.body?.cancel())));
  }

  async #answer(life: Life, request: Request): Promise<void> {
    // The server accepts a socket.
    const response = this.path === "$socket" ? new Response() : this.#init.upstream ? this.#accept(life, request) : await life.handle(request);
    if (life.dead || (!this.#stream && life.dies("answer"))) return;
    const fault = this.#fault;
    if (fault === "lose answer") return this.break(true);
    if (fault === "gateway") {
      this.#control.abort();
      return this.#head(new Response("<h1>Bad gateway</h1>", { status: 502, headers: { "content-type": "text/html" } }), life);
    }
    await this.#head(response, life, fault === "late answer" ? this.#network.options.random.int(LATE) : 0);
  }

  #accept(life: Life, request: Request): Response {
    this.#socket = life.accept(request);
    return new Response(this.#socket.body);
  }

  /** The client's socket sends another message. */
  #say(text: string): void {
    if (this.#over || this.#dumb) return;
    const { clock, random } = this.#network.options;
    const fault = this.#network.fault(this.#peer);
    this.#trace(`→ ${(JSON.parse(text) as unknown[])[1]} by socket${fault ? ` (${fault})` : ""}`);
    if (fault === "lose") {
      this.#dumb = true;
      return this.#later(() => this.break(true));
    }
    if (fault === "silence") this.deaf = true;
    this.#said = Math.max(this.#said, clock.now + this.#network.latency() + (fault === "late" ? random.int(LATE) : 0));
    clock.after(this.#said - clock.now, () => this.#hear(text, fault), "packet");
  }

  #hear(text: string, fault: Fault | undefined): void {
    if (this.#over || this.#peer.down || this.life?.dead) return;
    this.life?.run(() => this.#socket?.hear(text));
    if (fault === "lose answer" || fault === "cut answer" || fault === "gateway") return this.break(true);
    if (fault === "late answer") this.#last = this.#network.options.clock.now + this.#network.options.random.int(LATE);
  }

  async #head(response: Response, life: Life, late = 0): Promise<void> {
    const { status, headers } = response;
    const cookie = headers.get("set-cookie");
    this.#send(() => {
      this.#trace(`← ${status} ${this.path}`);
      if (cookie !== null) this.#peer.browser.cookie = cookie.slice(0, cookie.indexOf(";"));
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          this.#body = controller;
        },
        cancel: (reason) => this.#abandon(reason),
      });
      this.#resolve(new Response(body, { status, headers }));
    }, late);
    const reader = response.body?.getReader();
    for (;;) {
      if (this.#stream && this.#peer.stalled) await this.#peer.flowing;
      const chunk = await reader?.read().catch(() => undefined);
      if (life.dead) return;
      if (!chunk || chunk.done) return this.#send(() => this.#end());
      const { value } = chunk;
      if (this.#stream && isFrame(value) && life.dies("frame")) return;
      if (this.#socket && isAnswer(value) && life.dies("answer")) return;
      if (this.#fault === "cut answer" && !this.#stream) {
        this.#send(() => this.#take(value.slice(0, value.length / 2)));
        return this.#send(() => this.break(true));
      }
      this.#send(() => this.#take(value));
    }
  }

  #take(chunk: Uint8Array): void {
    this.#peer.received += chunk.byteLength;
    if (this.#stream) this.#trace(`← ${namesIn(chunk)}`);
    this.#body?.enqueue(chunk);
  }

  #end(): void {
    this.#close();
    this.#body?.close();
  }

  #close(): void {
    this.#over = true;
    this.#peer.lines.delete(this);
  }

  /** The client gets an error. */
  #fail(error: Error): void {
    if (this.#over) return;
    this.#close();
    this.#trace(`✗ ${this.path}`);
    if (this.#body) this.#body.error(error);
    else this.#reject(error);
  }

  /** The client cancels the request. */
  #abandon(reason: unknown): void {
    if (this.#over) return;
    this.#close();
    if (this.#stream || !this.#body) this.#trace(`lets go of ${this.path}`);
    if (this.#body) this.#body.error(reason);
    else this.#reject(reason);
    this.#tell(!this.#peer.down);
  }

  /** The connection breaks. */
  break(noticed: boolean): void {
    this.#fail(lineBroken());
    this.#tell(noticed);
  }

  /** Notifies the server that the client is gone: at once, or when the server notices it by itself. */
  #tell(noticed: boolean): void {
    if (noticed) return this.#later(() => this.#control.abort());
    this.#network.unnoticed++;
    this.#network.options.clock.after(UNNOTICED, () => {
      this.#network.unnoticed--;
      this.#control.abort();
    });
  }

  /** The server is dead. Its system resets the connection, if that packet arrives. */
  died(): void {
    this.#send(() => this.#fail(lineBroken()));
  }
}

// The error of `fetch`.
const noLine = () => new TypeError("The network is down.");
const requestLost = () => new TypeError("The request was lost.");
const lineBroken = () => new TypeError("The line broke.");

const decoder = new TextDecoder();
const eventsIn = (chunk: Uint8Array) => decoder.decode(chunk).split("\n\n");
const isFrame = (chunk: Uint8Array) => eventsIn(chunk).some((event) => /^data: \[\d/.test(event));

const isAnswer = (chunk: Uint8Array) => eventsIn(chunk).some((event) => event.startsWith('data: ["answer"'));

/** A short description of a stream's chunk, for the log. */
function namesIn(chunk: Uint8Array): string {
  const names = eventsIn(chunk).map((event) => {
    const [, name] = /^event: (\w+)/.exec(event) ?? [];
    if (name) return name;
    const [, message] = /^data: \["(\w+)"/.exec(event) ?? [];
    const [, revision] = /^data: \[\d+,(\d+)/.exec(event) ?? [];
    return message ?? (revision ? `frame ${revision}` : "");
  });
  return names.filter((name) => name !== "").join(", ");
}
