import { describe, expect, test } from "vitest";
import { state } from "../../lib/class/decorators.js";
import { openFace } from "../../lib/live/faces.js";
import { createMirror } from "../../lib/mirror/mirror.js";
import { createStore } from "../../lib/store/store.js";
import { toPlain } from "../../lib/view/view.js";
import { canon } from "../kit/canon.js";
import { hold } from "../kit/hold.js";

const wire = <T>(value: T): T => JSON.parse(JSON.stringify(value));

/** A value as a twin gets it: by a snapshot, and by a delta. */
function travel(value: unknown): unknown[] {
  const { holder, store } = hold<unknown>(value);
  const early = createMirror({ faces: openFace, name: "store" });
  const { holder: empty, store: other } = hold<unknown>(0);
  early.applySnapshot(wire(other.snapshot()));
  empty.it = value;
  early.applyDelta(wire(other.commit()) as readonly unknown[]);
  const late = createMirror({ faces: openFace, name: "store" });
  late.applySnapshot(wire(store.snapshot()));
  const back = hold<unknown>(0, { restore: wire(store.save()) });
  return [holder.it, (early.live as { it: unknown }).it, (late.live as { it: unknown }).it, late.read("it"), back.holder.it];
}

describe("values arrive as they are", () => {
  const bytes = [0, 1, 127, 128, 255];
  const values: Record<string, unknown> = {
    undefined: undefined,
    null: null,
    NaN: Number.NaN,
    "-0": -0,
    Infinity: Number.POSITIVE_INFINITY,
    "-Infinity": Number.NEGATIVE_INFINITY,
    "the largest number": Number.MAX_VALUE,
    "the smallest": 5e-324,
    "a bigint": -(2n ** 200n),
    "a lone surrogate": "\ud800x",
    "a line separator": "\u2028\u0000",
    "a Date": new Date(1_700_000_000_123),
    "an invalid Date": new Date(Number.NaN),
    "a Date before 1970": new Date(-1),
    "a URL": new URL("https://user:pw@example.org:8080/a?b=c#d"),
    "a RegExp": /a\/b[\]]+/giu,
    "an ArrayBuffer": Uint8Array.from(bytes).buffer,
    "a DataView": new DataView(Uint8Array.from(bytes).buffer, 1, 3),
    "a part of a buffer": Uint8Array.from(bytes).subarray(1, 4),
    "no bytes": new Uint8Array(),
  };
  for (const Type of [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array])
    values[Type.name] = Type.from(bytes);
  for (const Type of [BigInt64Array, BigUint64Array]) values[Type.name] = Type.from(bytes.map(BigInt));
  const { Float16Array } = globalThis as unknown as { Float16Array: typeof Float32Array };
  values.Float16Array = Float16Array.from(bytes);

  for (const [name, value] of Object.entries(values))
    test(name, () => {
      for (const arrived of travel(value)) {
        expect(canon(arrived)).toBe(canon(value));
        expect(arrived).toStrictEqual(value);
        if (typeof value === "object" && value !== null) expect(arrived).not.toBe(value);
      }
    });

  test("in a Map, a Set, an array and an object", () => {
    const all = Object.values(values);
    const nested = { list: all, map: new Map(all.map((value, i) => [i, value])), table: Object.fromEntries(Object.entries(values)) };
    for (const arrived of travel(nested)) expect(canon(arrived)).toBe(canon(nested));
    const keys = new Map(all.filter((value) => typeof value !== "object" || value === null).map((value) => [value, value]));
    for (const arrived of travel(keys)) expect(canon(arrived)).toBe(canon(keys));
  });

  test("a Buffer is copied, and becomes a Uint8Array", () => {
    const buffer = Buffer.from("hello");
    for (const arrived of travel(buffer)) {
      expect((arrived as Uint8Array).constructor).toBe(Uint8Array);
      expect([...(arrived as Uint8Array)]).toEqual([...buffer]);
    }
    const { it } = hold(buffer);
    buffer[0] = 0;
    expect(it[0]).toBe(104);
  });

  test("an object of another realm is a plain object", async () => {
    const { runInNewContext } = await import("node:vm");
    const foreign = runInNewContext("({ a: { b: 1 }, list: [1] })");
    const { it } = hold(foreign);
    expect(it.a).toEqual({ b: 1 });
    expect(it.list).toEqual([1]);
  });

  test("frozen and sealed data", () => {
    const frozen = Object.freeze({ list: Object.freeze([Object.freeze({ n: 1 })]), map: Object.freeze(new Map([["a", 1]])) });
    for (const arrived of travel(frozen)) expect(arrived).toEqual({ list: [{ n: 1 }], map: new Map([["a", 1]]) });
    const { it } = hold<{ list: { n: number }[] }>(frozen as never);
    (it.list[0] as { n: number }).n = 2;
    expect(it.list[0]?.n).toBe(2);
    expect(frozen.list[0]?.n).toBe(1);
  });

  test("hidden properties stay behind, as they do where an object is spread", () => {
    const data = Object.defineProperty({ now: 1 }, "hidden", { value: 1 });
    expect(Object.getOwnPropertyNames(hold<unknown>(data).it)).toEqual(["now"]);
  });

  test("identity and cycles", () => {
    const shared = { n: 1 };
    const cycle: Record<string, unknown> = { shared, list: [shared, shared], map: new Map([["shared", shared]]), set: new Set() };
    cycle.self = cycle;
    (cycle.list as unknown[]).push(cycle.list);
    for (const arrived of travel(cycle) as Record<string, unknown>[]) {
      expect(canon(arrived)).toBe(canon(cycle));
      expect(arrived.self).toBe(arrived);
      expect((arrived.list as unknown[])[0]).toBe(arrived.shared);
      expect((arrived.list as unknown[])[2]).toBe(arrived.list);
      expect((arrived.map as Map<string, unknown>).get("shared")).toBe(arrived.shared);
    }
  });

  test("a store that refers to itself", () => {
    const { holder, store } = hold<unknown>(0);
    const mirror = createMirror({ faces: openFace, name: "store" });
    mirror.applySnapshot(wire(store.snapshot()));
    holder.it = { root: holder };
    mirror.applyDelta(wire(store.commit()) as readonly unknown[]);
    const live = mirror.live as { it: { root: unknown } };
    expect(live.it.root).toBe(live);
    expect((holder.it as { root: unknown }).root).toBe(holder);
  });
});

