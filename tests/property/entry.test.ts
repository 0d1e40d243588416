import fc from "fast-check";
import { expect, test } from "vitest";
import { state } from "../../lib/class/decorators.js";
import { openFace } from "../../lib/live/faces.js";
import { createMirror, type Mirror } from "../../lib/mirror/mirror.js";
import { createStore } from "../../lib/store/store.js";
import { toPlain } from "../../lib/view/view.js";
import { decode, encode } from "../../lib/wire/binary.js";
import { DEPTH, DIGITS, NAME, NAMES, PATTERN } from "../../lib/wire/bounds.js";
import { fold, type StoreState } from "../../server/storage/records.js";
import type { LoadedHost, Storage } from "../../server/storage/storage.js";
import { canon } from "../kit/canon.js";
import { storages } from "../kit/storages.js";

// Whatever enters state comes back equal, in content, order and identity, or is refused with a StateError where it enters.

const numRuns = process.env.TEST_FULL === undefined ? 30 : 5000;

class Card {
  @state title: unknown = "";
  @state next: unknown = null;
  @state({ private: true }) protected hidden: unknown = "hidden";
}

class Holder {
  @state it: unknown = undefined;
  @state list: unknown[] = [];
  @state map = new Map<unknown, unknown>();
  @state set = new Set<unknown>();
  @state table: Record<string, unknown> = {};
}

// --- what may enter ---

const typedArrays = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  (globalThis as unknown as { Float16Array: typeof Float32Array }).Float16Array,
] as unknown as (new (
  buffer: ArrayBuffer,
) => object)[];

const SETS = "[\\p{L}--[a-z]]";
const huge = 10n ** BigInt(DIGITS);
const buffer = fc
  .uint8Array({ maxLength: 4 })
  .map((bytes) => Uint8Array.from([...bytes, ...bytes, ...bytes, ...bytes, ...bytes, ...bytes, ...bytes, ...bytes]).buffer);

const primitive = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.double(),
  fc.boolean(),
  fc.bigInt(),
  fc.constantFrom<unknown>(
    undefined,
    null,
    -0,
    0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.MAX_VALUE,
    5e-324,
    2 ** 53,
    -(2 ** 31),
  ),
  fc.constantFrom<unknown>(huge - 1n, 1n - huge, 0n, "", "\ud800", "\udc00x", "\ud83d\ude00", "\u0000\u2028", "x".repeat(100_000), "__proto__"),
);
const leaf: fc.Arbitrary<object> = fc.oneof(
  fc.date({ noInvalidDate: false }),
  fc.constantFrom(8.64e15, -8.64e15, -1, Number.NaN).map((time) => new Date(time)),
  fc.webUrl({ withFragments: true, withQueryParameters: true }).map((url) => new URL(url)),
  fc.constantFrom("data:,x y", "about:blank", "https://[::1]:8080/?a=%F0%9F", "file:///a/../b", "mailto:a@b").map((url) => new URL(url)),
  fc.constantFrom(/a\/b[\]]+/giu, /(?:)/, new RegExp(SETS, "v"), /(?<name>.)\k<name>/dsy, new RegExp("x".repeat(PATTERN)), /\u{1F600}/u),
  buffer,
  buffer.map((bytes) => new DataView(bytes, Math.min(1, bytes.byteLength))),
  fc.tuple(buffer, fc.constantFrom(...typedArrays)).map(([bytes, Type]) => new Type(bytes)),
  buffer.map((bytes) => Buffer.from(bytes)),
);
const sized = (length: number) => fc.string({ minLength: length, maxLength: length });
const name = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.constantFrom("", "__proto__", "constructor", "toString", "length", "0", "-1", "10", "1e3", "toJSON", "then", "$pending", "\ud800"),
  sized(NAME),
  sized(NAME + 1),
);

