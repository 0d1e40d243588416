import type { StateError } from "../../lib/errors/errors.js";
import { FORMAT, type Packed } from "./packed.js";
import type { Argument, RedisLine, Reply } from "./redis-line.js";

/** What one script takes at most: so many appends, or so many characters. Redis works on one script while this process makes the next one. */
const MOST = 32;
const MOST_CHARACTERS = 256 * 1024;

/** The commits of one record on their way, one after the other. */
interface Append {
  /** The key of the record's head. */
  readonly key: string;
  /** The lease. */
  readonly token: string;
  readonly packed: readonly Packed[];
  /** What is said of most appends with one word: nothing. */
  readonly more: AppendMore | undefined;
}

/** What few appends have besides their commits. `due`: empty where it does not change, `-` where nothing is due any more. */
export type AppendMore = readonly [id: string, begins: 0 | 1, due: string, news: readonly string[], chunks: readonly number[]];

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

/** The appends that go to Redis together. */
class Batch {
  readonly keys: string[] = [];
  readonly args: Argument[];
  readonly waiters: Waiter[] = [];
  characters = 0;

  constructor(prefix: string) {
    this.args = [prefix, FORMAT];
  }

  add({ key, token, packed, more }: Append): void {
    const { args } = this;
    this.keys.push(key);
    const length = args.push(0, token, (packed[0] as Packed).incarnation, more ? JSON.stringify(more) : "") - 3;
    for (const { sequence, revision, text } of packed) {
      args.push(`${sequence} ${revision}`, text);
      this.characters += text.length;
    }
    for (const { chunks } of more ? packed : []) {
      for (const chunk of chunks) {
        args.push(chunk);
        this.characters += chunk.length;
      }
    }
    args[length - 1] = args.length - length;
  }

  get full(): boolean {
    return this.keys.length >= MOST || this.characters > MOST_CHARACTERS;
  }
}

/** The appends of one turn of the event loop go to Redis as one script. It looks at each on its own: one that is refused leaves the others alone. */
export class RedisAppends {
  readonly #line: RedisLine;
  readonly #prefix: string;
  #batch: Batch | undefined;

  constructor(line: RedisLine, prefix: string) {
    this.#line = line;
    this.#prefix = prefix;
  }

  /** Appends commits to a record, which follow one another. Resolves when they are stored. */
  add(append: Append): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.#batch) {
        this.#batch = new Batch(this.#prefix);
        setImmediate(() => this.send());
      }
      this.#batch.add(append);
      this.#batch.waiters.push({ resolve, reject });
      if (this.#batch.full) this.send();
    });
  }

  /** Sends what waits. */
  send(): void {
    const batch = this.#batch;
    this.#batch = undefined;
    if (batch) void this.#run(batch);
  }

  async #run({ keys, args, waiters }: Batch): Promise<void> {
    let replies: readonly Reply[];
    try {
      replies = (await this.#line.write("append", keys, args)) as readonly Reply[];
    } catch (error) {
      for (const { reject } of waiters) reject(error as StateError);
      return;
    }
    for (const [i, { resolve, reject }] of waiters.entries()) {
      const reply = replies[i];
      if (typeof reply === "number") resolve();
      else reject(this.#line.explain(new Error(String(reply))));
    }
  }
}
