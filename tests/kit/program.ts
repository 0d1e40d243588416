import type { Random } from "./random.js";

/** A class whose instances may stand in the state of random programs. */
export type CardClass = new (id?: string) => { title: unknown; list: unknown[] };

const KEYS = ["a", "b", "c", "1", "0", "__proto__", "constructor", "toString", "a long name that takes no number", "hasOwnProperty"];

/** Letters, pairs, and what joins with its neighbours. */
const PIECES = ["a", "b", "word ", "é", "e\u0301", "\u0301", "👍", "👍🏽", "👩‍👩‍👧", "\ud83d", "\udc4d", "\u2028", '"', "\n"];

/** A text that is long enough to change in part. */
const textOf = (random: Random): string => Array.from({ length: 20 + random.int(30) }, () => random.pick(PIECES)).join("");

/** A text with some edits: at its end, in the middle, anywhere, halves of pairs too. */
function editText(random: Random, text: string): string {
  const piece = () => Array.from({ length: random.int(4) }, () => random.pick(PIECES)).join("");
  let edited = text;
  for (let times = random.pick([1, 1, 1, 2, 3]); times > 0; times--) {
    if (random.chance(0.5)) edited += piece();
    else {
      const at = random.int(edited.length + 1);
      edited = edited.slice(0, at) + piece() + edited.slice(at + random.pick([0, 0, 1, 2, 7]));
    }
  }
  return edited;
}

/** Random changes of a state, each named in a log that reads like a script. */
export class Program {
  readonly log: string[] = [];
  /** Containers that user code might still hold after they have left the state. */
  readonly held: object[] = [];
  /** Raw values that have entered in this turn. */
  raw: object[] = [];

  constructor(
    readonly random: Random,
    readonly root: object,
    readonly fields: readonly string[],
    readonly Card: CardClass,
  ) {}

  /** All containers that can be reached. */
  reach(): object[] {
    const seen = new Set<object>();
    const queue: unknown[] = this.fields.map((field) => (this.root as Record<string, unknown>)[field]);
    for (const value of queue) {
      if (!isContainer(value) || seen.has(value)) continue;
      seen.add(value);
      if (value instanceof Map) queue.push(...value.keys(), ...value.values());
      else if (Array.isArray(value) || value instanceof Set) queue.push(...value);
      else queue.push(...Object.values(value));
    }
    return [...seen];
  }

