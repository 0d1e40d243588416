import { randomFillSync } from "node:crypto";

/** Random bytes of one id: 24 letters, of which it has 22. */
const BYTES = 18;
const LETTERS = 24;

/** Random bytes are made, and written as letters, for many ids at once: each event has one. */
const pool = Buffer.alloc(64 * BYTES);
let letters = "";
let at = 0;

/** The id of an event that no client has numbered: random, 22 letters, digits, `-` and `_`. */
export function randomEventId(): string {
  if (at === letters.length) {
    letters = randomFillSync(pool).toString("base64url");
    at = 0;
  }
  at += LETTERS;
  return letters.slice(at - LETTERS, at - LETTERS + 22);
}
