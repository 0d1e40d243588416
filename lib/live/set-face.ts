import { liveOf, type Stored } from "../graph/node.js";
import type { SetNode } from "../graph/set.js";
import { observeAll } from "./atoms.js";
import { collectionFace, receiver } from "./collection-face.js";
import { SetLoop } from "./iteration.js";
import { proxyOf } from "./shadow.js";
import { find, writing } from "./write-access.js";

export const openSet = (node: SetNode): object => proxyOf(node, node, setFace);

const setOf = (value: unknown): SetNode => receiver("Set", value);

/** The data, for reading: reactions observe it. */
function read(set: SetNode): Set<Stored> {
  observeAll(set);
  return set.data;
}

function loop<T = unknown>(set: SetNode, part = (member: unknown) => member as T): SetIterator<T> {
  observeAll(set);
  return new SetLoop(set, (stored) => part(liveOf(stored)));
}

const entries = (set: SetNode) => loop(set, (value): [unknown, unknown] => [value, value]);

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
    return entries(setOf(this));
  },
  toJSON(): unknown[] {
    return [...loop(setOf(this))];
  },
};

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

/** The Proxy handler of Sets. */
const setFace = collectionFace<SetNode>({
  kind: "Set",
  native: Set.prototype,
  methods,
  size: (set) => read(set).size,
  entries,
  copy: (set) => new Set(loop(set)),
});

// The other methods of Sets are set algebra. They are the language's own, on the container's data, so that they see each change that `other` makes meanwhile.
for (const name of Object.getOwnPropertyNames(Set.prototype)) {
  if (name in methods || name === "constructor" || name === "size") continue;
  const native = Reflect.get(Set.prototype, name) as (this: Set<unknown>, other: unknown) => unknown;
  methods[name] = function (this: unknown, other: unknown): unknown {
    const set = setOf(this);
    const result = native.call(read(set), asStored(set, other));
    return result instanceof Set ? new Set([...result].map(liveOf)) : result;
  };
}
