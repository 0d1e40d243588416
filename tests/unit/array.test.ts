import { describe, expect, test } from "vitest";
import { toPlain } from "../../lib/view/view.js";
import { hold, outcome } from "../kit/hold.js";

const numbers = () => hold([1, 2, 3]).it;

describe("holes are refused, whichever way they would be made", () => {
  const ways: Record<string, (array: unknown[]) => unknown> = {
    "an index beyond the end": (array) => (array[5] = 1),
    "a longer length": (array) => (array.length = 9),
    delete: (array) => delete array[1],
    "delete of the last": (array) => delete array[2],
    "Object.defineProperty": (array) => Object.defineProperty(array, 7, { value: 1, writable: true, enumerable: true, configurable: true }),
    "Object.defineProperty of length": (array) => Object.defineProperty(array, "length", { value: 9 }),
    "Reflect.set": (array) => Reflect.set(array, 8, 1),
    "Object.assign": (array) => Object.assign(array, { 8: 1 }),
  };
  for (const [name, make] of Object.entries(ways))
    test(name, () => {
      const array = numbers();
      expect(() => make(array)).toThrow(/hole before or at `store\.it\[\d\]`/);
      expect(array).toEqual([1, 2, 3]);
    });

  // biome-ignore lint/suspicious/noSparseArray: that is the test
  const sparse = () => [1, , 3];
  const entering: Record<string, (holder: { it: unknown }, array: unknown[]) => unknown> = {
    "assigning one": (holder) => (holder.it = sparse()),
    "pushing one": (_, array) => array.push(sparse()),
    "an array of a length alone": (holder) => (holder.it = new Array(3)),
    "a huge array of a length alone": (holder) => (holder.it = new Array(2 ** 32 - 1)),
    "inside a literal": (holder) => (holder.it = { a: [{ b: sparse() }] }),
  };
  for (const [name, enter] of Object.entries(entering))
    test(`an array with holes that enters: ${name}`, () => {
      const { it, holder } = hold<unknown[]>([1, 2, 3]);
      expect(() => enter(holder, it)).toThrow(/hole before or at/);
      expect(holder.it).toBe(it);
      expect(it).toEqual([1, 2, 3]);
    });

  test("the error names where the hole is", () => {
    const { holder } = hold<unknown>(1);
    expect(() => (holder.it = { a: [{ b: sparse() }] })).toThrow("`store.it.a[0].b[1]`");
  });

  test("splicing and filling with undefined makes none", () => {
    const array = hold<unknown[]>([1, 2]).it;
    array.push(undefined);
    array[3] = undefined;
    expect(Object.keys(array)).toEqual(["0", "1", "2", "3"]);
  });
});

describe("what no array of a store can become", () => {
  test("one with a property that has a name", () => {
    const array = numbers() as unknown as Record<string, unknown>;
    expect(() => (array.total = 3)).toThrow("cannot have the property `total`");
    expect(() => (array["-1"] = 3)).toThrow("cannot have the property `-1`");
    expect(() => (array["1.5"] = 3)).toThrow("cannot have the property `1.5`");
    expect(() => (array[Symbol("x") as unknown as string] = 3)).toThrow("symbols do not travel");
    expect(array).toEqual([1, 2, 3]);
  });

  test("one with an accessor, or with a property that is read-only or hidden", () => {
    const array = numbers();
    for (const descriptor of [{ get: () => 1 }, { value: 9, writable: false }, { value: 9, enumerable: false }, { value: 9, configurable: false }])
      expect(() => Object.defineProperty(array, 0, descriptor)).toThrow("cannot become an accessor, read-only or hidden");
    expect(array).toEqual([1, 2, 3]);
    Object.defineProperty(array, 0, { value: 9 });
    expect(array).toEqual([9, 2, 3]);
  });

  test("a frozen, sealed or subclassed one", () => {
    const array = numbers();
    expect(() => Object.freeze(array)).toThrow(TypeError);
    expect(() => Object.seal(array)).toThrow(TypeError);
    expect(() => Object.preventExtensions(array)).toThrow(TypeError);
    expect(() => Object.setPrototypeOf(array, null)).toThrow(TypeError);
    array.push(4);
    expect(Object.isFrozen(array)).toBe(false);
    expect(array).toEqual([1, 2, 3, 4]);
  });
});

test("an instance of a subclass of Array enters as an array", () => {
  class Stack extends Array<number> {}
  const { it } = hold<number[]>(Stack.from([1, 2]));
  expect(it.constructor).toBe(Array);
  expect(it.map((n) => n + 1)).toEqual([2, 3]);
  expect(it.filter(() => true)).not.toBeInstanceOf(Stack);
});

test("what methods give is a plain array, that may be changed freely", () => {
  const { it, store } = hold([{ n: 1 }, { n: 2 }]);
  store.commit();
  for (const copy of [it.slice(), it.filter(Boolean), it.map((item) => item), it.concat(), it.toSorted(), it.toReversed(), it.with(0, { n: 3 }), [...it]]) {
    copy.push({ n: 9 });
    copy.length = 0;
  }
  expect(it).toEqual([{ n: 1 }, { n: 2 }]);
  expect(store.open).toBe(false);
});

