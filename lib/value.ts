import { type BodyKind, type Encoded, fillBodies, type Group, leafOf, leafSlot, openBodies, type Sink, type Slot, type Source, writeBodies } from "./codec.js";
import { badWire, notSent, tooDeep } from "./errors.js";
import { put } from "./node.js";

/** Plain values, written: those that belong to no store. */
export class PlainSource implements Source<object> {
  readonly queue: object[] = [];
  readonly #numbers = new Map<object, number>();

  slot(value: unknown): Slot {
    const leaf = leafSlot(value);
    if (leaf !== undefined) return leaf;
    if (typeof value !== "object") throw notSent(value);
    const container = value as object;
    const number = this.#numbers.get(container);
    if (number !== undefined) return [-1 - number];
    const { toJSON } = container as { toJSON?: unknown };
    if (typeof toJSON === "function" && !Array.isArray(container) && !isList(container)) return this.slot((toJSON as () => unknown).call(container));
    if (container instanceof Promise || container instanceof WeakMap || container instanceof WeakSet) throw notSent(value);
    this.#numbers.set(container, this.queue.length);
    this.queue.push(container);
    return [];
  }

  kind(container: object): BodyKind {
    if (Array.isArray(container)) return "array";
    return container instanceof Map ? "map" : container instanceof Set ? "set" : "object";
  }

  data(container: object): unknown {
    return container;
  }

  names(container: object): readonly string[] {
    return Object.keys(container).filter((name) => typeof (container as Record<string, unknown>)[name] !== "function");
  }

  className(): string {
    return "";
  }

  name(name: string): string {
    return name;
  }
}

const isList = (container: object) => container instanceof Map || container instanceof Set;

/**
 * A value that belongs to no store, as it travels: identity and cycles survive.
 * @throws StateError for what cannot travel: a function, a symbol, a Promise.
 */
export function encodeValue(value: unknown): Encoded {
  const source = new PlainSource();
  const slot = source.slot(value);
  const bodies = writeBodies(source.queue, source);
  return bodies.length > 0 ? [slot, bodies] : [slot];
}

export interface DecodeLimits {
  /** How many containers at most. @default 100,000 */
  containers?: number;
  /** How deep they may be nested. @default 100 */
  depth?: number;
  /** The value of a slot that names a container of a store. */
  stored?: (id: number) => unknown;
}

/**
 * The value that {@link encodeValue} has encoded.
 * @throws StateError for anything else.
 */
export function decodeValue(encoded: unknown, { containers = 100_000, depth = 100, stored }: DecodeLimits = {}): unknown {
  if (!Array.isArray(encoded) || encoded.length < 1 || encoded.length > 2) throw badWire("an encoded value", encoded);
  const sink = new PlainSink(stored);
  const opened = openBodies(encoded[1] ?? [], sink, containers);
  const value = sink.value(encoded[0]);
  fillBodies(opened, sink);
  if (sink.unclaimed > 0) throw badWire("an encoded value", "bodies that nothing refers to");
  checkDepth(value, depth);
  return value;
}

/** Level by level, as deep values are just what must not be walked by recursion. */
function checkDepth(value: unknown, deepest: number): void {
  const seen = new Set<unknown>();
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    const next: unknown[] = [];
    for (const one of level) {
      if (typeof one !== "object" || one === null || seen.has(one)) continue;
      if (depth >= deepest) throw tooDeep("the value", deepest);
      seen.add(one);
      if (one instanceof Map) for (const [key, item] of one) next.push(key, item);
      else if (Array.isArray(one) || one instanceof Set) for (const item of one) next.push(item);
      else if (Object.getPrototypeOf(one) === Object.prototype) for (const item of Object.values(one)) next.push(item);
    }
    level = next;
  }
}

class PlainSink implements Sink<object> {
  readonly #made: object[] = [];
  readonly #stored: ((id: number) => unknown) | undefined;
  #claimed = 0;

  constructor(stored: ((id: number) => unknown) | undefined) {
    this.#stored = stored;
  }

  get unclaimed(): number {
    return this.#made.length - this.#claimed;
  }

  name(sent: unknown): string {
    if (typeof sent !== "string") throw badWire("a name", sent);
    return sent;
  }

  value(slot: unknown): unknown {
    if (!Array.isArray(slot)) {
      if (typeof slot === "object" && slot !== null) throw badWire("a value", slot);
      return slot;
    }
    if (slot.length === 0) return this.#claim();
    if (slot.length > 1 || typeof slot[0] !== "number") return leafOf(slot);
    const [id] = slot as [number];
    if (id >= 0 && this.#stored) return this.#stored(id);
    const made = this.#made[-1 - id];
    if (!made || -1 - id >= this.#claimed) throw badWire("a reference", slot);
    return made;
  }

  #claim(): object {
    const made = this.#made[this.#claimed];
    if (!made) throw badWire("a reference", []);
    this.#claimed++;
    return made;
  }

  make(kind: BodyKind): object {
    const made = kind === "array" ? [] : kind === "map" ? new Map() : kind === "set" ? new Set() : {};
    this.#made.push(made);
    return made;
  }

  from(_container: object, group: Group): void {
    throw badWire("a body", group[0]);
  }

  fill(container: object, data: unknown): void {
    if (Array.isArray(container)) for (const item of data as unknown[]) container.push(item);
    else if (container instanceof Map) for (const [key, value] of data as Map<unknown, unknown>) container.set(key, value);
    else if (container instanceof Set) for (const value of data as Set<unknown>) container.add(value);
    else for (const name of Object.keys(data as object)) put(container, name, (data as Record<string, unknown>)[name]);
  }
}
