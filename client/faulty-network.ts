import { Signal } from "../lib/graph/signal.js";
import type { ClientOptions } from "./options.js";
import type { ClientSocket } from "./socket.js";

/** The faults that a client's requests meet. */
export interface Faults {
  /** Nothing comes through, and the browser says so too (`navigator.onLine`). */
  readonly offline: boolean;
  /** How long all takes longer, each way, in ms. */
  readonly latency: number;
  /** The share of requests and answers that gets lost, from 0 to 1. A loss on a stream breaks it. */
  readonly loss: number;
}

export const NO_FAULTS: Faults = { offline: false, latency: 0, loss: 0 };

/** The network of a client in development: the page's own, with the faults that a developer asks for. */
export class FaultyNetwork {
  /** The client's options, by way of this network. */
  readonly options: ClientOptions;
  readonly #given: ClientOptions;
  readonly #changes = new Signal();
  readonly subscribe = this.#changes.subscribe;
  #faults = NO_FAULTS;
  /** Aborted when the line breaks. */
  #line = new AbortController();
  #transport: string | undefined;

  constructor(given: ClientOptions) {
    this.#given = given;
    this.options = { ...given, fetch: (...request) => this.#fetch(...request), openSocket: (url) => this.#openSocket(url) };
  }

  /** The transport of the last stream. */
  get transport(): string | undefined {
    return this.#transport;
  }

  get faults(): Faults {
    return this.#faults;
  }

  set(faults: Partial<Faults>): void {
    const { offline } = this.#faults;
    this.#faults = { ...this.#faults, ...faults };
    if (this.#faults.offline !== offline) this.#switch();
    this.#changes.tell();
  }

  #switch(): void {
    if (this.#faults.offline) {
      this.#line.abort(broken());
      this.#line = new AbortController();
      Object.defineProperty(navigator, "onLine", { configurable: true, value: false });
    } else Reflect.deleteProperty(navigator, "onLine");
    globalThis.dispatchEvent?.(new Event(this.#faults.offline ? "offline" : "online"));
  }

  async #fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const signal = AbortSignal.any([init?.signal ?? [], this.#line.signal].flat());
    const way = this.#pass();
    // No wait where there is no latency: nothing runs later on a page that ends.
    if (way) await way;
    signal.throwIfAborted();
    const response = await (this.#given.fetch ?? fetch)(input, { ...init, signal });
    await wait(this.#faults.latency);
    signal.throwIfAborted();
    if (response.headers.get("content-type")?.startsWith("text/event-stream")) this.#came("server-sent events");
    return response.body ? new Response(this.#through(response.body), response) : response;
  }

  /** A request, on its way. */
  #pass(): Promise<unknown> | undefined {
    const { offline, latency } = this.#faults;
    if (offline || this.#lost) throw broken();
    return wait(latency);
  }

  get #lost(): boolean {
    return Math.random() < this.#faults.loss;
  }

  #through(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const reader = body.getReader();
    const later = this.#lane();
    const pump = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
      const fail = (error: unknown) => {
        controller.error(error);
        void reader.cancel(error).catch(() => {});
      };
      try {
        for (;;) {
          const { done, value } = await reader.read();
          later(() => (done ? controller.close() : this.#lost ? fail(broken()) : controller.enqueue(value)));
          if (done) return;
        }
      } catch (error) {
        later(() => fail(error));
      }
    };
    return new ReadableStream({ start: (controller) => void pump(controller), cancel: (reason) => reader.cancel(reason) });
  }

  /** A way on which all arrives later, in order. */
  #lane(): (arrive: () => void) => void {
    let last: Promise<unknown> = Promise.resolve();
    return (arrive) => {
      const due = wait(this.#faults.latency);
      last = last
        .then(() => due)
        .then(arrive)
        // The other side has gone.
        .catch(() => {});
    };
  }

  #openSocket(url: string): ClientSocket {
    const { openSocket = (url: string): ClientSocket => new WebSocket(url) } = this.#given;
    const socket: ClientSocket = { onopen: null, onmessage: null, onerror: null, onclose: null, send() {}, close() {} };
    const { signal } = this.#line;
    const [out, back] = [this.#lane(), this.#lane()];
    const fail = () => {
      inner?.close();
      socket.onclose?.(undefined as never);
    };
    const inner = this.#faults.offline || this.#lost ? undefined : openSocket(url);
    if (!inner) {
      back(fail);
      return socket;
    }
    inner.binaryType = "arraybuffer";
    signal.addEventListener("abort", fail, { once: true });
    inner.onopen = (event) => back(() => socket.onopen?.(event));
    inner.onmessage = (event) => {
      back(() => {
        if (this.#lost) return fail();
        this.#came("WebSocket");
        socket.onmessage?.(event);
      });
    };
    inner.onerror = (event) => back(() => socket.onerror?.(event));
    inner.onclose = (event) => {
      signal.removeEventListener("abort", fail);
      back(() => socket.onclose?.(event));
    };
    socket.send = (text) => out(() => (this.#lost ? fail() : inner.send(text)));
    socket.close = () => inner.close();
    return socket;
  }

  #came(transport: string): void {
    if (this.#transport === transport) return;
    this.#transport = transport;
    this.#changes.tell();
  }
}

/** The error that browsers throw for a broken line. */
const broken = () => new TypeError("Failed to fetch");

const wait = (ms: number) => (ms > 0 ? new Promise((resolve) => setTimeout(resolve, ms)) : undefined);
