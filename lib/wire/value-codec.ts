import { badWire, notSent, tagOf } from "../errors/errors.js";
import { copyInto, emptyOf, plainKindOf } from "../graph/plain.js";
import { type BodyKind, type Encoded, fillBodies, type Group, NEXT, openBodies, type Sink, type Slot, understand, valueOf } from "./codec.js";
import { leafOf, leafSlot } from "./leaves.js";

/** Writes values that belong to no store: what it meets of containers waits in a queue for its body to be written. */
export class ValueWriter {
  readonly queue: object[] = [];
  readonly #numbers = new Map<object, number>();
  /** The last result of a `toJSON`. */
  #told: unknown;

  slot(value: unknown): Slot {
    const leaf = leafSlot(value);
    if (leaf !== undefined) return leaf;
    if (typeof value !== "object") throw notSent(value);
    const container = value as object;
    const number = this.#numbers.get(container);
    if (number !== undefined) return [-1 - number];
    const { toJSON } = container as { toJSON?: unknown };
    if (typeof toJSON === "function" && container !== this.#told && plainKindOf(container) === "object") {
      // `toJSON` of its own result is not called, as with JSON: the result may be the same object.
      this.#told = (toJSON as () => unknown).call(container);
      const slot = this.slot(this.#told);
      // The result may lead back to this object.
      if (slot === NEXT) this.#numbers.set(container, this.queue.length - 1);
      return slot;
    }
    if (container instanceof Error) throw notSent(value);
    this.#numbers.set(container, this.queue.push(container) - 1);
    return NEXT;
  }
}

/**
 * The names of the properties to send.
 * @throws StateError for what is more than its properties tell, as a File, a Promise or a WeakMap
 */
export function namesOf(container: object): string[] {
  const names = Object.keys(container).filter((name) => typeof (container as Record<string, unknown>)[name] !== "function");
  if (names.length === 0 && tagOf(container) !== "Object") throw notSent(container);
  return names;
}

/**
 * A value that belongs to no store, as it travels: identity and cycles survive. Each container has a group of its own, as arguments are small.
 * @throws StateError for what cannot travel: a function, a symbol, an Error, a Promise, a File, a bigint beyond the bounds.
 */
export function encodeValue(value: unknown, writer: ValueWriter = new ValueWriter()): Encoded {
  const slot = writer.slot(value);
  const bodies: Group[] = [];
  for (const container of writer.queue) bodies.push(bodyOf(container, writer));
  return bodies.length > 0 ? [slot, bodies] : [slot];
}

function bodyOf(container: object, writer: ValueWriter): Group {
  const column = (values: Iterable<unknown>) => Array.from(values, (value) => writer.slot(value));
  if (Array.isArray(container)) return ["a", 1, [container.length], column(container)];
  if (container instanceof Map) return ["m", 1, [container.size], column(container.keys()), column(container.values())];
  if (container instanceof Set) return ["s", 1, [container.size], column(container)];
  const names = namesOf(container);
  return ["o", 1, names, ...names.map((name) => column([(container as Record<string, unknown>)[name]]))];
}

/**
 * The value that {@link encodeValue} has encoded.
 * @param stored gives the value of a slot that names a container of a store
 * @throws StateError for anything else.
 */
export function decodeValue(encoded: unknown, stored?: (id: number) => unknown): unknown {
  return understand("an encoded value", encoded, () => {
    const [slot, bodies = []] = encoded as Encoded;
    const sink = new PlainSink(stored);
    const opened = openBodies(bodies, sink);
    const value = valueOf(slot, sink);
    fillBodies(opened, sink);
    if (sink.unclaimed > 0) throw badWire("an encoded value", "containers that nothing refers to");
    return value;
  });
}

class PlainSink implements Sink<object> {
  readonly leaf = leafOf;
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

  next(): object {
    const made = this.#made[this.#claimed++];
    if (!made) throw badWire("a reference", []);
    return made;
  }

  numbered(id: number): unknown {
    if (id >= 0 && this.#stored) return this.#stored(id);
    const made = this.#made[-1 - id];
    if (!made || -1 - id >= this.#claimed) throw badWire("a reference", id);
    return made;
  }

  make(kind: BodyKind): object {
    const made = emptyOf(kind);
    this.#made.push(made);
    return made;
  }

  fill(container: object, data: unknown): void {
    copyInto(container, data as object, (value) => value);
  }
}
