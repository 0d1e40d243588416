import { inspect, isDeepStrictEqual } from "node:util";
import { computed, state } from "twinstate";
import { describe, expect, test } from "vitest";
import { openFace } from "../../lib/live/faces.js";
import { createMirror } from "../../lib/mirror/mirror.js";
import { createStore } from "../../lib/store/store.js";
import { hold } from "../kit/hold.js";
import { Random } from "../kit/random.js";

/** Data of all kinds that is nested, and has cycles. */
function make(random: Random): object {
  const all: object[] = [];
  const value = (depth: number): unknown => {
    if (all.length > 0 && random.chance(0.2)) return random.pick(all);
    if (depth > 5 || random.chance(0.3))
      return random.pick<unknown>([1, -0, "text", null, undefined, 5n, true, new Date(0), /x/g, Uint8Array.of(1, 2), new URL("https://example.org/")]);
    return container(depth);
  };
  const container = (depth: number): object => {
    const kind = random.int(4);
    const count = random.int(random.chance(0.1) ? 120 : 4);
    const made: object = kind === 0 ? [] : kind === 1 ? new Map() : kind === 2 ? new Set() : {};
    all.push(made);
    for (let i = 0; i < count; i++) {
      const item = value(count > 4 ? 9 : depth + 1);
      if (Array.isArray(made)) made.push(item);
      else if (made instanceof Map) made.set(`k${i}`, item);
      else if (made instanceof Set) made.add(item instanceof Object && !all.includes(item) ? i : item);
      else (made as Record<string, unknown>)[`k${i}`] = item;
    }
    return made;
  };
  return container(0);
}

const options = [
  {},
  { depth: 0 },
  { depth: 4 },
  { depth: null },
  { colors: true },
  { compact: false, breakLength: 40 },
  { maxArrayLength: 2 },
  { depth: null, maxArrayLength: null },
  { sorted: true },
];

describe("Node prints a container as what it is", () => {
  test("random data of all kinds, with cycles, under all options", () => {
    for (let seed = 1; seed <= 100; seed++) {
      const native = make(new Random(seed));
      const { it } = hold(native);
      for (const option of options) {
        expect(inspect(it, option), `seed ${seed}, ${JSON.stringify(option)}`).toBe(inspect(native, option));
        expect(inspect({ in: [it] }, option)).toBe(inspect({ in: [native] }, option));
      }
    }
  });

  class Item {
    @state title = "milk";
    @state tags = ["a"];
    note = "no state";
    #hidden = 1;
    @computed get loud() {
      return `${this.title}!${this.#hidden}`;
    }
  }
  class Labelled {
    @state n = 1;
    #name = "label";
    [inspect.custom]() {
      return `<${this.#name} ${this.n}>`;
    }
  }
  class Table {
    @state items: unknown[] = [new Item(), new Labelled()];
    @state self: unknown = undefined;
  }

  test("instances by the names of their classes, with their fields", () => {
    const table = new Table();
    createStore({ name: "table", instance: table, models: { Item, Labelled } });
    table.self = table.items;
    table.items.push(table.items);
    const items = "<ref *1> [\n    Item { title: 'milk', tags: [Array], note: 'no state' },\n    <label 1>,\n    [Circular *1]\n  ]";
    expect(inspect(table)).toBe(`Table {\n  items: ${items},\n  self: ${items}\n}`);
    expect(inspect(new Item())).toBe("Item { title: 'milk', tags: [ 'a' ], note: 'no state' }");
  });

  test("what twins hold, too", () => {
    const table = new Table();
    const store = createStore({ name: "table", instance: table, models: { Item, Labelled } });
    const mirror = createMirror({ name: "table", faces: openFace, models: { Item } });
    mirror.applySnapshot(JSON.parse(JSON.stringify(store.snapshot())));
    expect(inspect(mirror.live)).toBe("{\n  items: [ Item { title: 'milk', tags: [Array], loud: 'milk!1' }, { n: 1 } ],\n  self: undefined\n}");
  });

  test("iterators, without what they are made of", () => {
    expect(inspect(hold(new Map()).it.keys())).toBe("Object [Map Iterator] {}");
    expect(inspect(hold(new Set()).it.keys())).toBe("Object [Set Iterator] {}");
  });
});

describe("equality", () => {
  const pairs: [unknown, unknown][] = [
    [new Map([[1, 2]]), new Map([[1, 3]])],
    [new Set([1]), new Set([2])],
    [{ m: new Map([[1, { n: 2 }]]) }, { m: new Map([[1, { n: 3 }]]) }],
    [[new Set([new Map([[1, 2]])])], [new Set([new Map([[1, 3]])])]],
    [{ a: 1 }, { a: 2 }],
    [[1], [2]],
  ];
  test("Node's strict deep equality and vitest's tell containers of different content apart, and equal ones not", () => {
    for (const [one, other] of pairs) {
      expect(isDeepStrictEqual(hold(one).it, hold(other).it)).toBe(false);
      expect(isDeepStrictEqual(hold(one).it, hold(structuredClone(one)).it)).toBe(true);
      expect(hold(one).it).not.toEqual(hold(other).it);
      expect(hold(one).it).toEqual(hold(one).it);
      expect(hold(one).it).toEqual(one);
      expect(hold(one).it).not.toEqual(other);
      expect(hold(one).it).toStrictEqual(one);
      expect(hold(one).it).not.toStrictEqual(other);
    }
  });
});

describe("structuredClone", () => {
  test.each([new Map([["a", 1]]), new Set([1]), [1], { a: 1 }])("%s of a store is refused, also inside of something", (value) => {
    for (const one of [hold(value as object).it, { in: hold(value as object).it }, [hold({ in: value }).it]])
      expect(() => structuredClone(one)).toThrow(expect.objectContaining({ name: "DataCloneError" }));
  });
});
