import { describe, expect, onTestFinished, test, vi } from "vitest";
import { openFace } from "../../lib/live/faces.js";
import { createMirror } from "../../lib/mirror/mirror.js";
import { canon } from "../kit/canon.js";
import { hold, outcome } from "../kit/hold.js";

const wire = <T>(value: T): T => JSON.parse(JSON.stringify(value));
const AWKWARD = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "toJSON",
  "then",
  "length",
  "0",
  "-1",
  "",
  " ",
  "a.b",
  "é",
  "x".repeat(50),
];

describe("any string is a key like any other", () => {
  for (const key of AWKWARD)
    test(JSON.stringify(key), () => {
      const { it, store } = hold<{ table: Record<string, unknown>; map: Map<unknown, unknown> }>({ table: {}, map: new Map() });
      const mirror = createMirror({ faces: openFace, name: "store" });
      mirror.applySnapshot(wire(store.snapshot()));
      const twin = (mirror.live as { it: typeof it }).it;
      const send = () => mirror.applyDelta(wire(store.commit()) as readonly unknown[]);

      it.table[key] = { a: 1 };
      it.map.set(key, { a: 1 });
      send();
      for (const side of [it, twin]) {
        expect(Object.keys(side.table)).toEqual([key]);
        expect(Object.hasOwn(side.table, key)).toBe(true);
        expect(side.table[key]).toEqual({ a: 1 });
        expect(side.map.get(key)).toEqual({ a: 1 });
        expect(Object.getPrototypeOf(side.table)).toBe(Object.prototype);
      }
      (it.table[key] as { a: number }).a = 2;
      send();
      expect(twin.table[key]).toEqual({ a: 2 });
      it.table[key] = 3;
      send();
      expect(twin.table[key]).toBe(3);
      const late = createMirror({ faces: openFace, name: "store" });
      late.applySnapshot(wire(store.snapshot()));
      expect(canon(late.live)).toBe(canon(mirror.live));
      delete it.table[key];
      it.map.delete(key);
      send();
      expect(Object.keys(twin.table)).toEqual([]);
      expect(twin.map.size).toBe(0);
      it.table[key] = 4;
      store.rollback();
      expect(Object.keys(it.table)).toEqual([]);
    });

  test("`__proto__` that is no property is undefined, so that a deep merge reaches no prototype", () => {
    const { it, store } = hold<Record<string, unknown>>({ inner: {}, list: [] });
    const mirror = createMirror({ faces: openFace, name: "store" });
    mirror.applySnapshot(wire(store.snapshot()));
    const live = (mirror.live as { it: Record<string, unknown> }).it;
    for (const side of [it, it.inner, it.list, live, live.inner, live.list] as Record<string, unknown>[]) {
      expect(Reflect.get(side, "__proto__")).toBeUndefined();
      expect([Object.prototype, Array.prototype]).toContain(Object.getPrototypeOf(side));
    }
    const merge = (into: Record<string, unknown>, from: Record<string, unknown>) => {
      for (const [key, value] of Object.entries(from)) {
        if (typeof value !== "object") into[key] = value;
        else {
          into[key] ??= {};
          merge(into[key] as Record<string, unknown>, value as Record<string, unknown>);
        }
      }
    };
    merge(it, JSON.parse('{ "__proto__": { "polluted": true }, "inner": { "__proto__": { "polluted": true } } }'));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(Object.keys(it)).toEqual(["inner", "list", "__proto__"]);
    expect(Reflect.get(it, "__proto__")).toEqual({ polluted: true });
  });

  test("in data that enters, and nothing of it gets into Object.prototype", () => {
    const data = JSON.parse('{ "__proto__": { "polluted": true }, "constructor": { "prototype": { "polluted": true } } }');
    const { it, store } = hold(data);
    const mirror = createMirror({ faces: openFace, name: "store" });
    mirror.applySnapshot(wire(store.snapshot()));
    for (const side of [it, (mirror.live as { it: object }).it, (mirror.view() as { it: object }).it]) {
      expect(Object.keys(side)).toEqual(["__proto__", "constructor"]);
      expect(Object.entries(side)[0]?.[1]).toEqual({ polluted: true });
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe("an object of a store does what an object does", () => {
  const ways: Record<string, (object: Record<string, unknown>) => unknown> = {
    keys: (object) => [Object.keys(object), Reflect.ownKeys(object), Object.getOwnPropertyNames(object)],
    entries: (object) => [Object.entries(object), Object.values(object)],
    spread: (object) => ({ ...object, more: 1 }),
    rest: ({ a, ...rest }) => [a, rest],
    "Object.assign to it": (object) => Object.keys(Object.assign(object, { z: 1, a: 2 })),
    "Object.assign from it": (object) => Object.assign({}, object),
    "for in": (object) => {
      const keys: string[] = [];
      for (const key in object) keys.push(key);
      return keys;
    },
    in: (object) => ["a" in object, "no" in object, "toString" in object],
    "a missing key": (object) => [object.no, (object.no as undefined) ?? "default"],
    "inherited methods": (object) => [
      String(object),
      Object.hasOwn(object, "a"),
      Object.prototype.propertyIsEnumerable.call(object, "a"),
      typeof object.valueOf,
    ],
    delete: (object) => [delete object.a, delete object.no, Object.keys(object)],
    "delete and set again": (object) => {
      delete object.a;
      object.a = 1;
      return Object.keys(object);
    },
    "whole numbers first": (object) => {
      Object.assign(object, { z: 1, 10: 1, 2: 1 });
      return Object.keys(object);
    },
    "a descriptor": (object) => [Object.getOwnPropertyDescriptor(object, "a"), Object.getOwnPropertyDescriptor(object, "no")],
    "all descriptors": (object) => Object.getOwnPropertyDescriptors(object),
    "Object.defineProperty": (object) => {
      Object.defineProperty(object, "a", { value: 5 });
      Object.defineProperty(object, "n", { value: 6, writable: true, enumerable: true, configurable: true });
      return { ...object };
    },
    "Reflect.set": (object) => [Reflect.set(object, "r", 1), Reflect.get(object, "r"), Reflect.deleteProperty(object, "r"), Reflect.has(object, "r")],
    "JSON.stringify": (object) => JSON.stringify(object),
    "JSON.stringify with spaces and a filter": (object) => JSON.stringify(object, ["a", "b"], 2),
    "Object.fromEntries": (object) => Object.fromEntries(Object.entries(object).map(([key, value]) => [value, key])),
    "entries reduced": (object) => Object.entries(object).reduce((all, [key]) => all + key, ""),
    prototype: (object) => [Object.getPrototypeOf(object) === Object.prototype, object.constructor === Object, object instanceof Object],
    "operators that assign": (object) => {
      object.n ??= 1;
      object.n = (object.n as number) + 1;
      object.a &&= "and";
      object.b ||= "or";
      return { ...object };
    },
    destructuring: (object) => {
      [object.a, object.b] = [object.b, object.a];
      return { ...object };
    },
    "Object.is": (object) => Object.is(object, object),
    "Object.isExtensible": (object) => [Object.isExtensible(object), Object.isFrozen(object), Object.isSealed(object)],
  };
  for (const [name, run] of Object.entries(ways))
    test(name, () => {
      const data = () => ({ a: 1, b: "two", c: null as unknown, 7: undefined as unknown });
      const native = data();
      const { it } = hold(data());
      expect(outcome(() => run(it))).toEqual(outcome(() => run(native)));
      expect(canon(it)).toBe(canon(native));
    });
});

describe("what no object of a store can become", () => {
  const make = () => hold<Record<string | symbol, unknown>>({ a: 1 });

  test("one with an accessor, or with a property that is read-only or hidden", () => {
    const { it } = make();
    for (const descriptor of [
      { get: () => 1 },
      { set() {} },
      { value: 9, writable: false },
      { value: 9, enumerable: false },
      { value: 9, configurable: false },
    ])
      expect(() => Object.defineProperty(it, "a", descriptor)).toThrow("`store.it.a` cannot become an accessor, read-only or hidden");
    expect(it).toEqual({ a: 1 });
  });

  test("one with a symbol for a key", () => {
    const { it } = make();
    expect(() => (it[Symbol("s")] = 1)).toThrow("`store.it` cannot have the key Symbol(s): symbols do not travel");
    expect(() => Object.defineProperty(it, Symbol("s"), { value: 1 })).toThrow("symbols do not travel");
    expect(it[Symbol("s")]).toBeUndefined();
  });

  test("a frozen one, or one with another prototype", () => {
    const { it } = make();
    for (const change of [Object.freeze, Object.seal, Object.preventExtensions]) expect(() => change(it)).toThrow(TypeError);
    expect(() => Object.setPrototypeOf(it, Array.prototype)).toThrow(TypeError);
    it.b = 2;
    expect(it).toEqual({ a: 1, b: 2 });
  });
});

describe("what is moved into another store is copied", () => {
  const two = () => [hold<{ id: number; inner: { id: number } }[]>([{ id: 1, inner: { id: 1 } }]), hold<{ id: number; inner: { id: number } }[]>([])] as const;
  const warnings = () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    return () => warn.mock.calls.flat().join();
  };

  test("a write to what was removed is lost, which a warning tells once", () => {
    const warned = warnings();
    const [from, to] = two();
    const moved = from.it.pop() as { id: number; inner: { id: number } };
    to.it.push(moved);
    expect(warned()).toBe("");
    moved.id = 99;
    expect(warned()).toContain("removed from `store` was changed after it had been put into `store.it[0]`");
    moved.inner.id = 99;
    expect(warned()).toContain("`store.it[0].inner`");
    const before = warned();
    moved.id = 100;
    expect(warned()).toBe(before);
    expect(to.it).toEqual([{ id: 1, inner: { id: 1 } }]);
  });

  test("a write to what still stands in its own store is told of nowhere", () => {
    const warned = warnings();
    const [from, to] = two();
    to.it.push(from.it[0] as never);
    (from.it[0] as { id: number }).id = 99;
    (to.it[0] as { id: number }).id = 98;
    expect([from.it[0]?.id, to.it[0]?.id, warned()]).toEqual([99, 98, ""]);
  });
});
