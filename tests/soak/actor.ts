import { type ClientOptions, connect, type Status } from "twinstate/client";
import { decode } from "../../lib/wire/binary.js";
import type { Call, Seen } from "../crash/checker.js";
import { Jar } from "../kit/http.js";
import { follow } from "../kit/outcome.js";
import type { Random } from "../kit/random.js";
import type { Resumes } from "../kit/resumes.js";
import { Line } from "./line.js";

/** What can befall a client's line. */
export type Fault = "cut" | "stall" | "half-open";
/** What can go wrong for a client. */
export type Harm = Fault | "kill";

export interface Recovery {
  readonly harm: Harm;
  /** From the moment when nothing was wrong any more until all was as it should be, in ms. */
  readonly ms: number;
}

interface Ids {
  $snapshot(): { readonly ids: readonly string[] };
}
interface Log extends Ids {
  add(id: string): PromiseLike<string>;
  many(...ids: string[]): PromiseLike<number>;
}
/** The stores of tests/crash/server.ts, which is plain JavaScript to the compiler. */
interface Twins {
  log(): Promise<Log>;
  tally(): Promise<Ids>;
  roomLog(key: string): Promise<Log>;
  roomTally(key: string): Promise<Ids>;
  readonly $status: Status;
  $close(): void;
}

/** One scope instance, as this client knows it. */
export interface Place {
  readonly log: Log;
  readonly tally: Ids;
  readonly calls: Call[];
}

/** How many calls of a client may have no answer. */
const WINDOW = 20;
/** How often an event makes several commits. */
const MANY = 0.1;

/** What a message is, and of which store, where it says so. */
type Heard = readonly [what?: unknown, store?: unknown];

