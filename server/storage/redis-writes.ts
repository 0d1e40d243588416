import type { Redis } from "ioredis";
import { fewReplicas } from "../../lib/errors/redis-errors.js";
import type { Argument, Reply } from "./redis-line.js";
import { hashes, type ScriptName, scripts } from "./redis-scripts.js";

/** How long replicas may take to have a write, in ms. */
const PATIENCE = 3000;
/** How often a write is sent anew whose line broke before the answer. */
const MOST_TRIES = 20;

interface Line {
  readonly where: string;
  /** A line of its own: nothing else waits behind `WAIT`. */
  client(): Promise<Redis>;
  explain(error: unknown): Error;
}

interface Write {
  readonly name: ScriptName;
  readonly keys: readonly string[];
  readonly args: readonly Argument[];
  /** The script is sent whole, as Redis does not know it yet. */
  whole: boolean;
  tries: number;
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

/**
 * Writes that are done only when so many replicas have them. `WAIT` speaks of what its own line has written, so both go as one pipeline, which is sent again as
 * a whole. Writes that come meanwhile share the next one.
 */
export class ReplicatedWrites {
  readonly #line: Line;
  readonly #replicas: number;
  #waiting: Write[] = [];
  #busy = false;

  constructor(line: Line, replicas: number) {
    this.#line = line;
    this.#replicas = replicas;
  }

  run(name: ScriptName, keys: readonly string[], args: readonly Argument[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ name, keys, args, whole: false, tries: 0, resolve, reject });
      if (!this.#busy) void this.#go();
    });
  }

  async #go(): Promise<void> {
    this.#busy = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#write(batch);
      } catch (error) {
        for (const { reject } of batch) reject(this.#line.explain(error));
      }
    }
    this.#busy = false;
  }

  async #write(batch: readonly Write[]): Promise<void> {
    const client = await this.#line.client();
    const pipeline = client.pipeline();
    for (const { args, keys, name, whole } of batch) {
      if (whole) pipeline.eval(scripts[name], keys.length, ...keys, ...args);
      else pipeline.evalsha(hashes[name], keys.length, ...keys, ...args);
    }
    pipeline.wait(this.#replicas, PATIENCE);
    const answers = (await pipeline.exec()) ?? [];
    const [late, have] = (answers.at(-1) ?? []) as [error: Error | null, have: number];
    for (const [i, write] of batch.entries()) {
      const [error, reply] = answers[i] as [error: Error | null, reply: Reply];
      const failed = error ?? late;
      if (failed && this.#mayTryAgain(write, failed)) this.#waiting.push(write);
      else if (failed) write.reject(this.#line.explain(failed));
      else if (have < this.#replicas) write.reject(fewReplicas(this.#line.where, have, this.#replicas, PATIENCE));
      else write.resolve(reply);
    }
  }

  #mayTryAgain(write: Write, { message, name }: Error): boolean {
    if (++write.tries > MOST_TRIES) return false;
    if (!message.startsWith("NOSCRIPT")) return name === "AbortError";
    write.whole = true;
    return true;
  }
}
