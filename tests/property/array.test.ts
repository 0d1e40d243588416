import { expect, test } from "vitest";
import type { Store } from "../../lib/store/store.js";
import { canon } from "../kit/canon.js";
import { hold, outcome } from "../kit/hold.js";
import { Random } from "../kit/random.js";

const full = process.env.TEST_FULL !== undefined;
const programs = full ? 5000 : 300;
const first = process.env.SEED === undefined ? 1 : Number(process.env.SEED);

/** An array of the language and a container, with the same objects in both, by number. */
class Pair {
  readonly objects = [{ n: 0 }, { n: 1 }, { n: 2 }];
  readonly lives: object[];
  readonly native: unknown[];
  readonly live: unknown[];
  readonly store: Store;

  constructor(readonly random: Random) {
    this.native = Array.from({ length: random.int(6) }, () => this.value());
    const { it, store } = hold({ objects: this.objects, array: this.native.slice() });
    this.lives = it.objects;
    this.live = it.array;
    this.store = store;
  }

  value(): unknown {
    const { random } = this;
    return random.chance(0.3)
      ? random.pick(this.objects)
      : random.pick([0, -0, 1, 2, 10, -1, "", "a", "b", "B", null, undefined, true, Number.NaN, 3n, Number.POSITIVE_INFINITY]);
  }

  /** The same value for the other side. */
  other(value: unknown): unknown {
    const at = this.objects.indexOf(value as { n: number });
    return at < 0 ? value : this.lives[at];
  }

  /** A result with numbers in the place of the objects. */
  plain(result: unknown, self: unknown, objects: readonly object[], depth = 0): unknown {
    if (result === self) return "the array itself";
    const at = objects.indexOf(result as object);
    if (at >= 0) return `object ${at}`;
    if (typeof result === "bigint") return `${result}n`;
    if (Object.is(result, -0)) return "-0";
    if (typeof result !== "object" || result === null) return result;
    const part = (value: unknown) => this.plain(value, self, objects, depth + 1);
    if (Array.isArray(result)) return Array.from({ length: result.length }, (_, i) => (i in result ? part(result[i]) : "a hole"));
    if (typeof (result as Iterator<unknown>).next === "function") return ["iterator", ...[...(result as Iterable<unknown>)].map(part)];
    return Object.fromEntries(Object.entries(result).map(([key, value]) => [key, part(value)]));
  }
}

type Side = { array: unknown[]; value(native: unknown): unknown };
type Call = (side: Side) => unknown;

const call = (side: Side, method: string, args: readonly unknown[]) =>
  (side.array as unknown as Record<string, (...args: unknown[]) => unknown>)[method]!(...args.map((arg) => side.value(arg)));

/** A callback, the same for both sides: what it does is drawn before. */
function callback(pair: Pair): (side: Side) => (...args: unknown[]) => unknown {
  const { random } = pair;
  const kind = random.int(8);
  const at = random.int(5);
  const value = pair.value();
  return (side) => {
    let calls = 0;
    return (...args) => {
      calls++;
      const item = args[0];
      const index = args.find((arg, i) => i > 0 && typeof arg === "number") as number;
      if (calls === at + 1) {
        if (kind === 0) side.array.push(side.value(value));
        if (kind === 1) side.array.pop();
        if (kind === 2) side.array.length = 0;
        if (kind === 3) side.array.splice(0, 2, side.value(value));
        if (kind === 4) throw new SyntaxError("thrown by the callback");
        if (kind === 5 && side.array.length > 0) side.array[0] = side.value(value);
      }
      return kind === 6 ? typeof item === "object" : (index + at) % 2 === 0;
    };
  };
}

