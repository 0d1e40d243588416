import { describe, expect, test } from "vitest";
import { openFace } from "../../lib/live/faces.js";
import { createMirror } from "../../lib/mirror/mirror.js";
import { BYTES, DEPTH, DIGITS, LONGEST_TEXT, NAME, NAMES, PATTERN } from "../../lib/wire/bounds.js";
import { decodeValue, encodeValue } from "../../lib/wire/value-codec.js";
import { jsonOf } from "../../server/wire/plain-values.js";
import { hold } from "../kit/hold.js";

const huge = 10n ** BigInt(DIGITS);
const transferred = () => {
  const bytes = new Uint8Array(4);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
};

const beyond: Record<string, [code: string, make: () => unknown]> = {
  "a bigint": ["TOO_LARGE", () => huge],
  "a negative bigint": ["TOO_LARGE", () => -huge],
  "a string": ["TOO_LARGE", () => "x".repeat(LONGEST_TEXT + 1)],
  bytes: ["TOO_LARGE", () => new Uint8Array(BYTES + 1)],
  "a buffer": ["TOO_LARGE", () => new ArrayBuffer(BYTES + 1)],
  "a RegExp": ["TOO_LARGE", () => new RegExp("x".repeat(PATTERN + 1))],
  "bytes that were transferred": ["NOT_STATE", transferred],
  "a buffer that was transferred": ["NOT_STATE", () => transferred().buffer],
  "a value that says of itself that it is a URL": [
    "NOT_STATE",
    () =>
      new (class {
        href = "nowhere";
        [Symbol.toStringTag] = "URL";
      })(),
  ],
};

describe.each(Object.entries(beyond))("%s beyond the bounds is refused where it enters, and nothing has happened", (_, [code, make]) => {
  const refused = (path: string) => expect.objectContaining({ name: "StateError", code, message: expect.stringContaining(`\`${path}\``) });
  const within = () =>
    hold<{ list: unknown[]; map: Map<unknown, unknown>; set: Set<unknown>; table: Record<string, unknown> }>({
      list: [1],
      map: new Map(),
      set: new Set(),
      table: {},
    });
  const value = make();

  test.each([
    ["a field", "store.it", (_: ReturnType<typeof within>["it"], holder: { it: unknown }) => void (holder.it = value)],
    ["a property", "store.it.table.a", (it: ReturnType<typeof within>["it"]) => void (it.table.a = value)],
    ["an item", "store.it.list[1]", (it: ReturnType<typeof within>["it"]) => void it.list.push(value)],
    ["an item in the place of another", "store.it.list[0]", (it: ReturnType<typeof within>["it"]) => void (it.list[0] = value)],
    ["deep inside", "store.it.table.a[0].b", (it: ReturnType<typeof within>["it"]) => void (it.table.a = [{ b: value }])],
    ["a value of a Map", "store.it.map.k", (it: ReturnType<typeof within>["it"]) => void it.map.set("k", value)],
  ])("as %s", (_, path, write) => {
    const { it, holder, store } = within();
    store.snapshot();
    expect(() => write(it, holder as { it: unknown })).toThrow(refused(path));
    expect(store.open).toBe(false);
  });

  test("as a key or member", () => {
    const { it, store } = within();
    expect(() => it.map.set(value, 1)).toThrow(expect.objectContaining({ name: "StateError" }));
    expect(() => it.set.add(value)).toThrow(expect.objectContaining({ name: "StateError" }));
    expect(() => void (it.table.a = new Map([[value, 1]]))).toThrow(expect.objectContaining({ name: "StateError" }));
    expect(store.open).toBe(false);
  });

  test("when the store is made", () => expect(() => hold(value)).toThrow(refused("store.it")));
});

test("a name beyond the bounds is refused", () => {
  const { it, store } = hold<Record<string, unknown>>({});
  const name = "x".repeat(LONGEST_TEXT + 1);
  for (const write of [() => void (it[name] = 1), () => void Object.assign(it, { a: { [name]: 1 } })])
    expect(write).toThrow(expect.objectContaining({ name: "StateError", code: "TOO_LARGE" }));
  expect(store.open).toBe(false);
});

test("what is just within the bounds arrives", () => {
  let nested: unknown = "inside";
  for (let i = 0; i < DEPTH - 2; i++) nested = [nested];
  const value = {
    digits: [huge - 1n, 1n - huge],
    pattern: new RegExp("x".repeat(PATTERN)),
    nested,
    names: Object.fromEntries(Array.from({ length: NAMES + 2 }, (_, i) => [`n${i}`.padEnd(NAME + (i % 2), "_"), i])),
  };
  const { holder, store } = hold<unknown>(0);
  const mirror = createMirror({ faces: openFace, name: "store" });
  mirror.applySnapshot(JSON.parse(JSON.stringify(store.snapshot())));
  holder.it = value;
  mirror.applyDelta(JSON.parse(JSON.stringify(store.commit())));
  expect(mirror.read("it")).toEqual(value);
  mirror.applySnapshot(JSON.parse(JSON.stringify(store.snapshot())), true);
  expect(mirror.read("it")).toEqual(value);
});

test("values that are sent have the bound of bigints, too", () => {
  expect(decodeValue(encodeValue([huge - 1n, 1n - huge]))).toEqual([huge - 1n, 1n - huge]);
  for (const value of [huge, -huge]) expect(() => encodeValue([value])).toThrow(expect.objectContaining({ name: "StateError", code: "NOT_SENT" }));
});

test("plain JSON, which stock tRPC clients get, is refused with a StateError where it cannot say a value", () => {
  const nested = (depth: number) => {
    let value: unknown = 1;
    for (let i = 0; i < depth; i++) value = i % 2 ? { value } : new Map([["value", value]]);
    return value;
  };
  expect(() => jsonOf(nested(DEPTH / 2))).not.toThrow();
  const cycle: { self?: unknown; map?: unknown } = {};
  const shared = [1];
  expect(jsonOf({ a: shared, b: [shared, shared] })).toEqual({ a: [1], b: [[1], [1]] });
  for (const value of [
    nested(DEPTH + 1),
    nested(100_000),
    Object.assign(cycle, { self: cycle }),
    { map: Object.assign(cycle, { self: 0, map: new Map([[1, cycle]]) }) },
  ])
    expect(() => jsonOf(value)).toThrow(expect.objectContaining({ name: "StateError", code: "NOT_SENT" }));
});
