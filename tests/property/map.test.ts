import { describe, expect, test } from "vitest";
import type { Store } from "../../lib/store.js";
import { hold, outcome } from "../kit/hold.js";
import { Random } from "../kit/random.js";

const programs = process.env.TEST_FULL === undefined ? 200 : 5000;
const first = process.env.SEED === undefined ? 1 : Number(process.env.SEED);

const KEYS = ["a", "b", "", "__proto__", "constructor", "size", 0, -0, 1, "1", Number.NaN, true, null, undefined, 5n];

interface Sides<C> {
  native: C;
  live: C;
  random: Random;
  /** Before each step. */
  before?(): void;
}
/** Runs the same on both, a value of the language and a container. */
type Step<C> = (random: Random) => (side: C, isLive: boolean) => unknown;

function compare<C extends Iterable<unknown> & { readonly size: number }>(steps: Record<string, Step<C>>, make: (random: Random) => Sides<C>): void {
  for (let seed = first; seed < first + programs; seed++) {
    const random = new Random(seed);
    const { native, live, before } = make(random);
    const log: string[] = [];
    try {
      for (let n = 0; n < 20; n++) {
        const name = random.pick(Object.keys(steps));
        log.push(name);
        before?.();
        const run = steps[name]?.(random) as (side: C, isLive: boolean) => unknown;
        const plain = (side: C, isLive: boolean) =>
          outcome(() => {
            const result = run(side, isLive);
            return result === side ? "itself" : result;
          });
        expect(plain(live, true), name).toEqual(plain(native, false));
        expect([...live], `the content after ${name}`).toEqual([...native]);
        expect(live.size).toBe(native.size);
      }
    } catch (error) {
      console.error(`SEED=${seed} repeats it: ${log.join(", ")}`);
      throw error;
    }
  }
}

/** A view is made, which shares the data that the next step meets. */
function share(store: Store): void {
  store.commit();
  store.plain();
}

const members = (prototype: object) => Reflect.ownKeys(prototype).filter((name) => name !== "constructor" && name !== Symbol.toStringTag);
const list = (iterator: Iterable<unknown>) => [...iterator];

describe(`a Map of a store does what a Map does (seeds ${first} to ${first + programs - 1})`, () => {
  type M = Map<unknown, unknown>;
  const key = (random: Random) => random.pick(KEYS);
  const steps: Record<string, Step<M>> = {
    get: (random) =>
      (
        (k) => (map) =>
          map.get(k)
      )(key(random)),
    has: (random) =>
      (
        (k) => (map) =>
          map.has(k)
      )(key(random)),
    set: (random) =>
      (
        (k, v) => (map) =>
          map.set(k, v)
      )(key(random), random.int(5)),
    "set again": (random) =>
      (
        (v) => (map) =>
          map.set([...map.keys()][0], v).set("b", v)
      )(random.int(3)),
    delete: (random) =>
      (
        (k) => (map) =>
          map.delete(k)
      )(key(random)),
    clear: (random) =>
      (
        (does) => (map) =>
          does ? map.clear() : undefined
      )(random.chance(0.2)),
    size: () => (map) => map.size,
    keys: () => (map) => list(map.keys()),
    values: () => (map) => list(map.values()),
    entries: () => (map) => list(map.entries()),
    forEach: () => (map) => {
      const met: unknown[] = [];
      const self = {};
      map.forEach(function (this: unknown, value, k, all) {
        met.push(value, k, all === map, this === self);
      }, self);
      return met;
    },
    "forEach without a function": () => (map) => map.forEach(undefined as never),
    [String(Symbol.iterator)]: () => (map) => list(map),
    "changes while it is iterated": (random) => {
      const [at, k, kind] = [random.int(4), key(random), random.int(4)];
      return (map) => {
        const met: unknown[] = [];
        for (const [one] of map) {
          met.push(one);
          if (met.length > 30) break;
          if (met.length !== at) continue;
          if (kind === 0) map.delete(one);
          if (kind === 1) map.delete(k);
          if (kind === 2) map.set(k, "new");
          if (kind === 3) map.clear();
        }
        return met;
      };
    },
    "is a Map": () => (map) => [map instanceof Map, Object.prototype.toString.call(map), map.constructor === Map, new Map(map)],
    "iterators are iterators": () => (map) => {
      const iterator = map.entries();
      return [iterator[Symbol.iterator]() === iterator, typeof iterator.next, [...iterator], iterator.next()];
    },
    "Object.keys": () => (map) => [Object.keys(map), Object.entries({ ...map }), JSON.stringify(Object.fromEntries([...map].map(([k]) => [String(k), 1])))],
    ...("getOrInsert" in Map.prototype && {
      getOrInsert: (random: Random) =>
        (
          (k) => (map: M) =>
            (map as unknown as { getOrInsert(k: unknown, v: unknown): unknown }).getOrInsert(k, 7)
        )(key(random)),
      getOrInsertComputed: (random: Random) =>
        (
          (k) => (map: M) =>
            (map as unknown as { getOrInsertComputed(k: unknown, make: (k: unknown) => unknown): unknown }).getOrInsertComputed(k, (made) => String(made))
        )(key(random)),
    }),
  };

  for (const viewed of [false, true])
    test(viewed ? "also where a view shares its data" : "in content, order and results", { timeout: 300_000 }, () => {
      compare<M>(steps, (random) => {
        const native: M = new Map(Array.from({ length: random.int(5) }, () => [key(random), random.int(9)]));
        const { it, store } = hold(new Map(native));
        return { native, live: it, random, ...(viewed && { before: () => share(store) }) };
      });
    });

  test("every member that Maps have in this version of the language is tried", () => {
    const tried = new Set(Object.keys(steps));
    expect(members(Map.prototype).filter((name) => !tried.has(String(name)))).toEqual([]);
  });
});