/** For each method of the language, arguments that try its corners. */
function calls(pair: Pair): Record<string, () => Call> {
  const { random } = pair;
  const place = () =>
    random.pick<unknown>([0, 1, 2, 3, -1, -2, 100, -100, 1.7, -0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, undefined, null, "1", "x"]);
  const places = (most: number) => Array.from({ length: random.int(most + 1) }, place);
  const values = (most: number) => Array.from({ length: random.int(most + 1) }, () => pair.value());
  const plainCall = (method: string, args: readonly unknown[]) => () => (side: Side) => call(side, method, args);
  const withCallback = (method: string) => () => {
    if (random.chance(0.05)) return (side: Side) => call(side, method, [random.seed % 2 ? undefined : 5]);
    const make = callback(pair);
    return (side: Side) => (side.array as unknown as Record<string, (fn: unknown) => unknown>)[method]!(make(side));
  };
  const folding = (method: string) => () => {
    const start = values(1);
    const spoil = callback(pair);
    return (side: Side) => {
      const extra = spoil(side);
      const fold = (all: unknown, item: unknown, index: number) => [extra(item, index), Array.isArray(all) ? all.length : all, item];
      return (side.array as unknown as Record<string, (...args: unknown[]) => unknown>)[method]!(fold, ...start.map((one) => side.value(one)));
    };
  };
  const sorting = (method: string) => () => {
    const kind = random.int(5);
    const at = random.int(4);
    return (side: Side) => {
      const sort = (side.array as unknown as Record<string, (...args: unknown[]) => unknown>)[method]!.bind(side.array);
      if (kind === 0) return side.array.some((item) => typeof item === "object" && item !== null) ? undefined : sort();
      if (kind === 1) return sort(null);
      let compared = 0;
      return sort((a: unknown, b: unknown) => {
        if (compared++ === at && kind === 2) throw new SyntaxError("thrown by the comparator");
        if (compared === 1 && kind === 3) side.array.push(side.value("added while sorting"));
        return (typeof a).localeCompare(typeof b);
      });
    };
  };
  return {
    at: () => plainCall("at", [place()])(),
    concat: () => plainCall("concat", [...values(2), [1, [2]], pair.native.slice(0, 1)])(),
    copyWithin: () => plainCall("copyWithin", places(3))(),
    entries: plainCall("entries", []),
    every: withCallback("every"),
    fill: () => plainCall("fill", [pair.value(), ...places(2)])(),
    filter: withCallback("filter"),
    find: withCallback("find"),
    findIndex: withCallback("findIndex"),
    findLast: withCallback("findLast"),
    findLastIndex: withCallback("findLastIndex"),
    flat: () =>
      plainCall(
        "flat",
        places(1).filter((depth) => depth !== "x"),
      )(),
    flatMap: withCallback("flatMap"),
    forEach: withCallback("forEach"),
    includes: () => plainCall("includes", [...values(1), ...places(1)])(),
    indexOf: () => plainCall("indexOf", [...values(1), ...places(1)])(),
    join: () => plainCall("join", random.pick([[], ["-"], [undefined], [5]]))(),
    keys: plainCall("keys", []),
    lastIndexOf: () => plainCall("lastIndexOf", [...values(1), ...places(1)])(),
    map: withCallback("map"),
    pop: plainCall("pop", []),
    push: () => plainCall("push", values(4))(),
    reduce: folding("reduce"),
    reduceRight: folding("reduceRight"),
    reverse: plainCall("reverse", []),
    shift: plainCall("shift", []),
    slice: () => plainCall("slice", places(2))(),
    some: withCallback("some"),
    sort: sorting("sort"),
    splice: () => plainCall("splice", random.chance(0.2) ? places(1) : [...places(2), ...values(3)])(),
    toLocaleString: plainCall("toLocaleString", []),
    toReversed: plainCall("toReversed", []),
    toSorted: sorting("toSorted"),
    toSpliced: () => plainCall("toSpliced", random.chance(0.2) ? places(1) : [...places(2), ...values(3)])(),
    toString: plainCall("toString", []),
    unshift: () => plainCall("unshift", values(4))(),
    values: plainCall("values", []),
    with: () => plainCall("with", [place(), pair.value()])(),
  };
}

const loops = new WeakMap<unknown[], ArrayIterator<unknown>[]>();

/** Loops that stay open while the array changes. */
function loopsOf({ array }: Side): ArrayIterator<unknown>[] {
  const all = loops.get(array) ?? [];
  loops.set(array, all);
  return all;
}