describe("what cannot be state is refused where it is assigned, and nothing has changed by it", () => {
  class Unregistered {
    x = 1;
  }
  function* generator() {
    yield 1;
  }
  class Element {
    nodeType = 1;
    get [Symbol.toStringTag]() {
      return "HTMLDivElement";
    }
  }
  const bad: Record<string, [value: unknown, named: RegExp]> = {
    "a function": [() => 1, /function/],
    "a named function": [function save() {}, /the function `save`/],
    "a class": [Unregistered, /the function `Unregistered`/],
    "a symbol": [Symbol("x"), /a symbol \(Symbol\(x\)\)/],
    "a promise": [Promise.resolve(1), /a promise\. `await` it first/],
    "a WeakMap": [new WeakMap(), /`WeakMap`/],
    "a WeakSet": [new WeakSet(), /`WeakSet`/],
    "a WeakRef": [new WeakRef({}), /`WeakRef`/],
    "an instance of an unregistered class": [new Unregistered(), /an instance of `Unregistered`/],
    "an Error": [new RangeError("x"), /`RangeError`/],
    "a generator": [generator(), /a generator\. Return one value/],
    "a DOM node": [new Element(), /`Element`/],
    "a boxed string": [Object("x"), /`String`/],
    "a Proxy of an instance": [new Proxy(new Unregistered(), {}), /`Unregistered`/],
    "an object with a symbol for a key": [{ [Symbol("k")]: 1 }, /Symbol\(k\)/],
    URLSearchParams: [new URLSearchParams(), /`URLSearchParams`/],
    "an iterator": [[1][Symbol.iterator](), /Array Iterator|Iterator/],
    "an object of a class without constructor": [Object.create({ inherited: 1 }), /a Object|an instance/],
  };
  const ways: Record<string, (target: Target, value: unknown) => void> = {
    "`store.it.object.x`": ({ object }, value) => (object.x = value),
    "`store.it.list[0]`": ({ list }, value) => (list[0] = value),
    "`store.it.list[4]`": ({ list }, value) => list.push(1, { fine: {} }, value),
    "`store.it.list[1]`": ({ list }, value) => list.unshift({}, value),
    "`store.it.list[2].a`": ({ list }, value) => list.splice(1, 1, {}, { a: value }),
    "`store.it.list[0].a[1].b`": ({ list }, value) => list.fill({ a: [1, { b: value }] }),
    "`store.it.map.key`": ({ map }, value) => map.set("key", value),
    "`store.it.map[5].deep`": ({ map }, value) => map.set(5, { first: {}, deep: value }),
    '`store.it.object["a key"]["1"].__proto__`': ({ object }, value) =>
      (object["a key"] = { 1: JSON.parse('{ "__proto__": 0 }', (key, one) => (key === "__proto__" ? value : one)) }),
    "`store.it.object.map.k[0]`": ({ object }, value) => (object.map = new Map([["k", [value]]])),
    "`store.it.object.copy`": ({ object }, value) => Object.assign(object, { x: 1, copy: value }),
  };
  interface Target {
    object: Record<string, unknown>;
    list: unknown[];
    map: Map<unknown, unknown>;
    set: Set<unknown>;
  }
  const make = () => hold<Target>({ object: { x: 1 }, list: [1, { n: 2 }], map: new Map([["key", 1]]), set: new Set([1]) });

  for (const [name, [value, named]] of Object.entries(bad))
    test(name, () => {
      for (const [path, write] of Object.entries(ways)) {
        if (path.includes("__proto__") && name === "a symbol") continue;
        const { it, store } = make();
        store.commit();
        const before = canon(it);
        let error: Error | undefined;
        try {
          write(it, value);
        } catch (thrown) {
          error = thrown as Error;
        }
        expect(error?.name, path).toBe("StateError");
        expect(error?.message).toContain(path);
        expect(error?.message).toMatch(named);
        // Of several assignments, those before the bad one stand.
        if (path.includes("copy")) continue;
        expect(canon(it), path).toBe(before);
        expect(store.open, path).toBe(false);
      }
    });

  test("a key or member too", () => {
    for (const value of [() => 1, Symbol("x"), new Date(), new Uint8Array(), new Error("x"), /x/]) {
      const { it, store } = make();
      store.commit();
      expect(() => it.map.set(value, { a: 1 })).toThrow("`store.it.map[…]`");
      expect(() => it.set.add(value)).toThrow("`store.it.set[…]`");
      expect(() => (it.object.y = new Map([[value, 1]]))).toThrow("`store.it.object.y[…]`");
      expect(() => (it.object.y = new Set([value]))).toThrow("`store.it.object.y[…]`");
      expect(store.open).toBe(false);
    }
  });

  test("in a field's initial value, where the store is made", () => {
    expect(() => hold<unknown>({ deep: [() => 1] })).toThrow("`store.it.deep[0]` cannot hold");
  });

  test("what entered before the bad value of the same write enters anew afterwards", () => {
    const { it } = make();
    const good = { n: 1 };
    expect(() => it.list.push(good, () => 1)).toThrow();
    good.n = 2;
    it.list.push(good);
    expect(it.list.at(-1)).toEqual({ n: 2 });
  });

  test("an array or object that throws while it is read changes nothing", () => {
    const { it, store } = make();
    store.commit();
    const throws = new Proxy(
      { x: 1 },
      {
        get() {
          throw new RangeError("from a trap");
        },
      },
    );
    expect(() => it.list.push({ fine: 1 }, throws)).toThrow("from a trap");
    expect(() => (it.object.x = { a: [throws] })).toThrow("from a trap");
    expect(store.open).toBe(false);
    // The next error has a path of its own.
    expect(() => (it.object.z = () => 1)).toThrow("`store.it.object.z`");
  });
});

