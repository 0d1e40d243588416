import { decode } from "../../lib/wire/binary.js";
import { Jar } from "./http.js";
import type { Random } from "./random.js";

/** A network between a client and a server that one can pull. It stands where `fetch` and `WebSocket` do. */
export class Network {
  readonly #jar: Jar;
  readonly #streams = new Set<AbortController>();
  readonly #sockets = new Set<WebSocket>();
  /** Nothing passes. */
  down = false;
  /** Streams may be opened. */
  streams = true;
  /** How many messages of a kind streams have brought. */
  readonly seen = { snapshot: 0, resume: 0 };
  /** What was posted: procedure and input. */
  readonly posted: { path: string; input: unknown }[] = [];
  /** Faults for posts, by this generator. */
  random: Random | undefined;

  constructor(jar = new Jar()) {
    this.#jar = jar;
  }

  readonly fetch: typeof fetch = async (url, init = {}) => {
    if (this.down) throw new TypeError("the network is down");
    if (init.method !== "POST") return this.#stream(url, init);
    const paths = new URL(String(url)).pathname.split("/").at(-1)?.split(",") ?? [];
    const body = JSON.parse(String(init.body)) as Record<string, unknown>;
    for (const [i, path] of paths.entries()) this.posted.push({ path, input: String(url).includes("batch=1") ? body[i] : body });
    const { random } = this;
    if (!random) return this.#jar.fetch(url, init);
    if (random.chance(0.15)) throw new TypeError("the request was lost");
    if (random.chance(0.3)) await delay(random.int(30));
    if (random.chance(0.2)) {
      const late = random.int(40);
      void delay(late)
        .then(() => this.#jar.fetch(url, { ...init, signal: null }))
        .then((response) => response.text())
        .catch(() => {});
    }
    const response = await this.#jar.fetch(url, init);
    if (random.chance(0.15)) {
      await response.text();
      throw new TypeError("the answer was lost");
    }
    if (random.chance(0.1)) {
      await response.text();
      return new Response("<h1>Bad gateway</h1>", { status: 502 });
    }
    if (random.chance(0.2)) {
      const text = await response.text();
      await delay(random.int(30));
      return new Response(random.chance(0.3) ? text.slice(0, random.int(text.length)) : text, response);
    }
    return response;
  };

  async #stream(url: RequestInfo | URL, init: RequestInit): Promise<Response> {
    if (!this.streams) throw new TypeError("no streams here");
    const cut = new AbortController();
    this.#streams.add(cut);
    const signal = AbortSignal.any([cut.signal, ...(init.signal ? [init.signal] : [])]);
    const response = await this.#jar.fetch(url, { ...init, signal });
    const look = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, out) => {
        this.#look(new TextDecoder().decode(chunk));
        out.enqueue(chunk);
      },
    });
    return new Response(response.body?.pipeThrough(look), response);
  }

  readonly openSocket = (url: string): WebSocket => {
    if (this.down || !this.streams) throw new TypeError("no sockets here");
    const socket = this.#jar.openSocket(url);
    this.#sockets.add(socket);
    socket.addEventListener("message", ({ data }) => this.#look(typeof data === "string" ? data : JSON.stringify(decode(new Uint8Array(data)))));
    return socket;
  };

  #look(text: string): void {
    this.seen.snapshot += text.split('["snapshot"').length - 1;
    this.seen.resume += text.split('["resume"').length - 1;
  }

  /** How many sockets are open. */
  get sockets(): number {
    return [...this.#sockets].filter(({ readyState }) => readyState === WebSocket.OPEN).length;
  }

  /** Breaks the streams that are open. */
  cut(): void {
    for (const stream of this.#streams) stream.abort(new TypeError("the line was cut"));
    this.#streams.clear();
    for (const socket of this.#sockets) socket.close();
    this.#sockets.clear();
  }
}

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