/** What is no method. */
const syntax: Record<string, (pair: Pair) => Call> = {
  length: () => (side) => side.array.length,
  "length =": (pair) => {
    const { random } = pair;
    const to = random.pick<unknown>([0, 1, pair.native.length, "1", true]);
    const fits = Number(to) <= pair.native.length;
    const wrong = random.pick<unknown>([-1, 1.5, "x", Number.NaN, 2 ** 32]);
    return (side) => {
      side.array.length = (fits && random.seed % 3 ? to : wrong) as number;
    };
  },
  "[i]": (pair) => {
    const key = pair.random.pick<number | string>([0, 1, 5, -1, 1.5, "1", "01", "x", 2 ** 32]);
    return (side) => side.array[key as number];
  },
  "[i] =": (pair) => {
    const at = pair.random.int(pair.native.length + 1);
    const value = pair.value();
    return (side) => {
      side.array[at] = side.value(value);
    };
  },
  in: (pair) => {
    const key = pair.random.pick(["0", "3", "-1", "length", "push", "x", Symbol.iterator]);
    return (side) => key in side.array;
  },
  swap: (pair) => {
    const { length } = pair.native;
    const [a, b] = [pair.random.int(length), pair.random.int(length)];
    return (side) => {
      if (length > 0) [side.array[a], side.array[b]] = [side.array[b], side.array[a]];
    };
  },
  spread: () => (side) => [...side.array],
  destructure: () => (side) => {
    const [a, , b = "none", ...rest] = side.array;
    return { a, b, rest };
  },
  "for of with changes": () => (side) => {
    const met: unknown[] = [];
    for (const item of side.array) {
      met.push(item);
      if (met.length === 2) side.array.push("pushed");
      if (met.length === 3) side.array.shift();
    }
    return met;
  },
  "a loop begins": (pair) => {
    const name = pair.random.pick(["keys", "values", "entries", Symbol.iterator] as const);
    return (side) => void loopsOf(side).push(side.array[name]() as ArrayIterator<unknown>);
  },
  "a loop goes on": (pair) => {
    const [at, count] = [pair.random.int(4), pair.random.int(4)];
    return (side) => {
      const loops = loopsOf(side);
      const loop = loops[at % loops.length];
      if (!loop) return undefined;
      const met: unknown[] = [];
      if (count > 0) for (const one of loop) if (met.push(one) === count) break;
      return [met, String(loop), "return" in loop, loop.next()];
    };
  },
  "for in": () => (side) => {
    const met: string[] = [];
    for (const key in side.array) met.push(key);
    return met;
  },
  "Array.isArray": () => (side) => [
    Array.isArray(side.array),
    Object.prototype.isPrototypeOf.call(Array.prototype, side.array),
    Object.prototype.toString.call(side.array),
    typeof side.array,
  ],
  "Array.from": () => (side) => Array.from(side.array, (item, i) => [i, item]),
  "Array.of": () => (side) => Array.of(...side.array),
  "concat argument": () => (side) => ["x"].concat(side.array as string[], side.array as string[]),
  "JSON.stringify": () => (side) => JSON.stringify(side.array),
  "Object.keys": () => (side) => [Object.keys(side.array), Object.getOwnPropertyNames(side.array), Reflect.ownKeys(side.array)],
  "Object.entries": () => (side) => [Object.entries(side.array), Object.values(side.array), { ...side.array }],
  "Object.getOwnPropertyDescriptor": (pair) => {
    const key = pair.random.pick(["0", "9", "length", "push"]);
    return (side) => Object.getOwnPropertyDescriptor(side.array, key);
  },
  "Object.assign": () => (side) => Object.assign([7, 8, 9], side.array),
  "Object.hasOwn": () => (side) => [Object.hasOwn(side.array, 0), Object.hasOwn(side.array, 99), Object.hasOwn(side.array, "length")],
  "Array.prototype.x.call": (pair) => {
    // Not those that make a hole on their way: `unshift`, and those that delete the last item first.
    const method = pair.random.pick(["push", "reverse", "slice", "indexOf", "map", "copyWithin", "fill", "sort"]);
    const args = method === "map" || method === "sort" ? [undefined] : [0, 1];
    return (side) => {
      const native = (Array.prototype as unknown as Record<string, (...args: unknown[]) => unknown>)[method]!;
      if (method === "sort" && side.array.some((item) => typeof item === "object" && item !== null)) return undefined;
      return native.apply(side.array, args);
    };
  },
  "delete what is not there": () => (side: Side) => [
    Reflect.deleteProperty(side.array, "99"),
    Reflect.deleteProperty(side.array, "x"),
    Reflect.deleteProperty(side.array, "length"),
  ],
  constructor: () => (side: Side) => [side.array.constructor === Array, Object.getPrototypeOf(side.array) === Array.prototype],
};

function run(seed: number): void {
  const random = new Random(seed);
  const pair = new Pair(random);
  const log: string[] = [];
  const native: Side = { array: pair.native, value: (value) => value };
  const live: Side = { array: pair.live, value: (value) => (Array.isArray(value) ? value.map((one) => pair.other(one)) : pair.other(value)) };
  const methods = Object.entries(calls(pair));
  const others = Object.entries(syntax);
  try {
    for (let n = 0; n < 25; n++) {
      const made: [string, Call] = random.chance(0.7)
        ? (([name, make]) => [name, make()] as [string, Call])(random.pick(methods))
        : (([name, make]) => [name, make(pair)] as [string, Call])(random.pick(others));
      log.push(`${canon(pair.native)} . ${made[0]}`);
      if (random.chance(0.3)) {
        pair.store.commit();
        pair.store.plain();
      }
      const expected = outcome(() => pair.plain(made[1](native), pair.native, pair.objects));
      const got = outcome(() => pair.plain(made[1](live), pair.live, pair.lives));
      expect(got, `the result of ${made[0]}`).toEqual(expected);
      expect(pair.plain([...pair.live], undefined, pair.lives), `the content after ${made[0]}`).toEqual(pair.plain([...pair.native], undefined, pair.objects));
      expect(pair.live.length).toBe(pair.native.length);
      if (pair.native.length > 12) {
        native.array.length = 3;
        live.array.length = 3;
      }
    }
  } catch (error) {
    console.error(`SEED=${seed} repeats it\n${log.slice(-5).join("\n")}`);
    throw error;
  }
}

test("every method that arrays have in this version of the language is tried", () => {
  const methods = Object.getOwnPropertyNames(Array.prototype).filter((name) => typeof Array.prototype[name as "at"] === "function" && name !== "constructor");
  expect(Object.keys(calls(new Pair(new Random(1)))).sort()).toEqual(methods.sort());
});

test(`an array of a store does what an array does (seeds ${first} to ${first + programs - 1}, ${programs * 25} calls)`, { timeout: 600_000 }, () => {
  for (let seed = first; seed < first + programs; seed++) run(seed);
});
