import { badWire } from "../errors/errors.js";

/** Stands for a container without a number. */
const NONE = -1;

/** Numbers as pairs `start, count`; -1 stands for none. */
export class IdRanges {
  readonly #list: number[] = [];
  #start = 0;
  #count = 0;

  add(id: number): void {
    if (this.#count > 0 && (id < 0 ? this.#start < 0 : this.#start >= 0 && this.#start + this.#count === id)) {
      this.#count++;
      return;
    }
    this.#close();
    this.#start = id < 0 ? NONE : id;
    this.#count = 1;
  }

  all(): number[] {
    this.#close();
    this.#count = 0;
    return this.#list;
  }

  #close(): void {
    if (this.#count > 0) this.#list.push(this.#start, this.#count);
  }
}

/** Numbers that stand as pairs `start, count`. */
export function expand(pairs: readonly number[]): number[] {
  const ids: number[] = [];
  for (let i = 0; i < pairs.length; i += 2) {
    const [start, count] = [pairs[i] as number, pairs[i + 1] as number];
    if (!(count > 0 && count < 1e8)) throw badWire("a count", count);
    for (let n = 0; n < count; n++) ids.push(start < 0 ? NONE : start + n);
  }
  return ids;
}
