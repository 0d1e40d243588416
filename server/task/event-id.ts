import { randomFillSync } from "node:crypto";

/** Random bytes of one id. */
const BYTES = 18;

/** Random bytes are made for many ids at once: each event has one. */
const pool = Buffer.alloc(256 * BYTES);
let at = pool.length;

/** The id of an event that no client has numbered: random, 22 letters, digits, `-` and `_`. */
export function randomEventId(): string {
  if (at === pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  at += BYTES;
  return pool.toString("base64url", at - BYTES, at).slice(0, 22);
}
