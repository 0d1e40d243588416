import { badBroadcast } from "../../lib/errors/server-code-errors.js";

/** The options of `broadcast`: which instances, and how many at a time. */
export interface BroadcastOptions {
  /** Only those that a browser watches now. @default false: all that are stored or in memory */
  live?: boolean;
  /** Only the keys that begin with this. */
  prefix?: string;
  /**
   * How many are called at once. The others are not loaded meanwhile.
   * @default 8
   */
  concurrency?: number;
  /** Ends the broadcast: the calls that run are cancelled, and no other begins. */
  signal?: AbortSignal;
}

/** The outcome of a broadcast. */
export interface BroadcastResult {
  /** How many have ended well. */
  readonly done: number;
  /** The others, by key. */
  readonly failed: readonly { readonly key: string; readonly error: unknown }[];
}

const CONCURRENCY = 8;

/** @throws StateError that names the argument or the option */
export function checkBroadcast(store: string, run: unknown, { live, prefix, concurrency, signal }: BroadcastOptions): void {
  if (typeof run !== "function") throw badBroadcast(store, "no function: give one that calls the store's events");
  if (live !== undefined && typeof live !== "boolean") throw badBroadcast(store, "a `live` that is no boolean");
  if (prefix !== undefined && typeof prefix !== "string") throw badBroadcast(store, "a `prefix` that is no string");
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency >= 1))
    throw badBroadcast(store, "a `concurrency` that is no whole number from 1");
  if (signal !== undefined && typeof signal?.addEventListener !== "function") throw badBroadcast(store, "a `signal` that is no `AbortSignal`");
}

/**
 * Runs something for each key, some at a time. One that fails stops no other.
 * @throws the signal's reason, once what runs has ended; and what `keys` throws
 */
export async function broadcast(
  keys: AsyncIterable<string>,
  run: (key: string) => Promise<unknown>,
  { concurrency = CONCURRENCY, signal }: BroadcastOptions,
): Promise<BroadcastResult> {
  let done = 0;
  const failed: { key: string; error: unknown }[] = [];
  const running = new Set<Promise<void>>();
  const one = async (key: string) => {
    try {
      await run(key);
      done++;
    } catch (error) {
      failed.push({ key, error });
    }
  };
  try {
    for await (const key of keys) {
      if (signal?.aborted) break;
      const call = one(key).finally(() => running.delete(call));
      running.add(call);
      if (running.size >= concurrency) await Promise.race(running);
    }
  } finally {
    await Promise.all(running);
  }
  signal?.throwIfAborted();
  return { done, failed };
}