/** A value that may enter: one object may stand in several places, and in itself. */
const good = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    primitive,
    leaf,
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(name, tie("value"), { noNullPrototype: true, maxKeys: 5 }),
    fc
      .array(
        fc.tuple(
          fc.oneof(primitive, fc.array(tie("value"), { maxLength: 2 }), fc.dictionary(name, primitive, { noNullPrototype: true, maxKeys: 2 })),
          tie("value"),
        ),
        {
          maxLength: 5,
        },
      )
      .map((entries) => new Map(entries)),
    fc.array(fc.oneof(primitive, fc.array(tie("value"), { maxLength: 2 })), { maxLength: 5 }).map((values) => new Set(values)),
    fc.tuple(tie("value"), tie("value")).map(([title, next]) => Object.assign(new Card(), { title, next })),
    fc.tuple(tie("value"), tie("value")).map(([a, b]) => ({ a, b, again: a, list: [a, b, a], map: new Map([[1, b]]) })),
    tie("value").map((value) => {
      const cycle: Record<string, unknown> = { value };
      cycle.self = cycle;
      cycle.map = new Map<unknown, unknown>([
        ["self", cycle],
        [cycle, 1],
      ]);
      cycle.card = Object.assign(new Card(), { next: cycle });
      return cycle;
    }),
  ),
})).value;

const nested = (depth: number, innermost: unknown, kinds: number) => {
  let value = innermost;
  for (let i = 0; i < depth; i++) value = [[value], { value }, new Map([["value", value]]), new Map([[{ n: 1 }, value]])][i % kinds];
  return value;
};
const deep = fc
  .tuple(fc.integer({ min: DEPTH - 20, max: DEPTH - 3 }), primitive, fc.integer({ min: 1, max: 4 }))
  .map(([depth, value, kinds]) => nested(depth, value, kinds));
