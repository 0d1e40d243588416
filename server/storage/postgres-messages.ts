import { createHash } from "node:crypto";
import type { Client } from "pg";
import { pause } from "../task/pause.js";
import { end, type PostgresLine } from "./postgres-line.js";

/** The most bytes of one piece: a notification takes less than 8,000, and the name of the sender stands before it. */
const PIECE = 7500;
/** How many bytes one statement sends. */
const AT_ONCE = 1 << 18;
/** How many bytes may wait to be sent. Beyond, messages are lost, as where the line is cut. */
const MOST_WAITING = 64 << 20;
/** The pauses between attempts to make the line anew, in ms. */
const SHORTEST_PAUSE = 50;
const LONGEST_PAUSE = 1000;

/** Sends pieces in their order. Equal ones in a transaction would be one, so each has a number. */
const SEND = "select pg_notify(p.channel, p.piece) from unnest($1::text[], $2::text[]) with ordinality as p (channel, piece, n) order by n";

interface Piece {
  readonly channel: string;
  readonly text: string;
  readonly bytes: number;
}

/** The pieces of a message that have come. */
interface Half {
  readonly message: number;
  readonly parts: string[];
}

/**
 * Messages between nodes, by `LISTEN` and `NOTIFY`. Larger ones go in pieces. The line is one of its own: what it sends needs no disk, and what comes finds no
 * statement in its way.
 */
export class PostgresMessages {
  readonly #line: PostgresLine;
  readonly #node: string;
  #client: Promise<Client> | undefined;
  #take: ((message: string, from: string) => void) | undefined;
  #pieces: Piece[] = [];
  #bytes = 0;
  #sending = false;
  #sent = 0;
  readonly #halves = new Map<string, Half>();

  constructor(line: PostgresLine, node: string) {
    this.#line = line;
    this.#node = node;
  }

  onMessage(take: (message: string, from: string) => void): void {
    this.#take = take;
  }

  /** Resolves when messages to this node are heard. A line that does not answer any more is made anew. */
  async listen(): Promise<void> {
    const client = await this.#connected();
    try {
      await client.query("select 1");
    } catch {
      await this.#drop(client);
      await this.#connected();
    }
  }

  send(node: string, message: string): void {
    const channel = this.#channel(node);
    const bytes = Buffer.from(message);
    if (this.#bytes + bytes.length > MOST_WAITING) return;
    const number = ++this.#sent;
    const ends = cuts(bytes);
    let start = 0;
    for (const [i, stop] of ends.entries()) {
      const text = `${this.#node}\n${number} ${i} ${ends.length}\n${bytes.toString("utf8", start, stop)}`;
      this.#pieces.push({ channel, text, bytes: stop - start });
      start = stop;
    }
    this.#bytes += bytes.length;
    if (!this.#sending) void this.#flush();
  }

  // --- the line ---

  #channel(node: string): string {
    return `t${createHash("sha256").update(`${this.#line.schema} ${node}`).digest("hex").slice(0, 40)}`;
  }

  #connected(): Promise<Client> {
    this.#client ??= this.#open();
    const opening = this.#client;
    opening.catch(() => {
      if (this.#client === opening) this.#client = undefined;
    });
    return opening;
  }

  async #open(): Promise<Client> {
    const client = await this.#line.connect(() => void this.#again(client));
    client.on("notification", ({ payload = "" }) => this.#hear(payload));
    try {
      // A notification that is lost with the server needs no disk.
      await client.query("set synchronous_commit = off");
      await client.query(`listen ${this.#channel(this.#node)}`);
    } catch (error) {
      await end(client);
      throw this.#line.explain(error);
    }
    return client;
  }

  async #drop(client: Client): Promise<void> {
    if ((await this.#client?.catch(() => undefined)) === client) this.#client = undefined;
    this.#halves.clear();
    await end(client);
  }

  /** Makes the line anew that has ended by itself. */
  async #again(client: Client): Promise<void> {
    if ((await this.#client?.catch(() => undefined)) !== client) return;
    this.#client = undefined;
    this.#halves.clear();
    for (let wait = SHORTEST_PAUSE; !this.#client && !this.#line.closed; wait = Math.min(2 * wait, LONGEST_PAUSE)) {
      await pause(wait);
      if (!this.#client) await this.#connected().catch(() => {});
    }
  }

  /** Ends the line, until the next use. */
  async rest(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    this.#client = undefined;
    if (client) await end(client);
  }

  // --- what is sent, and what comes ---

  async #flush(): Promise<void> {
    this.#sending = true;
    // Those of one turn of the event loop go together.
    await undefined;
    while (this.#pieces.length > 0) {
      let [count, bytes] = [0, 0];
      while (count < this.#pieces.length && bytes < AT_ONCE) bytes += (this.#pieces[count++] as Piece).bytes;
      const some = this.#pieces.splice(0, count);
      this.#bytes -= bytes;
      try {
        const client = await this.#connected();
        await client.query({ name: "send", text: SEND, values: [some.map(({ channel }) => channel), some.map(({ text }) => text)] });
      } catch {
        // They are lost: whether they have gone is not known.
      }
    }
    this.#sending = false;
  }

  #hear(payload: string): void {
    const [, from, number, part, count, text] = /^([^\n]*)\n(\d+) (\d+) (\d+)\n(.*)$/s.exec(payload) ?? [];
    if (from === undefined || text === undefined) return;
    if (count === "1") return this.#take?.(text, from);
    if (part === "0") this.#halves.set(from, { message: Number(number), parts: [] });
    const half = this.#halves.get(from);
    if (!half || half.message !== Number(number) || half.parts.length !== Number(part)) return void this.#halves.delete(from);
    half.parts.push(text);
    if (half.parts.length < Number(count)) return;
    this.#halves.delete(from);
    this.#take?.(half.parts.join(""), from);
  }
}

/** Gives where to cut a text so that its pieces are small enough, and no letter is cut. */
function cuts(bytes: Buffer): number[] {
  const ends: number[] = [];
  for (let start = 0; start === 0 || start < bytes.length; ) {
    let stop = Math.min(start + PIECE, bytes.length);
    while (stop < bytes.length && ((bytes[stop] as number) & 0xc0) === 0x80) stop--;
    ends.push(stop);
    if (stop === bytes.length) break;
    start = stop;
  }
  return ends;
}
