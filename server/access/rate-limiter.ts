/** Tokens by key: each key may take some at once, and gets new ones at a steady rate. */
export interface RateLimiter {
  /** Takes a token, or the part of one that `cost` says. Gives 0 when there was one, or after how many ms to try again. @default cost: 1 */
  take(key: string, cost?: number): number;
  /** Puts back what was not needed. */
  giveBack(key: string, cost?: number): void;
}

export interface RateLimiterOptions {
  /** How many tokens a key gets a second. */
  readonly rate: number;
  /** How many it may have. */
  readonly size: number;
  /** The time in ms. @default the process's */
  now?(): number;
}

interface Bucket {
  tokens: number;
  at: number;
  /** The key has run dry, and gives no token before this many are there. */
  from: number;
}

/** The number of keys from which full ones are looked for and forgotten. */
const SWEEP_FROM = 10_000;

/**
 * A key that has run dry gets nothing until a tenth of its tokens is back: a client that comes back then finds more than one, and calls that belong
 * together stay together.
 */
export function createRateLimiter({ rate, size, now = () => performance.now() }: RateLimiterOptions): RateLimiter {
  const buckets = new Map<string, Bucket>();
  let sweepAt = SWEEP_FROM;

  function fill(bucket: Bucket): void {
    const time = now();
    bucket.tokens = Math.min(size, bucket.tokens + ((time - bucket.at) * rate) / 1000);
    bucket.at = time;
  }

  function sweep(): void {
    for (const [key, bucket] of buckets) {
      fill(bucket);
      if (bucket.tokens >= size) buckets.delete(key);
    }
    sweepAt = Math.max(SWEEP_FROM, 2 * buckets.size);
  }

  return {
    take(key, cost = 1) {
      if (rate === Infinity) return 0;
      let bucket = buckets.get(key);
      if (!bucket) {
        if (buckets.size >= sweepAt) sweep();
        bucket = { tokens: size, at: now(), from: 0 };
        buckets.set(key, bucket);
      }
      fill(bucket);
      if (bucket.tokens >= Math.max(cost, bucket.from)) {
        bucket.tokens -= cost;
        bucket.from = 0;
        return 0;
      }
      bucket.from = Math.max(cost, size / 10);
      return Math.ceil(((bucket.from - bucket.tokens) * 1000) / rate);
    },
    giveBack(key, cost = 1) {
      const bucket = buckets.get(key);
      if (bucket) bucket.tokens = Math.min(size, bucket.tokens + cost);
    },
  };
}
