import type { StateError } from "../../lib/errors/errors.js";
import { FORMAT } from "./packed.js";
import type { Argument, RedisLine, Reply } from "./redis-line.js";

/** What one script takes at most: so many appends, or so many characters. Redis works on one script while this process makes the next one. */
const MOST = 32;
const MOST_CHARACTERS = 256 * 1024;

interface Append {
  readonly keys: readonly string[];
  readonly args: readonly Argument[];
  resolve(): void;
  reject(error: Error): void;
}

/** The appends of one turn of the event loop go to Redis as one script. It looks at each on its own: one that is refused leaves the others alone. */
export class RedisAppends {
  readonly #line: RedisLine;
  readonly #prefix: string;
  #waiting: Append[] = [];
  /** Characters of what waits. */
  #characters = 0;

  constructor(line: RedisLine, prefix: string) {
    this.#line = line;
    this.#prefix = prefix;
  }

  /** Appends to the record of these keys. `args`: what the script takes of it. Resolves when it is stored. */
  add(keys: readonly string[], args: readonly Argument[], characters: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ keys, args, resolve, reject }) === 1) setImmediate(() => this.send());
      this.#characters += characters;
      if (this.#waiting.length === MOST || this.#characters > MOST_CHARACTERS) this.send();
    });
  }

  /** Sends what waits. */
  send(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#characters = 0;
    if (waiting.length > 0) void this.#run(waiting);
  }

  async #run(appends: readonly Append[]): Promise<void> {
    const args: Argument[] = [this.#prefix, FORMAT];
    for (const append of appends) args.push(append.args.length, ...append.args);
    let replies: readonly Reply[];
    try {
      replies = (await this.#line.write(
        "append",
        appends.flatMap(({ keys }) => keys),
        args,
      )) as readonly Reply[];
    } catch (error) {
      for (const { reject } of appends) reject(error as StateError);
      return;
    }
    for (const [i, { resolve, reject }] of appends.entries()) {
      const reply = replies[i];
      if (typeof reply === "number") resolve();
      else reject(this.#line.explain(new Error(String(reply))));
    }
  }
}