describe(`a Set of a store does what a Set does (seeds ${first} to ${first + programs - 1})`, () => {
  type S = Set<unknown>;
  const member = (random: Random) => random.pick(KEYS);
  const algebra = ["union", "intersection", "difference", "symmetricDifference", "isSubsetOf", "isSupersetOf", "isDisjointFrom"] as const;
  const steps: Record<string, Step<S>> = {
    has: (random) =>
      (
        (m) => (set) =>
          set.has(m)
      )(member(random)),
    add: (random) =>
      (
        (m) => (set) =>
          set.add(m)
      )(member(random)),
    delete: (random) =>
      (
        (m) => (set) =>
          set.delete(m)
      )(member(random)),
    clear: (random) =>
      (
        (does) => (set) =>
          does ? set.clear() : undefined
      )(random.chance(0.2)),
    size: () => (set) => set.size,
    keys: () => (set) => list(set.keys()),
    values: () => (set) => list(set.values()),
    entries: () => (set) => list(set.entries()),
    forEach: () => (set) => {
      const met: unknown[] = [];
      set.forEach(function (this: unknown, value, k, all) {
        met.push(value, k, all === set, this);
      }, "self");
      return met;
    },
    "forEach without a function": () => (set) => set.forEach(undefined as never),
    [String(Symbol.iterator)]: () => (set) => list(set),
    "changes while it is iterated": (random) => {
      const [at, m, kind] = [random.int(4), member(random), random.int(4)];
      return (set) => {
        const met: unknown[] = [];
        for (const one of set) {
          met.push(one);
          if (met.length !== at) continue;
          if (kind === 0) set.delete(one);
          if (kind === 1) set.delete(m);
          if (kind === 2) set.add(m);
          if (kind === 3) set.clear();
        }
        return met;
      };
    },
    "is a Set": () => (set) => [set instanceof Set, Object.prototype.toString.call(set), set.constructor === Set, new Set(set)],
    "Object.keys": () => (set) => [Object.keys(set), Array.from(set, String)],
  };
  for (const name of algebra)
    steps[name] = (random) => {
      const others = Array.from({ length: random.int(5) }, () => member(random));
      const kind = random.int(5);
      return (set) => {
        const run = (side: S, other: unknown) => ((side as unknown as Record<string, unknown>)[name] as (other: unknown) => unknown).call(side, other);
        if (kind === 0) return run(set, set);
        if (kind === 1) return run(new Set(others), set);
        if (kind === 2) return run(set, new Map(others.map((one) => [one, 1])));
        if (kind === 3) return run(set, hold(new Set(others)).it);
        return run(set, random.seed % 5 ? new Set(others) : undefined);
      };
    };

  for (const viewed of [false, true])
    test(viewed ? "also where a view shares its data" : "in content, order and results", { timeout: 300_000 }, () => {
      compare<S>(steps, (random) => {
        const native: S = new Set(Array.from({ length: random.int(6) }, () => member(random)));
        const { it, store } = hold(new Set(native));
        return { native, live: it, random, ...(viewed && { before: () => share(store) }) };
      });
    });

  test("every member that Sets have in this version of the language is tried", () => {
    const tried = new Set(Object.keys(steps));
    expect(members(Set.prototype).filter((name) => !tried.has(String(name)))).toEqual([]);
  });
});
