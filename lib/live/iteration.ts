import { notCallable } from "../errors/state-errors.js";
import type { Stored } from "../graph/node.js";

/** A container that a loop goes over. Its data is replaced when changes are undone. */
interface Looped {
  readonly data: Map<Stored, Stored> | Set<Stored>;
}

/** `part`: what the iterator gives for a key. */
type Loops = new <T>(node: Looped, part: (key: Stored) => T) => MapIterator<T> & SetIterator<T>;

/** Iterators over a Map or Set of users'. They inherit from the prototype of the language's own iterators, with all its methods. */
function loopsLike(native: object): Loops {
  class Loop {
    #node: Looped | undefined;
    #data: Looped["data"];
    #keys: Iterator<Stored>;
    readonly #part: (key: Stored) => unknown;

    constructor(node: Looped, part: (key: Stored) => unknown) {
      this.#node = node;
      this.#data = node.data;
      this.#keys = node.data.keys();
      this.#part = part;
    }

    next(): IteratorResult<unknown> {
      const node = this.#node;
      if (!node) return { value: undefined, done: true };
      if (node.data !== this.#data) {
        this.#keys = unmet(node.data, this.#data, new Set({ [Symbol.iterator]: () => this.#keys }));
        this.#data = node.data;
      }
      const { value, done } = this.#keys.next();
      // An iterator that has ended stays so, even if entries are added.
      if (done) this.#node = undefined;
      return done ? { value: undefined, done } : { value: this.#part(value), done: false };
    }
  }
  Reflect.deleteProperty(Loop.prototype, "constructor");
  Object.setPrototypeOf(Loop.prototype, Object.getPrototypeOf(native));
  return Loop as unknown as Loops;
}

export const MapLoop = loopsLike(new Map().keys());
export const SetLoop = loopsLike(new Set().keys());

/** The keys of `data` that a loop has not met yet. The loop went over `before`, and `rest` was left of it. */
function* unmet(data: Looped["data"], before: Looped["data"], rest: ReadonlySet<Stored>): Generator<Stored> {
  for (const key of data.keys()) if (rest.has(key) || !before.has(key)) yield key;
}

export type Callback = (this: unknown, value: unknown, key: unknown, container: unknown) => unknown;

/** @throws TypeError as the language's own methods do */
export function callable(fn: unknown): asserts fn is Callback {
  if (typeof fn !== "function") throw notCallable(fn);
}