  step(): void {
    const { random } = this;
    const containers = this.reach();
    if (containers.length > 60 && random.chance(0.5)) return this.#clear(random.pick(containers));
    if (containers.length === 0 || random.chance(0.12)) {
      const field = random.pick(this.fields);
      return this.#note(`root.${field} = …`, () => {
        (this.root as Record<string, unknown>)[field] = this.value(containers);
      });
    }
    if (random.chance(0.15)) return this.#text(containers);
    const target = this.held.length > 0 && random.chance(0.06) ? random.pick(this.held) : random.pick(containers);
    if (random.chance(0.05)) this.held.push(target);
    if (this.held.length > 10) this.held.shift();
    if (Array.isArray(target)) this.#array(target, containers);
    else if (target instanceof Map) this.#map(target, containers);
    else if (target instanceof Set) this.#set(target, containers);
    else if (target instanceof this.Card) this.#card(target, containers);
    else this.#object(target as Record<string, unknown>, containers);
  }

  value(containers: readonly object[], depth = 0): unknown {
    const { random } = this;
    const kind = random.int(depth > 3 ? 12 : 22);
    const many = () => Array.from({ length: random.int(4) }, () => this.value(containers, depth + 1));
    switch (kind) {
      case 0:
        return random.int(1000);
      case 1:
        return random.pick(["", "x", "é\u2028\ud83d", "a".repeat(30)]);
      case 2:
        return random.pick([true, false, null, undefined]);
      case 3:
        return random.pick([-0, Number.NaN, Infinity, -Infinity, 1e300, 0.1]);
      case 4:
        return random.pick([0n, -123456789012345678901234567890n]);
      case 5:
        return random.pick([new Date(random.int(1e9)), new Date(Number.NaN)]);
      case 6:
        return random.pick([
          new Uint8Array([1, 2, 255]),
          new Float64Array([0.5, -0]),
          new BigInt64Array([5n]),
          new URL("https://example.org/a?b#c"),
          /x+/gi,
          new Uint16Array([7]).buffer,
        ]);
      case 7:
      case 8:
      case 9:
      case 10:
        return containers.length > 0 ? random.pick(containers) : 1;
      case 11:
        return this.raw.length > 0 ? random.pick(this.raw) : 2;
      case 12:
      case 13:
      case 14:
        return this.#raw(
          Object.fromEntries(
            Array.from({ length: random.int(4) }, () => [random.pick(KEYS.filter((key) => key !== "__proto__")), this.value(containers, depth + 1)]),
          ),
        );
      case 15:
      case 16:
        return this.#raw(many());
      case 17:
        return this.#raw(new Map(many().map((value) => [this.key(containers), value])));
      case 18:
        return this.#raw(new Set(Array.from({ length: random.int(4) }, () => this.key(containers))));
      case 19: {
        const card = new this.Card(String(random.int(9)));
        card.title = this.value(containers, depth + 1);
        return this.#raw(card);
      }
      case 20: {
        // A cycle among raw values.
        const cycle: Record<string, unknown> = { a: random.int(9) };
        cycle.self = [cycle];
        return this.#raw(cycle);
      }
      default:
        return random.int(10);
    }
  }

  /** A Map's key or a Set's member. */
  key(containers: readonly object[]): unknown {
    const { random } = this;
    return random.pick([random.int(5), "k", random.pick(KEYS), true, undefined, Number.NaN, -0, 5n, containers.length > 0 ? random.pick(containers) : null]);
  }

  #raw<T extends object>(value: T): T {
    this.raw.push(value);
    return value;
  }

  #note(what: string, run: () => void): void {
    this.log.push(what);
    run();
  }

  #clear(target: object): void {
    this.#note("clear", () => {
      if (Array.isArray(target)) target.length = 0;
      else if (target instanceof Map || target instanceof Set) target.clear();
      else if (!(target instanceof this.Card)) for (const key of Object.keys(target)) delete (target as Record<string, unknown>)[key];
    });
  }

  #object(target: Record<string, unknown>, containers: readonly object[]): void {
    const { random } = this;
    const key = random.pick(KEYS);
    if (random.chance(0.3)) return this.#note(`delete ${key}`, () => void delete target[key]);
    this.#note(`set ${key}`, () => {
      target[key] = this.value(containers);
    });
  }

  #card(target: InstanceType<CardClass>, containers: readonly object[]): void {
    if (this.random.chance(0.5)) this.#note("card.title", () => void (target.title = this.value(containers)));
    else this.#note("card.list", () => void (target.list = Array.from({ length: this.random.int(3) }, () => this.value(containers))));
  }

  #map(target: Map<unknown, unknown>, containers: readonly object[]): void {
    const key = target.size > 0 && this.random.chance(0.5) ? this.random.pick([...target.keys()]) : this.key(containers);
    const kind = this.random.int(8);
    if (kind === 0) return this.#note("map.clear", () => target.clear());
    if (kind < 3) return this.#note("map.delete", () => void target.delete(key));
    this.#note("map.set", () => void target.set(key, this.value(containers)));
  }

  #set(target: Set<unknown>, containers: readonly object[]): void {
    const key = target.size > 0 && this.random.chance(0.5) ? this.random.pick([...target]) : this.key(containers);
    const kind = this.random.int(8);
    if (kind === 0) return this.#note("set.clear", () => target.clear());
    if (kind < 3) return this.#note("set.delete", () => void target.delete(key));
    this.#note("set.add", () => void target.add(key));
  }

  /** Changes a long text somewhere, or puts one there: a property of an object or card, an item, an entry of a Map. */
  #text(containers: readonly object[]): void {
    const { random } = this;
    const target = random.pick(containers);
    const keys = target instanceof Map ? [...target.keys()] : target instanceof Set ? [] : Object.keys(target);
    const read = (key: unknown) => (target instanceof Map ? target.get(key) : (target as Record<string, unknown>)[key as string]);
    const write = (key: unknown, text: string) => (target instanceof Map ? target.set(key, text) : Reflect.set(target, key as string, text));
    const long = keys.filter((key) => typeof read(key) === "string" && (read(key) as string).length > 32);
    if (long.length > 0) {
      const key = random.pick(long);
      return this.#note(typeof key === "string" ? `edit ${key}` : "edit", () => void write(key, editText(random, read(key) as string)));
    }
    if (target instanceof Map) return this.#note("map.set text", () => void write(this.key(containers), textOf(random)));
    if (Array.isArray(target)) return this.#note("push text", () => void target.push(textOf(random)));
    if (target instanceof this.Card) return this.#note("card.title text", () => void (target.title = textOf(random)));
    if (!(target instanceof Set)) this.#note("set text", () => void write(random.pick(KEYS), textOf(random)));
  }

  #array(target: unknown[], containers: readonly object[]): void {
    const { random } = this;
    const values = () => Array.from({ length: random.int(4) }, () => this.value(containers));
    const at = random.int(target.length + 1);
    const kind = random.int(16);
    const order = (a: unknown, b: unknown) => String(typeof a).localeCompare(typeof b);
    const changes: [string, () => void][] = [
      ["push", () => void target.push(...values())],
      ["push", () => void target.push(...values())],
      ["pop", () => void target.pop()],
      ["shift", () => void target.shift()],
      ["unshift", () => void target.unshift(...values())],
      ["splice", () => void target.splice(at, random.int(3), ...values())],
      ["splice", () => void target.splice(at, random.int(3), ...values())],
      ["reverse", () => void target.reverse()],
      ["sort", () => void target.sort(order)],
      ["copyWithin", () => void target.copyWithin(random.int(3), at)],
      ["fill", () => void target.fill(this.value(containers), at)],
      ["set", () => void (target[at] = this.value(containers))],
      ["swap", () => void (target.length > 1 && ([target[0], target[target.length - 1]] = [target[target.length - 1], target[0]]))],
      ["length", () => void (target.length = at)],
      ["move", () => void (target.length > 1 && target.splice(random.int(target.length), 0, ...target.splice(at, 1)))],
      ["filter", () => void target.splice(0, target.length, ...target.filter(() => random.chance(0.7)))],
    ];
    const [name, run] = changes[kind] as [string, () => void];
    this.#note(`array.${name}`, run);
  }
}

const isContainer = (value: unknown): value is object =>
  typeof value === "object" &&
  value !== null &&
  !(value instanceof Date || value instanceof URL || value instanceof RegExp || value instanceof ArrayBuffer || ArrayBuffer.isView(value));