/** The beginning of a message, from a line of text. */
const read = (line: string): Heard => (/^data: \["(\w+)",(?:\d+,"(\w+)")?/.exec(line)?.slice(1) as [] | undefined) ?? [];

export const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The stores of a room and those of a session, through a connection of their own. */
export async function enter(room: string, options: ClientOptions) {
  const twins = connect(options) as unknown as Twins;
  const [log, tally, roomLog, roomTally] = await Promise.all([twins.log(), twins.tally(), twins.roomLog(room), twins.roomTally(room)]);
  return { twins, own: { log, tally }, room: { log: roomLog, tally: roomTally } };
}

export const seen = ({ log, tally }: Pick<Place, "log" | "tally">): Seen => ({ log: log.$snapshot().ids, tally: tally.$snapshot().ids });

/** One client on a line of its own: what it asks for, and what it is told. */
export class Actor {
  readonly jar = new Jar();
  readonly recoveries: Recovery[] = [];
  /** What it was told about its state when a stream began; and after a kill alone. */
  readonly resumes: Resumes = { delta: 0, snapshot: 0 };
  readonly killed: Resumes = { delta: 0, snapshot: 0 };
  /** The server was killed, and it has not recovered since. */
  #afterKill = false;
  /** How many streams have told something. */
  readonly streams = { sse: 0, websocket: 0 };
  readonly #line: Line;
  readonly #told = new Set<string>();
  #pending = new Set<Promise<void>>();
  #twins: Twins | undefined;
  #places: { own: Place; room: Place } | undefined;
  #over = false;
  /** How many there have to be for its line to be whole again. */
  #needed = 0;
  /** What is wrong now. */
  #wrong = 0;
  #episode = 0;

  private constructor(
    readonly number: number,
    readonly roomKey: string,
    line: Line,
  ) {
    this.#line = line;
  }

  static async arrive(number: number, room: string, port: number): Promise<Actor> {
    const actor = new Actor(number, room, await Line.open(port));
    const found = await enter(room, {
      url: `http://127.0.0.1:${actor.#line.port}/api/twin`,
      // Every other one; of those, every other one in bytes.
      transport: number % 2 === 0 ? "sse" : "websocket",
      wire: number % 4 === 1 ? "json" : "binary",
      fetch: actor.#fetch as typeof fetch,
      openSocket: actor.#openSocket,
    });
    actor.#twins = found.twins;
    actor.#places = { own: { ...found.own, calls: [] }, room: { ...found.room, calls: [] } };
    return actor;
  }

  get own(): Place {
    return (this.#places as { own: Place }).own;
  }

  get room(): Place {
    return (this.#places as { room: Place }).room;
  }

  /** Something is wrong with its line, or was, and it has not recovered. */
  get ailing(): boolean {
    return this.#wrong > 0 || this.recovering;
  }

  get #begun(): number {
    return this.streams.sse + this.streams.websocket;
  }

  recovering = false;

  // --- what it is told ---

  readonly #fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const response = await this.jar.fetch(input, init);
    if (init?.method === "POST" || !response.ok || !response.body) return response;
    let rest = "";
    const look = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, control) => {
        const lines = (rest + Buffer.from(chunk).toString("latin1")).split("\n");
        // Only the beginning of a line tells what it is, however long it is.
        rest = (lines.pop() as string).slice(0, 200);
        for (const line of lines) this.#hear(read(line), "sse");
        control.enqueue(chunk);
      },
    });
    return new Response(response.body.pipeThrough(look), { status: response.status, headers: response.headers });
  };

  readonly #openSocket = (url: string): WebSocket => {
    const socket = this.jar.openSocket(url);
    socket.addEventListener("message", ({ data }) => {
      if (data instanceof ArrayBuffer) for (const [what, , store] of decode(new Uint8Array(data)) as unknown[][]) this.#hear([what, store], "websocket");
      else for (const line of (data as string).split("\n")) this.#hear(read(line), "websocket");
    });
    return socket;
  };

  #hear([what, store]: Heard, transport: "sse" | "websocket"): void {
    if (what === "hello") this.streams[transport]++;
    else if (what === "resume") this.#count("delta");
    else if (what === "snapshot") {
      if (this.#told.has(store as string)) this.#count("snapshot");
      this.#told.add(store as string);
    }
  }

  #count(how: keyof Resumes): void {
    this.resumes[how]++;
    if (this.#afterKill) this.killed[how]++;
  }

  // --- what it asks for ---

  /** Calls events, a pause after each, until `rest`. */
  async work(random: Random, pace: number): Promise<void> {
    while (!this.#over) {
      await wait(random.int(2 * pace));
      while (this.#pending.size >= WINDOW) await Promise.race(this.#pending);
      if (!this.#over) this.#call(random.chance(0.5) ? this.own : this.room, random.chance(MANY) ? 2 + random.int(4) : 1);
    }
  }

  rest(): void {
    this.#over = true;
  }

  #call({ log, calls }: Place, count: number): Promise<void> {
    const id = `${this.number}.${calls.length}`;
    const ids = count === 1 ? [id] : Array.from({ length: count }, (_, i) => `${id}.${i}`);
    const call: Call = { client: this.number, ids };
    calls.push(call);
    return follow(call, count === 1 ? log.add(id) : log.many(...ids), this.#pending);
  }

  // --- what befalls it ---

  /** Something goes wrong, until the returned function is called: then it recovers. */
  harm(harm: Harm): () => void {
    this.#wrong++;
    this.#episode++;
    this.#afterKill ||= harm === "kill";
    if (harm !== "stall") this.#needed = this.#begun + 1;
    return () => {
      if (--this.#wrong === 0) void this.#recover(harm);
    };
  }

  async #recover(harm: Harm): Promise<void> {
    const since = performance.now();
    const episode = this.#episode;
    this.recovering = true;
    this.#call(this.room, 1);
    await Promise.all([...this.#pending, this.#streaming()]);
    // Something else went wrong meanwhile: it recovers from that then.
    if (episode !== this.#episode) return;
    this.recovering = false;
    this.#afterKill = false;
    this.recoveries.push({ harm, ms: performance.now() - since });
  }

  async suffer(fault: Fault, ms: number, told: boolean): Promise<void> {
    const over = this.harm(fault);
    switch (fault) {
      case "cut":
        this.#line.cut();
        break;
      case "stall":
        this.#line.stall();
        await wait(ms);
        this.#line.flow();
        break;
      case "half-open":
        this.#line.deafen();
        await wait(ms);
        this.#line.hear(told);
        break;
      default:
        fault satisfies never;
    }
    over();
  }

  /** Its line is whole from now on. */
  heal(): void {
    this.#line.flow();
    this.#line.hear(true);
  }

  /** Resolves when all calls have an answer, and its stream is there. */
  async quiet(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
    await this.#streaming();
  }

  async #streaming(): Promise<void> {
    const { $status } = this.#twins as Twins;
    while ($status.current.status !== "online" || this.#begun < this.#needed) {
      await new Promise<void>((resolve) => {
        const stop = $status.subscribe(() => {
          stop();
          resolve();
        });
      });
    }
  }

  leave(): void {
    this.#twins?.$close();
    this.#line.close();
  }
}
