import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openFace } from "../../lib/live/faces.js";
import { createMirror } from "../../lib/mirror/mirror.js";
import { decodeValue, encodeValue } from "../../lib/wire/value-codec.js";
import { canon } from "../kit/canon.js";
import { hold } from "../kit/hold.js";

const full = process.env.TEST_FULL !== undefined;
const numRuns = full ? 20_000 : 300;
const wire = <T>(value: T): T => JSON.parse(JSON.stringify(value));

const leaf = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.double(),
  fc.boolean(),
  fc.bigInt(),
  fc.constantFrom(undefined, null, -0, Number.NaN),
  fc.date({ noInvalidDate: false }),
  fc.uint8Array(),
  fc.float64Array(),
  fc.webUrl().map((url) => new URL(url)),
);
const key = fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "toString"));
/** Any value, in which one object may stand in several places. */
const anything = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: "small" },
    leaf,
    fc.array(tie("value")),
    fc.dictionary(key, tie("value"), { noNullPrototype: true }),
    fc.array(fc.tuple(fc.oneof(leaf, tie("value")), tie("value"))).map((entries) => new Map(entries)),
    fc.array(tie("value")).map((values) => new Set(values)),
    fc.tuple(tie("value"), tie("value")).map(([a, b]) => ({ a, b, again: a, list: [a, b, a] })),
    tie("value").map((value) => {
      const cycle: Record<string, unknown> = { value };
      cycle.self = cycle;
      cycle.map = new Map([["self", cycle]]);
      return cycle;
    }),
  ),
})).value;

test("a value that belongs to no store arrives as it is, identity and cycles included", { timeout: 300_000 }, () => {
  fc.assert(
    fc.property(anything, (value) => {
      expect(canon(decodeValue(wire(encodeValue(value))))).toBe(canon(value));
    }),
    { numRuns },
  );
});

describe("what is no encoding is refused with a StateError, whatever it is", () => {
  const refused = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      expect((error as Error).name, String((error as Error).stack)).toBe("StateError");
    }
  };

  test("any JSON as an encoded value", { timeout: 300_000 }, () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        refused(() => decodeValue(value));
        refused(() => decodeValue([[], [value]]));
        refused(() => decodeValue([[], value]));
      }),
      { numRuns },
    );
  });

  /** A valid encoding in which one part is replaced. */
  const spoiled = (encoded: unknown, at: number, by: unknown): unknown => {
    let left = at;
    const walk = (part: unknown): unknown => {
      if (left-- === 0) return by;
      return Array.isArray(part) ? part.map(walk) : part;
    };
    return walk(encoded);
  };
  const part = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown>([], [0], [-1], [1e9], ["x", "Array", ""], ["b", "1".repeat(20_000)], -1, 1e308, 2 ** 31, "__proto__"),
  );

  test("an encoded value of which one part is wrong", { timeout: 300_000 }, () => {
    fc.assert(
      fc.property(anything, fc.nat(60), part, (value, at, by) => refused(() => decodeValue(spoiled(wire(encodeValue(value)), at, by)))),
      { numRuns },
    );
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test("a snapshot or delta of which one part is wrong: a twin goes on with the next snapshot", { timeout: 300_000 }, () => {
    const state = () => ({ list: [{ n: 1 }, { n: 2 }], map: new Map<unknown, unknown>([["a", [1]]]), set: new Set([1]) });
    fc.assert(
      fc.property(fc.nat(80), part, fc.boolean(), (at, by, inDelta) => {
        const { store, it } = hold(state());
        const mirror = createMirror({ faces: openFace, name: "store" });
        const snapshot = wire(store.snapshot());
        if (!inDelta) refused(() => mirror.applySnapshot(spoiled(snapshot, at, by) as never));
        else {
          mirror.applySnapshot(snapshot);
          it.list.splice(0, 1, { n: 3 }, { n: 4 });
          it.map.set("b", { c: new Map() }).delete("a");
          it.set.clear();
          it.list.push({ n: 5 });
          refused(() => mirror.applyDelta(spoiled(wire(store.commit()), at % 40, by) as never));
        }
        mirror.applySnapshot(wire(store.snapshot()), true);
        expect(canon(mirror.live)).toBe(canon(store.plain()));
        expect(canon(mirror.view())).toBe(canon(store.plain()));
      }),
      { numRuns },
    );
  });
});