test("structuredClone takes a plain copy", () => {
  const { it } = hold([{ at: new Date(5), tags: new Set(["a"]) }]);
  const copy = structuredClone(toPlain(it));
  expect(copy).toEqual([{ at: new Date(5), tags: new Set(["a"]) }]);
  copy[0]?.at.setTime(6);
  copy[0]?.tags.add("b");
  expect(it[0]?.at.getTime()).toBe(5);
  expect(it[0]?.tags.size).toBe(1);
});

test("JSON.stringify gives what it gives for plain data", () => {
  const data = { list: [{ a: [1, [2]] }, null, "x"], empty: [] };
  expect(JSON.stringify(hold(data).it)).toBe(JSON.stringify(data));
});

test("concat spreads it, and Symbol.isConcatSpreadable is the language's", () => {
  const array = numbers();
  expect(["x"].concat(array as unknown as string[])).toEqual(["x", 1, 2, 3]);
  expect(array.concat([4], array)).toEqual([1, 2, 3, 4, 1, 2, 3]);
  expect((array as unknown as { [Symbol.isConcatSpreadable]?: boolean })[Symbol.isConcatSpreadable]).toBeUndefined();
});

test("sort is stable, puts undefined last, and a comparator that throws changes nothing", () => {
  const rows = Array.from({ length: 50 }, (_, i) => ({ group: i % 3, i }));
  const { it } = hold(rows);
  it.sort((a, b) => a.group - b.group);
  for (const group of [0, 1, 2])
    expect(it.filter((row) => row.group === group).map((row) => row.i)).toEqual(rows.filter((row) => row.group === group).map((row) => row.i));
  expect(hold<unknown[]>([3, undefined, 1, undefined, 2]).it.sort()).toEqual([1, 2, 3, undefined, undefined]);
  const numbers = hold([3, 1, 2]).it;
  expect(() =>
    numbers.sort(() => {
      throw new RangeError("no");
    }),
  ).toThrow(RangeError);
  expect(numbers).toEqual([3, 1, 2]);
});

describe("nested containers keep their identity", () => {
  test("a raw object is found by the container that it became, in the same event", () => {
    const raw = { id: 1 };
    const { it, store } = hold<object[]>([]);
    it.push(raw, { id: 2 }, raw);
    expect(it[0]).toBe(it[2]);
    expect(it[0]).not.toBe(raw);
    expect(it.indexOf(raw)).toBe(0);
    expect(it.lastIndexOf(raw)).toBe(2);
    expect(it.includes(raw)).toBe(true);
    expect(it.includes(it[1] as object)).toBe(true);
    expect(it.includes({ id: 2 })).toBe(false);
    store.commit();
    store.endTurn();
    // Another event: the raw object is as foreign as any other.
    expect(it.includes(raw)).toBe(false);
    it.push(raw);
    expect(it[3]).not.toBe(it[0]);
  });

  test("they are the same objects after a sort, a splice and a move", () => {
    const { it } = hold([{ n: 3 }, { n: 1 }, { n: 2 }]);
    const [three, one, two] = it;
    it.sort((a, b) => a.n - b.n);
    expect(it.map((item) => [one, two, three].indexOf(item))).toEqual([0, 1, 2]);
    it.push(...it.splice(0, 1));
    expect(it.at(-1)).toBe(one);
    expect(it.find((item) => item.n === 2)).toBe(two);
  });
});

describe("a very long array", () => {
  const many = Array.from({ length: 200_000 }, (_, i) => i);

  test("enters, is copied, joined, sorted and rolled back without overflowing the stack", () => {
    const { it, holder, store } = hold<number[]>(many);
    expect(it.length).toBe(200_000);
    expect(it.concat(many).length).toBe(400_000);
    expect([...it].length).toBe(200_000);
    it.sort((a, b) => b - a);
    expect(it[0]).toBe(199_999);
    it.reverse();
    store.commit();
    holder.it = it.concat(many);
    expect(holder.it.length).toBe(400_000);
    holder.it.length = 10;
    store.rollback();
    expect(holder.it.length).toBe(200_000);
    expect(store.snapshot()).toBeDefined();
  });

  test("takes as many arguments as a native one does", () => {
    for (const count of [60_000, 100_000]) {
      const values = many.slice(0, count);
      const native: number[] = [];
      const expected = outcome(() => native.push(...values));
      const { it } = hold<number[]>([]);
      expect(outcome(() => it.push(...values))).toEqual(expected);
      expect(it.length).toBe(native.length);
      it.splice(5, 10, ...values.slice(0, 30_000));
      native.splice(5, 10, ...values.slice(0, 30_000));
      expect(it.length).toBe(native.length);
      it.unshift(...values.slice(0, 30_000));
      expect(it[30_000]).toBe(0);
    }
  });
});