describe("depth", () => {
  const nested = (depth: number) => {
    let value: unknown = "end";
    for (let i = 0; i < depth; i++) value = i % 2 ? { next: value } : [value];
    return value;
  };

  test("1,000 levels enter and travel", () => {
    for (const arrived of travel(nested(1000))) {
      let depth = 0;
      for (let one = arrived; typeof one === "object" && one !== null; depth++) one = Object.values(one)[0];
      expect(depth).toBe(1000);
    }
  });

  test("more are refused by the place where they would enter, and what follows is not", () => {
    const { holder, store } = hold<unknown>(0);
    store.commit();
    for (const depth of [1001, 100_000]) expect(() => (holder.it = { a: nested(depth) })).toThrow("`store.it` is nested more than 1000 levels deep");
    expect(holder.it).toBe(0);
    expect(store.open).toBe(false);
    holder.it = nested(1000);
    expect(store.open).toBe(true);
  });
});

describe("a date of a store is a value", () => {
  class Todo {
    @state at = new Date(5);
    @state list = [new Date(6)];
  }
  const make = () => createStore({ name: "todo", instance: new Todo() });

  test("it cannot be changed in place, on the store, on a twin or in a view", () => {
    const store = make();
    const mirror = createMirror({ faces: openFace, name: "todo" });
    mirror.applySnapshot(wire(store.snapshot()));
    for (const side of [store.instance, mirror.live, mirror.view(), store.plain()] as Todo[]) {
      expect(() => side.at.setTime(1)).toThrow("`setTime` on a date of a store: dates are values there");
      expect(() => side.list[0]?.setFullYear(2000)).toThrow("Assign a new one");
      expect(side.at.getTime()).toBe(5);
    }
    for (const name of Object.getOwnPropertyNames(Date.prototype).filter((one) => one.startsWith("set")))
      expect(() => (new Todo() && ((store.instance as Todo).at as unknown as Record<string, (n: number) => void>)[name])?.(1)).toThrow(name);
  });

  test("it is a Date in every other way", () => {
    const { at } = make().instance as Todo;
    expect(at).toBeInstanceOf(Date);
    expect(at.constructor).toBe(Date);
    expect(at).toStrictEqual(new Date(5));
    expect(Object.prototype.toString.call(at)).toBe("[object Date]");
    expect(JSON.stringify(at)).toBe('"1970-01-01T00:00:00.005Z"');
    expect(Number(at) + 1).toBe(6);
    expect(`${at}`).toBe(String(new Date(5)));
    expect(structuredClone(at)).toEqual(new Date(5));
  });

  test("the one that was assigned, a copy, and what toPlain gives may be changed freely", () => {
    const store = make();
    const todo = store.instance as Todo;
    const mine = new Date(7);
    todo.at = mine;
    mine.setTime(8);
    const copy = new Date(todo.at);
    copy.setTime(9);
    const plain = toPlain(todo);
    plain.at.setTime(10);
    plain.list[0]?.setTime(10);
    expect(todo.at.getTime()).toBe(7);
    expect(todo.list[0]?.getTime()).toBe(6);
  });

  test("a date of one field put into another stays one that cannot be changed", () => {
    const todo = make().instance as Todo;
    todo.list.push(todo.at);
    expect(() => todo.list[1]?.setTime(1)).toThrow("dates are values");
  });
});

