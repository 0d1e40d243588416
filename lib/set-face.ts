import { collectionFace, receiver } from "./collection-face.js";
import { callable, SetLoop } from "./loop.js";
import { liveOf, type Node, type Stored } from "./node.js";
import { observeAll } from "./observe.js";
import type { SetNode } from "./set.js";
import { find, writing } from "./writing.js";

export const openSet = (node: SetNode): object => new Proxy(node, setFace);

const setOf = (value: unknown): SetNode => receiver("Set", value);

/** For reading. */
function read(set: SetNode): Set<Stored> {
  observeAll(set);
  return set.data;
}

function loop(set: SetNode, part: (member: unknown) => unknown = (member) => member): SetIterator<unknown> {
  observeAll(set);
  return new SetLoop(set, (stored) => part(liveOf(stored)));
}

const methods: Record<string | symbol, unknown> & ThisType<unknown> = {
  __proto__: null,
  has(value: unknown): boolean {
    const set = setOf(this);
    return read(set).has(find(set, value));
  },
  add(value: unknown): unknown {
    const set = setOf(this);
    set.put(writing(set, value).enterKey(value, set));
    return this;
  },
  delete(value: unknown): boolean {
    const set = setOf(this);
    writing(set, value);
    return set.remove(find(set, value));
  },
  clear(): void {
    const set = setOf(this);
    writing(set);
    set.clear();
  },
  forEach(callback: unknown, thisArg?: unknown): void {
    const set = setOf(this);
    callable(callback);
    for (const value of loop(set)) callback.call(thisArg, value, value, this);
  },
  values(): SetIterator<unknown> {
    return loop(setOf(this));
  },
  get keys() {
    return methods.values;
  },
  get [Symbol.iterator]() {
    return methods.values;
  },
  entries(): SetIterator<unknown> {
    return loop(setOf(this), (value) => [value, value]);
  },
  toJSON(): unknown[] {
    return [...loop(setOf(this))];
  },
};

type Algebra = (this: Set<unknown>, other: unknown) => unknown;

// Set algebra is the language's own, on what stands in the container, so that it sees each change that `other` makes meanwhile.
for (const name of ["union", "intersection", "difference", "symmetricDifference", "isSubsetOf", "isSupersetOf", "isDisjointFrom"]) {
  const native = (Set.prototype as unknown as Record<string, Algebra | undefined>)[name];
  if (!native) continue;
  const { [name]: method } = {
    [name](this: unknown, other: unknown): unknown {
      const set = setOf(this);
      const result = native.call(read(set), asStored(set, other));
      return result instanceof Set ? new Set([...result].map(liveOf)) : result;
    },
  };
  methods[name] = method;
}

/** The other set of an operation, as one of what stands in containers. */
function asStored(node: SetNode, other: unknown): unknown {
  if (typeof other !== "object" || other === null) return other;
  const prototype = Object.getPrototypeOf(other);
  // No code of the user's runs where it is looked into.
  if (prototype === Set.prototype || prototype === Map.prototype) return new Set(Array.from((other as SetLike).keys(), (key) => find(node, key)));
  return new Other(node, other as SetLike);
}

interface SetLike {
  readonly size: number;
  has(value: unknown): boolean;
  keys(): Iterator<unknown> & Iterable<unknown>;
}

class Other {
  readonly #node: Node;
  readonly #set: SetLike;

  constructor(node: Node, set: SetLike) {
    this.#node = node;
    this.#set = set;
  }

  get size(): number {
    return this.#set.size;
  }

  get has(): unknown {
    const { has } = this.#set;
    return typeof has === "function" ? (stored: Stored) => has.call(this.#set, liveOf(stored)) : has;
  }

  get keys(): unknown {
    const { keys } = this.#set;
    return typeof keys === "function" ? () => this.#stored(keys.call(this.#set)) : keys;
  }

  #stored(keys: Iterator<unknown>): unknown {
    if (Object(keys) !== keys) return keys;
    const { next } = keys;
    return {
      next: (): IteratorResult<Stored> => {
        const step = next.call(keys);
        if (Object(step) !== step) return step;
        return step.done ? { value: undefined, done: true } : { value: find(this.#node, step.value), done: false };
      },
      get return() {
        const end = keys.return;
        return typeof end === "function" ? () => end.call(keys) : end;
      },
    };
  }
}

/** What users hold of a Set. */
const setFace = collectionFace<SetNode>({
  kind: "Set",
  native: Set.prototype,
  methods,
  size: (set) => read(set).size,
  copy: (set) => new Set(loop(set)),
});
