import { textId } from "./random-id.js";

/**
 * The ids that `newId()` gives in one event, in order: equal wherever the same event runs. `seed` names the event, in ASCII; nobody finds another seed with an
 * id of it, so that ids of different events differ.
 */
export function eventIds(seed: string): () => string {
  let n = 0;
  return () => textId(sha256(`${seed} ${++n}`).slice(0, 18));
}

const STATE: number[] = [];
const ROUNDS: number[] = [];
for (let n = 2; ROUNDS.length < 64; n++) {
  let prime = true;
  for (let d = 2; d * d <= n; d++) prime &&= n % d !== 0;
  if (!prime) continue;
  if (STATE.length < 8) STATE.push(fraction(Math.sqrt(n)));
  ROUNDS.push(fraction(Math.cbrt(n)));
}

function fraction(value: number): number {
  return ((value % 1) * 2 ** 32) | 0;
}

/** SHA-256, as browsers have it only for those who wait. */
export function sha256(ascii: string): number[] {
  const words: number[] = [];
  const length = ascii.length;
  for (let i = 0; i < length; i++) words[i >> 2] = (words[i >> 2] ?? 0) | (ascii.charCodeAt(i) << (24 - (i % 4) * 8));
  words[length >> 2] = (words[length >> 2] ?? 0) | (0x80 << (24 - (length % 4) * 8));
  const size = (((length + 8) >> 6) + 1) * 16;
  words[size - 1] = length * 8;
  const hash = [...STATE];
  const w: number[] = [];
  for (let block = 0; block < size; block += 16) {
    let [a, b, c, d, e, f, g, h] = hash as [number, number, number, number, number, number, number, number];
    for (let i = 0; i < 64; i++) {
      if (i < 16) w[i] = words[block + i] ?? 0;
      else {
        const [x, y] = [w[i - 15] as number, w[i - 2] as number];
        w[i] = ((w[i - 16] as number) + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + (w[i - 7] as number) + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10))) | 0;
      }
      const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + (ROUNDS[i] as number) + (w[i] as number)) | 0;
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => {
      hash[i] = ((hash[i] as number) + value) | 0;
    });
  }
  return hash.flatMap((word) => [24, 16, 8, 0].map((shift) => (word >>> shift) & 255));
}

const turn = (word: number, by: number) => (word >>> by) | (word << (32 - by));
