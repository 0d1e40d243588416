import { computed as mobxComputed, reaction, runInAction } from "mobx";
import { computed, state } from "twinstate";
import { describe, expect, test, vi } from "vitest";
import { createStore } from "../../lib/store/store.js";
import { hold } from "../kit/hold.js";

const iteratorsOf = {
  "a Map": (): [Map<number, number>, Map<number, number>] => {
    const native = new Map([1, 2, 3].map((n) => [n, n]));
    return [native, hold(new Map(native)).it];
  },
  "a Set": (): [Set<number>, Set<number>] => [new Set([1, 2, 3]), hold(new Set([1, 2, 3])).it],
  "an array": (): [number[], number[]] => [[1, 2, 3], hold([1, 2, 3]).it],
};
interface Helpers {
  drop(count: number): Helpers;
  take(count: number): Helpers;
  map(change: (one: unknown) => unknown): Helpers;
  filter(test: () => boolean): Helpers;
  toArray(): unknown[];
}
type Iterated = { keys(): Iterator<unknown>; values(): Iterator<unknown>; entries(): Iterator<unknown>; [Symbol.iterator](): Iterator<unknown> };

describe.each(Object.entries(iteratorsOf))("an iterator of %s is the language's", (_, make) => {
  for (const name of ["keys", "values", "entries", Symbol.iterator] as const) {
    const both = (look: (iterator: IteratorObject<unknown>) => unknown) => {
      const [native, live] = make() as unknown as [Iterated, Iterated];
      expect(look(live[name]() as IteratorObject<unknown>)).toEqual(look(native[name]() as IteratorObject<unknown>));
    };

    test(`${String(name)}: what it is`, () => {
      both((iterator) => [
        String(iterator),
        iterator instanceof (globalThis as unknown as { Iterator: new () => object }).Iterator,
        iterator[Symbol.iterator]() === iterator,
        "return" in iterator,
        "throw" in iterator,
        Object.keys(iterator),
        typeof iterator.next,
      ]);
      const [native, live] = make() as unknown as [Iterated, Iterated];
      expect(Object.prototype.isPrototypeOf.call(Object.getPrototypeOf(native[name]()), live[name]())).toBe(true);
    });

    test(`${String(name)}: \`break\` and destructuring leave it open, the end closes it`, () => {
      both((iterator) => {
        const [first] = iterator;
        for (const second of iterator) return [first, second, [...iterator], iterator.next(), iterator.next()];
      });
    });

    test(`${String(name)}: it has the helpers of iterators`, () => {
      both((iterator) => [
        iterator.next(),
        (iterator as unknown as Helpers)
          .drop(1)
          .map((one) => [one])
          .filter(() => true)
          .take(5)
          .toArray(),
      ]);
    });

    test(`${String(name)}: it meets what comes before its end, and nothing after it`, () => {
      const [native, live] = make() as unknown as [Iterated, Iterated];
      const grown = [native, live].map((side) => {
        const add = (n: number) => (side instanceof Map ? side.set(n, n) : side instanceof Set ? side.add(n) : (side as unknown as number[]).push(n));
        const iterator = side[name]() as IteratorObject<unknown>;
        add(4);
        const met = [...iterator];
        add(5);
        return [met, [...iterator]];
      });
      expect(grown[1]).toEqual(grown[0]);
    });
  }
});

test("methods of a Map or Set that are called on something else throw at once, as the language's do", () => {
  for (const live of [hold(new Map()).it, hold(new Set()).it] as unknown as Record<string, (...args: unknown[]) => unknown>[]) {
    for (const name of ["has", "delete", "clear", "forEach", "keys", "values", "entries", Symbol.iterator])
      for (const receiver of [{}, undefined, hold({}).it, live instanceof Map ? new Set() : new Map()])
        expect(() => (live as Record<string | symbol, (...args: unknown[]) => unknown>)[name]?.call(receiver, () => 1)).toThrow(TypeError);
  }
  const map = hold(new Map([[1, 1]])).it as unknown as Record<string, (...args: unknown[]) => unknown>;
  expect(() => map.getOrInsertComputed?.(1, 5)).toThrow(TypeError);
  expect(() => map.keys?.call({})).toThrow("This method was called on what is no Map of a store");
});