describe("what belongs to another store", () => {
  class Card {
    @state title = "";
  }
  class Board {
    @state cards: unknown[] = [];
    @state map = new Map<string, unknown>();
  }
  const make = (name: string) => createStore({ name, instance: new Board(), models: { Card } });

  test("a container is cloned, nested ones with it, and identity within it survives", () => {
    const [one, two] = [make("one").instance as Board, make("two").instance as Board];
    const shared = { n: 1 };
    one.cards.push({ shared, again: shared, list: [shared], map: new Map([["a", shared]]), set: new Set([1]) });
    two.cards.push(one.cards[0]);
    two.cards.push(one.cards);
    const clone = two.cards[0] as { shared: { n: number }; again: object; list: object[]; map: Map<string, object> };
    expect(clone).not.toBe(one.cards[0]);
    expect(canon(clone)).toBe(canon(one.cards[0]));
    clone.shared.n = 2;
    expect((one.cards[0] as { shared: { n: number } }).shared.n).toBe(1);
    expect(clone.map.get("a")).toBe(clone.shared);
    expect((two.cards[1] as object[])[0]).toBe(clone);
  });

  test("an instance is refused, and says what to do", () => {
    const [one, two] = [make("one").instance as Board, make("two").instance as Board];
    const card = new Card();
    one.cards.push(card);
    expect(() => two.cards.push({ card })).toThrow(
      "`two.cards[0].card` cannot hold an instance of `Card` that belongs to another store already. Make a new instance",
    );
    expect(() => two.map.set("store", one)).toThrow("belongs to another store already");
    expect(two.cards).toEqual([]);
    expect(one.cards[0]).toBe(card);
  });

  test("what a twin shows is cloned", () => {
    const store = make("one");
    (store.instance as Board).cards.push({ a: [1] });
    store.commit();
    const mirror = createMirror({ faces: openFace, name: "one" });
    mirror.applySnapshot(wire(store.snapshot()));
    const two = make("two").instance as Board;
    two.cards.push((mirror.live as Board).cards[0], (mirror.view() as Board).cards[0]);
    expect(two.cards).toEqual([{ a: [1] }, { a: [1] }]);
  });
});
