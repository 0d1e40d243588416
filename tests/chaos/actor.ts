import { type Client, createClient } from "../../client/client.js";
import type { Twin } from "../../client/twin.js";
import type { Call, Seen } from "../crash/checker.js";
import { Jar } from "../kit/http.js";
import { follow } from "../kit/outcome.js";
import type { Random } from "../kit/random.js";
import { Requests } from "./requests.js";

/** How many calls of a client may have no answer. */
const WINDOW = 8;
/** How often an event makes several commits, unless it is said. */
const MANY = 0.1;

/** When a call was made, and when it was answered. */
export interface Timed extends Call {
  readonly begun: number;
  ended?: number;
}

/** How long a client waited, and for which call. */
export interface Pause {
  readonly waited: number;
  readonly actor: Actor;
  readonly call: Timed | undefined;
}

/** What clients were told about their state when a stream began. */
export interface Resumes {
  /** What they had missed, and that alone. */
  delta: number;
  /** The whole state again. */
  snapshot: number;
}

export const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** One client, in a room or with the state of its session: what it asks for, and what it is told. */
export class Actor {
  readonly calls: Timed[] = [];
  readonly resumes: Resumes = { delta: 0, snapshot: 0 };
  readonly jar = new Jar();
  readonly requests: Requests;
  readonly #url: string;
  readonly #client: Client;
  readonly #log: Twin;
  readonly #tally: Twin;
  readonly #pending = new Set<Promise<void>>();
  readonly #told = new Set<string>();
  #over = false;

  constructor(
    readonly number: number,
    url: string,
    readonly room: string | undefined,
  ) {
    this.#url = url;
    this.requests = new Requests(number);
    this.#client = createClient({ url, fetch: this.#fetch as typeof fetch, transport: "sse" });
    [this.#log, this.#tally] = this.#twins(this.#client);
  }

  #twins(client: Client): [Twin, Twin] {
    return this.room === undefined
      ? [client.twin("log", null), client.twin("tally", null)]
      : [client.twin("roomLog", this.room), client.twin("roomTally", this.room)];
  }

  async arrive(): Promise<void> {
    for (const twin of [this.#log, this.#tally]) twin.use();
    await Promise.all([this.#log.ready, this.#tally.ready]);
  }

  /** Notes what streams begin with. */
  readonly #fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const response = await this.requests.make(this.jar.fetch as typeof fetch, input, init);
    if (init?.method === "POST" || !response.ok || !response.body) return response;
    let rest = "";
    const look = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, control) => {
        const lines = (rest + Buffer.from(chunk).toString("latin1")).split("\n");
        // Only the beginning of a line tells what it is, however long it is.
        rest = (lines.pop() as string).slice(0, 200);
        for (const line of lines) this.#hear(/^data: \["(\w+)",(?:\d+,"(\w+)")?/.exec(line) ?? []);
        control.enqueue(chunk);
      },
    });
    return new Response(response.body.pipeThrough(look), { status: response.status, headers: response.headers });
  };

  #hear([, what, store]: readonly string[]): void {
    if (what === "resume") this.resumes.delta++;
    else if (what === "snapshot" && store !== undefined) {
      if (this.#told.has(store)) this.resumes.snapshot++;
      this.#told.add(store);
    }
  }

  /** Calls events, a pause after each, until `rest`. `many`: how often an event makes several commits. */
  async work(random: Random, pace: number, many = MANY): Promise<void> {
    while (!this.#over) {
      await wait(random.int(2 * pace));
      while (this.#pending.size >= WINDOW) await Promise.race(this.#pending);
      if (!this.#over) this.#call(random.chance(many) ? 2 + random.int(4) : 1);
    }
  }

  rest(): void {
    this.#over = true;
  }

  #call(count: number): void {
    const id = `${this.number}.${this.calls.length}`;
    const ids = count === 1 ? [id] : Array.from({ length: count }, (_, i) => `${id}.${i}`);
    const call: Timed = { client: this.number, ids, begun: performance.now() };
    this.calls.push(call);
    const answer = this.#log.event(count > 1 ? "many" : "add")?.(...ids) as PromiseLike<unknown>;
    void follow(call, answer, this.#pending).then(() => {
      call.ended = performance.now();
    });
  }

  /** The longest that a call waited, of those that had no answer at a time, or began within a span after it. */
  pause(at: number, span: number): Pause {
    let longest: Pause = { waited: 0, actor: this, call: undefined };
    for (const call of this.calls) {
      const { begun, ended = Infinity } = call;
      const waited = begun < at + span && ended > at ? ended - Math.max(begun, at) : 0;
      if (waited > longest.waited) longest = { waited, actor: this, call };
    }
    return longest;
  }

  /** Resolves when all calls have an answer. */
  async quiet(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  /** How many calls have no answer. */
  get waits(): number {
    return this.#pending.size;
  }

  sees(): Seen {
    return seen(this.#log, this.#tally);
  }

  /** What one sees who has just come. */
  async truth(): Promise<Seen> {
    const client = createClient({ url: this.#url, fetch: this.jar.fetch, transport: "sse" });
    try {
      const [log, tally] = this.#twins(client);
      for (const twin of [log, tally]) twin.use();
      await Promise.all([log.ready, tally.ready]);
      return seen(log, tally);
    } finally {
      client.close();
    }
  }

  leave(): void {
    this.#client.close();
  }
}

const idsOf = (twin: Twin) => [...((twin.mirror.read("ids") ?? []) as string[])];
const seen = (log: Twin, tally: Twin): Seen => ({ log: idsOf(log), tally: idsOf(tally) });
