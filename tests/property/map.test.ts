import { describe, expect, test } from "vitest";
import { event, state } from "../../lib/class/decorators.js";
import { openFace } from "../../lib/live/faces.js";
import { createMirror } from "../../lib/mirror/mirror.js";
import { Predictions } from "../../lib/predict/predictions.js";
import { createStore, type Store } from "../../lib/store/store.js";
import { encodeValue } from "../../lib/wire/value-codec.js";
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
  before?(): unknown;
  /** Runs all steps. @default at once */
  run?(steps: () => void): void;
}
/** Runs the same on both, a value of the language and a container. */
type Step<C> = (random: Random) => (side: C, isLive: boolean) => unknown;

function compare<C extends Iterable<unknown> & { readonly size: number }>(steps: Record<string, Step<C>>, make: (random: Random) => Sides<C>): void {
  for (let seed = first; seed < first + programs; seed++) {
    const random = new Random(seed);
    const sides = make(random);
    const { native, before, run: within = (all: () => void) => all() } = sides;
    const log: string[] = [];
    const all = () => {
      // As an optimistic event has it while it runs.
      const { live } = sides;
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
    };
    try {
      within(all);
    } catch (error) {
      console.error(`SEED=${seed} repeats it: ${log.join(", ")}`);
      throw error;
    }
  }
}

/** An event that a twin predicts, and that runs again after what the server says meanwhile. */
function predicted<C extends object>(random: Random, native: C, copy: (native: C) => C): Sides<C> {
  let body: (it: C) => void = () => {};
  class Holder {
    @state it = copy(native);
    @state other = 0;
    @event({ optimistic: true }) run() {
      body(this.it);
    }
  }
  const instance = new Holder();
  const store = createStore({ name: "holder", instance });
  const mirror = createMirror({ name: "holder", faces: openFace });
  mirror.applySnapshot(JSON.parse(JSON.stringify(store.snapshot())));
  const predictions = new Predictions(mirror, Holder);
  const sides = {
    native,
    live: undefined as unknown as C,
    random,
    before: () => random.chance(0.5) && mirror.view(),
    run(steps: () => void) {
      // Once for nothing, so that what the steps meet was undone.
      body = (it) => void [...(it as unknown as Iterable<unknown>)];
      const first = predictions.begin("run", encodeValue([]), false, "seed");
      if (random.chance(0.5)) mirror.view();
      let failed: unknown;
      body = (it) => {
        sides.live = it;
        try {
          steps();
        } catch (error) {
          failed = error;
        }
      };
      instance.other++;
      first?.end();
      const delta = store.commit();
      predictions.change(() => delta && mirror.applyDelta(JSON.parse(JSON.stringify(delta))));
      predictions.begin("run", encodeValue([]), false, "seed");
      if (failed) throw failed;
      if (!sides.live) throw new Error("The event was not predicted.");
    },
  };
  return sides;
}

/** A view is made, which shares the data that the next step meets. */
function share(store: Store): void {
  store.commit();
  store.plain();
}

interface Loop extends Iterable<unknown> {
  next(): unknown;
  drop(count: number): Loop;
  take(count: number): Loop;
  map(change: (one: unknown) => unknown): Loop;
  filter(test: (one: unknown) => boolean): Loop;
  toArray(): unknown[];
}

/** Loops that stay open while other steps change what they go over. */
function loops<C extends Iterable<unknown>>(): Record<string, Step<C>> {
  const open = new WeakMap<object, Loop[]>();
  const openOf = (side: C): Loop[] => {
    const all = open.get(side) ?? [];
    open.set(side, all);
    return all;
  };
  const withOne = (use: (loop: Loop, random: Random) => (loop: Loop) => unknown) => (random: Random) => {
    const at = random.int(4);
    const go = use(undefined as never, random);
    return (side: C) => {
      const all = openOf(side);
      return all.length > 0 ? go(all[at % all.length] as Loop) : undefined;
    };
  };
  return {
    "a loop begins": (random) => {
      const name = random.pick(["keys", "values", "entries", Symbol.iterator]);
      return (side) => void openOf(side).push((side as unknown as Record<string | symbol, () => Loop>)[name]!());
    },
    "a loop goes on": withOne(() => (loop) => loop.next()),
    "a loop goes on by itself": withOne((_, random) => {
      const count = random.int(4);
      return (loop) => {
        const met: unknown[] = [];
        if (count > 0) for (const one of loop) if (met.push(one) === count) break;
        return met;
      };
    }),
    "the first of a loop": withOne(() => (loop) => {
      const [first, second = "none"] = loop;
      return [first, second];
    }),
    "helpers of a loop": withOne((_, random) => {
      const kind = random.int(4);
      return (loop) => {
        if (kind === 0) return loop.drop(1).map(String).next();
        if (kind === 1) return loop.filter((one) => one !== "a").next();
        // Both close what they were asked of, which a loop over a Map has no way to be.
        return kind === 2
          ? loop.take(2).toArray()
          : loop
              .map((one) => [one])
              .take(1)
              .toArray();
      };
    }),
    "what a loop is": withOne(() => (loop) => [String(loop), "return" in loop, Object.keys(loop), loop[Symbol.iterator]() === (loop as unknown)]),
  };
}

const members = (prototype: object) => Reflect.ownKeys(prototype).filter((name) => name !== "constructor" && name !== Symbol.toStringTag);
const list = (iterator: Iterable<unknown>) => [...iterator];

describe(`a Map of a store does what a Map does (seeds ${first} to ${first + programs - 1})`, () => {
  type M = Map<unknown, unknown>;
  const key = (random: Random) => random.pick(KEYS);
  const steps: Record<string, Step<M>> = {
    ...loops<M>(),
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

  const make = (random: Random): M => new Map(Array.from({ length: random.int(5) }, () => [key(random), random.int(9)]));

  for (const viewed of [false, true])
    test(viewed ? "also where views are taken at random" : "in content, order and results", { timeout: 300_000 }, () => {
      compare<M>(steps, (random) => {
        const native = make(random);
        const { it, store } = hold(new Map(native));
        return { native, live: it, random, ...(viewed && { before: () => random.chance(0.5) && share(store) }) };
      });
    });

  test("also in optimistic events on twins, where views are taken at random", { timeout: 300_000 }, () => {
    compare<M>(steps, (random) => predicted(random, make(random), (native) => new Map(native)));
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
    ...loops<S>(),
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

  const make = (random: Random): S => new Set(Array.from({ length: random.int(6) }, () => member(random)));

  for (const viewed of [false, true])
    test(viewed ? "also where views are taken at random" : "in content, order and results", { timeout: 300_000 }, () => {
      compare<S>(steps, (random) => {
        const native = make(random);
        const { it, store } = hold(new Set(native));
        return { native, live: it, random, ...(viewed && { before: () => random.chance(0.5) && share(store) }) };
      });
    });

  test("also in optimistic events on twins, where views are taken at random", { timeout: 300_000 }, () => {
    compare<S>(steps, (random) => predicted(random, make(random), (native) => new Set(native)));
  });

  test("every member that Sets have in this version of the language is tried", () => {
    const tried = new Set(Object.keys(steps));
    expect(members(Set.prototype).filter((name) => !tried.has(String(name)))).toEqual([]);
  });
});