test("a Map or Set has the prototype of the language's own, and takes no property", () => {
  const map = hold(new Map()).it as Map<unknown, unknown> & Record<string, unknown>;
  const set = hold(new Set()).it as Set<unknown> & Record<string, unknown>;
  expect(Object.getPrototypeOf(map)).toBe(Map.prototype);
  expect(Object.getPrototypeOf(set)).toBe(Set.prototype);
  expect(() => (map.size2 = 1)).toThrow("`store.it` is a Map: it cannot have the property `size2`");
  expect(() => (set.size2 = 1)).toThrow("`store.it` is a Set: it cannot have the property `size2`");
  expect(() => Map.prototype.set.call(map, 1, 1)).toThrow(TypeError);
});

describe("a loop over what changes meanwhile is as the language's, also where a view was taken before", () => {
  test("a Map", () => {
    const { it, store } = hold(
      new Map([
        ["a", 1],
        ["b", 2],
      ]),
    );
    store.plain();
    const met: string[] = [];
    for (const key of it.keys()) {
      met.push(key);
      if (key === "b" && met.length === 2) {
        it.delete("a");
        it.set("a", 3);
      }
    }
    expect(met).toEqual(["a", "b", "a"]);
  });

  test("a Set", () => {
    const { it, store } = hold(new Set(["a", "b"]));
    store.plain();
    const run = (set: Set<string>) => {
      const met: string[] = [];
      for (const key of set) {
        met.push(key);
        if (met.length === 1) store.plain();
        if (met.length < 4) {
          set.delete(key);
          set.add(key);
        }
      }
      return met;
    };
    expect(run(it)).toEqual(run(new Set(["a", "b"])));
  });

  test("one that was undone meanwhile is gone on with where it stood", () => {
    const { it, store } = hold(new Map([1, 2, 3].map((n) => [n, n])));
    const keys = it.keys();
    expect([keys.next().value, keys.next().value]).toEqual([1, 2]);
    it.set(4, 4);
    it.delete(3);
    store.rollback();
    expect([...keys]).toEqual([3]);
  });
});

describe("what was pushed is found in the same event", () => {
  const bytes = [1, 2, 3];
  const values: Record<string, () => object> = {
    "an object": () => ({}),
    "an array": () => [],
    "a Map": () => new Map(),
    "a Date": () => new Date(5),
    "a RegExp": () => /x/g,
    "a URL": () => new URL("https://example.org/"),
    bytes: () => Uint8Array.from(bytes),
    "an ArrayBuffer": () => Uint8Array.from(bytes).buffer,
    "a DataView": () => new DataView(Uint8Array.from(bytes).buffer),
  };
  for (const [name, make] of Object.entries(values))
    test(name, () => {
      const { it, store } = hold<unknown[]>([]);
      const value = make();
      it.push("first", value, value);
      expect([it.indexOf(value), it.lastIndexOf(value), it.includes(value)]).toEqual([1, 2, true]);
      expect(it.indexOf(make())).toBe(-1);
      expect(it.includes(it[1])).toBe(true);
      store.endTurn();
      expect(it.includes(value)).toBe(false);
    });

  test("one that was changed after it was pushed enters as it is by then", () => {
    const { it } = hold<Date[]>([]);
    const date = new Date(1);
    it.push(date);
    date.setTime(2);
    it.push(date);
    expect(it.map(Number)).toEqual([1, 2]);
    const bytes = Uint8Array.of(1);
    const { it: list } = hold<Uint8Array[]>([]);
    list.push(bytes);
    bytes[0] = 2;
    list.push(bytes);
    expect(list.map((one) => one[0])).toEqual([1, 2]);
  });
});

