import { collectionFace, receiver } from "./collection-face.js";
import { callable, SetLoop } from "./loop.js";
import { liveOf, type Stored } from "./node.js";
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
  const prototype = isObject(other) && Object.getPrototypeOf(other);
  // No code of the user's runs where it is looked into.
  if (prototype === Set.prototype || prototype === Map.prototype) return new Set(Array.from((other as Set<unknown>).keys(), (key) => find(node, key)));
  return relay(other, (name, run, value) => {
    if (name === "has") return run(liveOf(value));
    return relay(run(), (end, step) => {
      const result = step() as IteratorResult<unknown>;
      return end === "next" && isObject(result) && !result.done ? { value: find(node, result.value), done: false } : result;
    });
  });
}

const isObject = (value: unknown): value is object => Object(value) === value;

type Change = (name: string | symbol, run: (value?: unknown) => unknown, value: unknown) => unknown;

/** An object whose methods are called as `change` says. */
function relay(object: unknown, change: Change): unknown {
  if (!isObject(object)) return object;
  return new Proxy(object, {
    get(_, name) {
      const member: unknown = Reflect.get(object, name);
      return typeof member === "function" ? (argument: unknown) => change(name, (value) => member.call(object, value), argument) : member;
    },
  });
}

/** What users hold of a Set. */
const setFace = collectionFace<SetNode>({
  kind: "Set",
  native: Set.prototype,
  methods,
  size: (set) => read(set).size,
  copy: (set) => new Set(loop(set)),
});
