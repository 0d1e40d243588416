import type { Random } from "./random.js";

/** A network between a client and a server that one can pull. It stands where `fetch` does. */
export class Network {
  readonly #fetch: typeof fetch;
  readonly #streams = new Set<AbortController>();
  /** Nothing passes. */
  down = false;
  /** What was posted: procedure and input. */
  readonly posted: { path: string; input: unknown }[] = [];
  /** Faults for posts, by this generator. */
  random: Random | undefined;

  constructor(inner: typeof fetch) {
    this.#fetch = inner;
  }

  readonly fetch: typeof fetch = async (url, init = {}) => {
    if (this.down) throw new TypeError("the network is down");
    if (init.method !== "POST") return this.#stream(url, init);
    const paths = new URL(String(url)).pathname.split("/").at(-1)?.split(",") ?? [];
    const body = JSON.parse(String(init.body)) as Record<string, unknown>;
    for (const [i, path] of paths.entries()) this.posted.push({ path, input: String(url).includes("batch=1") ? body[i] : body });
    const { random } = this;
    if (!random) return this.#fetch(url, init);
    if (random.chance(0.15)) throw new TypeError("the request was lost");
    if (random.chance(0.3)) await delay(random.int(30));
    if (random.chance(0.2)) {
      const late = random.int(40);
      void delay(late)
        .then(() => this.#fetch(url, { ...init, signal: null }))
        .then((response) => response.text())
        .catch(() => {});
    }
    const response = await this.#fetch(url, init);
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
    const cut = new AbortController();
    this.#streams.add(cut);
    const signal = AbortSignal.any([cut.signal, ...(init.signal ? [init.signal] : [])]);
    return this.#fetch(url, { ...init, signal });
  }

  /** Breaks the streams that are open. */
  cut(): void {
    for (const stream of this.#streams) stream.abort(new TypeError("the line was cut"));
    this.#streams.clear();
  }
}

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