describe("set algebra", () => {
  type Algebra<R = Set<object> & boolean> = Record<string, (other: unknown) => R> & Set<unknown>;
  const native = ["union", "intersection", "difference", "symmetricDifference", "isSubsetOf", "isSupersetOf", "isDisjointFrom"] as const;

  test.each(native)("%s sees what the other set changes meanwhile", (name) => {
    const run = (set: Set<string>) => {
      const log: string[] = [];
      const other = {
        get size() {
          log.push("size");
          set.add("by size");
          return 2;
        },
        has(value: string) {
          log.push(`has ${value}`);
          set.add("by has");
          set.delete("b");
          return value === "a";
        },
        keys() {
          log.push("keys");
          set.add("by keys");
          const values = ["a", "x"].values();
          return {
            next() {
              log.push("next");
              set.add("by next");
              return values.next();
            },
            return() {
              log.push("return");
              return {};
            },
          };
        },
      };
      const result: unknown = (set as unknown as Algebra)[name]?.(other);
      return [result instanceof Set ? [...result] : result, [...set], log];
    };
    expect(run(hold(new Set(["a", "b", "c"])).it)).toEqual(run(new Set(["a", "b", "c"])));
  });

  test("raw objects are what they have become, as `has` knows them", () => {
    const it = hold(new Set<object>()).it as unknown as Required<Algebra>;
    const raw = {};
    it.add(raw);
    const [live] = it;
    const other = new Set([raw]);
    expect([it.has(raw), it.intersection!(other).size, it.isSubsetOf!(other), it.isSupersetOf!(other), it.isDisjointFrom!(other)]).toEqual([
      true,
      1,
      true,
      true,
      false,
    ]);
    expect([it.difference!(other).size, it.symmetricDifference!(other).size, [...it.union!(other)][0]]).toEqual([0, 0, live]);
    expect([...it.union!(new Set([{ n: 1 }]))]).toEqual([live, { n: 1 }]);
  });

  test.each(native)("%s refuses what is no set as the language does", (name) => {
    const bad = [
      undefined,
      5,
      "ab",
      {},
      { size: 1 },
      { size: Number.NaN, has: () => true, keys: () => [] },
      { size: 1, has: () => true, keys: () => 5 },
      { size: 1, has: 5, keys: () => [] },
    ];
    for (const other of bad) {
      const thrown = (set: Set<number>) => {
        try {
          (set as unknown as Algebra)[name]?.(other);
          return undefined;
        } catch (error) {
          return (error as Error).name;
        }
      };
      expect(thrown(hold(new Set([1])).it)).toBe(thrown(new Set([1])));
    }
  });
});

describe("what a literal has beyond values is refused, by its path", () => {
  const literals: Record<string, [object, string]> = {
    "a getter": [
      {
        n: 1,
        get b() {
          return 2;
        },
      },
      "`store.it[0].a[0].b` is an accessor",
    ],
    "a setter": [{ n: 1, set b(_: number) {} }, "`store.it[0].a[0].b` is an accessor"],
    "a method": [{ n: 1, b() {} }, "`store.it[0].a[0].b` cannot hold the function `b`"],
    "an async generator": [{ async *b() {} }, "`store.it[0].a[0].b` cannot hold the function `b`"],
    "a symbol as key": [{ [Symbol("b")]: 1 }, "symbols do not travel"],
    "no prototype": [{ b: Object.create(null) }, "`store.it[0].a[0].b` cannot hold an object without a prototype"],
    "a symbol": [{ b: Symbol("b") }, "`store.it[0].a[0].b` cannot hold a symbol"],
  };
  for (const [name, [literal, message]] of Object.entries(literals))
    test(name, () => {
      const { it, store } = hold<unknown[]>([]);
      store.commit();
      expect(() => it.push({ a: [literal] })).toThrow(message);
      expect([it.length, store.open]).toEqual([0, false]);
    });

  test("also where a computed gives it, the first time and later", () => {
    class Table {
      @state tricky = false;
      @computed get row(): object {
        return this.tricky
          ? {
              get n() {
                return 1;
              },
            }
          : { n: 1 };
      }
    }
    const errors: string[] = [];
    const table = new Table();
    const store = createStore({ name: "table", instance: table, report: (error) => errors.push((error as Error).message) });
    store.watch();
    table.tricky = true;
    store.commit();
    expect(errors).toEqual([expect.stringContaining("`table.row.n` is an accessor")]);
    expect((store.plain() as Table).row).toBeUndefined();
  });
});