const wide = fc.tuple(fc.integer({ min: NAMES - 30, max: NAMES + 30 }), fc.integer({ min: 0, max: 2 }), primitive).map(([count, longer, value]) => {
  const many = Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`.padEnd(NAME - 1 + longer, "_"), value]));
  return [many, { ...many, more: 1 }, Object.keys(many), new Set(Object.keys(many))];
});
const enters = fc.oneof({ weight: 20, arbitrary: good }, { weight: 1, arbitrary: deep }, { weight: 1, arbitrary: wide });

// --- what may not ---

class Unknown {
  n = 1;
}
const transferred = () => {
  const bytes = new Uint8Array(4);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
};
const refused: fc.Arbitrary<unknown> = fc.oneof(
  fc
    .constantFrom<() => unknown>(
      () => huge,
      () => -huge,
      () => () => 1,
      () => Symbol("no"),
      () => new Error("no"),
      () => Promise.resolve(),
      () => new WeakMap(),
      () => new Unknown(),
      () => Object.freeze(new Card()),
      () => Object(1n) as object,
      () => Object("text") as object,
      () => new RegExp("x".repeat(PATTERN + 1)),
      () => ({ [Symbol("no")]: 1 }),
      () => ({
        get now() {
          return 1;
        },
      }),
      // biome-ignore lint/suspicious/noSparseArray: it is what is tried
      () => [1, , 2],
      () => new Array(1000),
      () => transferred(),
      () => new Map([[new Date(0), 1]]),
      () => new Set([/x/]),
      () => new Set([new Uint8Array(2)]),
      () => nested(DEPTH + 2, 1, 3),
    )
    .map((make) => make()),
);
/** Such a value somewhere in others. */
const hidden = fc
  .tuple(refused, good, fc.integer({ min: 0, max: 5 }))
  .map(
    ([bad, fine, at]) =>
      [bad, [fine, bad], { fine, bad }, new Map([["a", { bad, fine }]]), new Map([[[bad], fine]]), Object.assign(new Card(), { title: fine, next: bad })][at],
  );

// --- the ways in ---

interface Way {
  enter(holder: Holder, value: unknown): unknown;
  find(holder: Holder): unknown;
}
const first = (values: Iterable<unknown>) => [...values][0];
const ways: readonly Way[] = [
  { enter: (holder, value) => (holder.it = value), find: ({ it }) => it },
  { enter: ({ list }, value) => list.push(value), find: ({ list }) => list[0] },
  { enter: (holder, value) => (holder.list = [value]), find: ({ list }) => list[0] },
  { enter: ({ list }, value) => list.splice(0, 0, value), find: ({ list }) => list[0] },
  { enter: ({ map }, value) => map.set("k", value), find: ({ map }) => map.get("k") },
  { enter: ({ map }, value) => map.set([value], 1), find: ({ map }) => (first(map.keys()) as unknown[])[0] },
  { enter: ({ set }, value) => set.add({ value }), find: ({ set }) => (first(set) as { value: unknown }).value },
  { enter: ({ table }, value) => (table["a name of more than twenty"] = value), find: ({ table }) => table["a name of more than twenty"] },
  { enter: ({ table }, value) => Object.assign(table, { a: value }), find: ({ table }) => table.a },
  {
    enter: ({ table }, value) => Object.defineProperty(table, "__proto__", { value, writable: true, enumerable: true, configurable: true }),
    find: ({ table }) => Object.values(table)[0],
  },
];
const way = fc.constantFrom(...ways);

// --- the ways out ---

const wires: readonly (<T>(value: T) => T)[] = [(value) => JSON.parse(JSON.stringify(value)), (value) => decode(encode(value))[0] as typeof value];
const [json] = wires as [(typeof wires)[0]];
const names = (value: object) => (value instanceof Card ? ["title", "next"] : Object.keys(value).filter((key) => key !== "hidden" || !("next" in value)));
/** As text, by an oracle that knows nothing of the codec. */
const textOf = (value: unknown) => canon(value, names);

const open = (holder: Holder, more: object = {}) => createStore({ name: "it", instance: holder, models: { Card }, keep: true, ...more });

function mirrors(snapshot: unknown): [Mirror, (typeof wires)[0]][] {
  return wires.map((wire) => {
    const mirror = createMirror({ faces: openFace, name: "it" });
    mirror.applySnapshot(wire(snapshot) as never);
    return [mirror, wire];
  });
}

let runs = 0;

async function comesBack(value: unknown, { enter, find }: Way, storage: Storage): Promise<void> {
  const expected = textOf(value);
  const holder = new Holder();
  const store = open(holder);
  const id = `room/${++runs}`;
  await storage.save(id, { incarnation: "one", revision: 0, sequence: 0, stores: { it: { version: 1, saved: json(store.save()) } }, numbers: {} });
  const early = mirrors(store.snapshot());

  enter(holder, value);
  expect(textOf(find(holder)), "where it entered").toBe(expected);
  const delta = store.commit();
  const kept = store.takeStored();
  if (kept) await storage.append(id, [{ incarnation: "one", revision: 1, sequence: 1, stores: { it: { kept: json(kept) } } }]);

  for (const [mirror, wire] of early) if (delta) mirror.applyDelta(wire(delta));
  const late = mirrors(store.snapshot());
  for (const [mirror] of [...early, ...late]) {
    expect(textOf(find(mirror.live as Holder)), "a twin").toBe(expected);
    expect(textOf(find(mirror.view() as Holder)), "its view").toBe(expected);
  }
  expect(textOf(find(store.plain() as Holder)), "the store's view").toBe(expected);
  expect(textOf(toPlain(find(holder))), "a plain copy").toBe(expected);

  const { record, tail } = (await storage.load(id)) as LoadedHost;
  const { whole, tail: since } = fold(record, tail).stores.get("it") as StoreState;
  const records = [[whole.saved, since] as const, [json(store.save()), []] as const];
  for (const [restore, tail] of records) {
    const back = new Holder();
    open(back, { restore, tail });
    expect(textOf(find(back)), "after a kill").toBe(expected);
  }
}

test.each(storages)("what enters comes back: by deltas and snapshots, as JSON and bytes, after a kill on %s", { timeout: 3_600_000 }, async (_, place) => {
  const storage = place().open();
  await fc.assert(
    fc.asyncProperty(enters, way, (value, way) => comesBack(value, way, storage)),
    { numRuns },
  );
  await storage.close?.();
});

test("what is there when a store is made comes back", { timeout: 3_600_000 }, () => {
  fc.assert(
    fc.property(enters, (value) => {
      const expected = textOf(value);
      const holder = new Holder();
      holder.it = value;
      for (const [mirror] of mirrors(open(holder).snapshot())) expect(textOf(mirror.read("it"))).toBe(expected);
    }),
    { numRuns },
  );
});

test("what does not is refused with a StateError where it enters, and nothing has changed", { timeout: 3_600_000 }, () => {
  fc.assert(
    fc.property(hidden, way, (value, { enter }) => {
      const holder = new Holder();
      const store = open(holder);
      store.snapshot();
      expect(() => enter(holder, value)).toThrow(expect.objectContaining({ name: "StateError" }));
      expect(store.open).toBe(false);
      const other = new Holder();
      other.it = value;
      expect(() => open(other)).toThrow(expect.objectContaining({ name: "StateError" }));
    }),
    { numRuns },
  );
});