describe("what computes does not write, watched or not", () => {
  const ways: Record<string, (table: { items: number[]; map: Map<string, number>; set: Set<number>; object: Record<string, number>; n: number }) => unknown> = {
    "sort in place": (table) => table.items.sort(),
    "reverse in place": (table) => table.items.reverse(),
    push: (table) => table.items.push(1),
    "a field": (table) => (table.n += 1),
    "a Map's entry": (table) => table.map.set("a", 1),
    "a Set's member": (table) => table.set.add(1),
    "an object's key": (table) => (table.object.a = 1),
    delete: (table) => delete table.object.there,
  };
  for (const [name, write] of Object.entries(ways)) {
    class Table {
      @state items = [3, 1, 2];
      @state map = new Map<string, number>();
      @state set = new Set<number>();
      @state object: Record<string, number> = { there: 1 };
      @state n = 0;
      @computed get bad(): unknown {
        return write(this);
      }
      @computed get nested(): unknown {
        return this.bad;
      }
    }
    const thrown = (run: () => unknown) => {
      try {
        return { value: run() };
      } catch (error) {
        return (error as Error).message;
      }
    };

    test(`${name}: the same message, and nothing has changed`, () => {
      const table = new Table();
      const store = createStore({ name: "table", instance: table, report: () => {} });
      const unwatched = thrown(() => table.bad);
      expect(unwatched).toMatch(/was changed by a `@computed` getter\. A getter only reads/);
      expect([thrown(() => table.nested), store.open]).toEqual([unwatched, false]);
      expect(thrown(() => runInAction(() => table.bad))).toBe(unwatched);
      store.watch();
      expect([thrown(() => table.bad), thrown(() => table.nested)]).toEqual([unwatched, unwatched]);
      store.commit();
      expect([[...table.items], table.n, store.open]).toEqual([[3, 1, 2], 0, false]);
    });

    test(`${name}: in a computed of MobX over a live store likewise`, () => {
      const table = new Table();
      const store = createStore({ name: "table", instance: table });
      const one = mobxComputed(() => write(table));
      const stop = reaction(
        () => one.get(),
        () => {},
        { onError: () => {}, fireImmediately: true },
      );
      expect(thrown(() => one.get())).toMatch(/was changed by a `@computed` getter/);
      expect(store.open).toBe(false);
      stop();
    });
  }

  test("a reaction cannot change the order of what it reads, as with MobX's own arrays", () => {
    const { it, store } = hold([3, 1, 2]);
    store.commit();
    const errors: string[] = [];
    for (const run of [() => it.sort(), () => it.reverse()]) reaction(run, () => {}, { onError: (error) => errors.push((error as Error).message) })();
    expect(errors).toEqual([expect.stringContaining("`toSorted()`"), expect.stringContaining("`toSorted()`")]);
    expect([[...it], store.open]).toEqual([[3, 1, 2], false]);
    reaction(
      () => it.toSorted(),
      () => {},
    )();
  });

  test("a computed that wrote once is computed anew for the event that reads it next", () => {
    let mended = false;
    class Table {
      @state items = [3, 1, 2];
      @computed get sorted() {
        return mended ? this.items.toSorted() : this.items.sort();
      }
    }
    const report = vi.fn();
    const table = new Table();
    const store = createStore({ name: "table", instance: table, report });
    store.watch();
    expect(report).toHaveBeenCalledOnce();
    expect(() => table.sorted).toThrow("`@computed` getter");
    mended = true;
    expect(table.sorted).toEqual([1, 2, 3]);
    table.items.push(0);
    expect(table.sorted).toEqual([0, 1, 2, 3]);
    store.commit();
    expect((store.plain() as Table).sorted).toEqual([0, 1, 2, 3]);
    expect(report).toHaveBeenCalledOnce();
  });
});
