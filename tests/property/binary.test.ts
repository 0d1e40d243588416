import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StateError } from "../../lib/errors/errors.js";
import { decode, encode } from "../../lib/wire/binary.js";
import { Random } from "../kit/random.js";

const full = process.env.TEST_FULL !== undefined;
const first = process.env.SEED === undefined ? 1 : Number(process.env.SEED);

const bytes = (hex: string) => Uint8Array.from(hex.split(" ").filter(Boolean), (byte) => Number.parseInt(byte, 16));
const hex = (value: unknown) => Array.from(encode(value), (byte) => byte.toString(16).padStart(2, "0")).join(" ");

describe("PROTOCOL.md §8, byte by byte", () => {
  test.for([
    [0, "00"],
    [127, "7f"],
    [128, "c0 00"],
    [16_511, "ff ff"],
    [16_512, "b8 00 00"],
    [82_047, "b8 ff ff"],
    [82_048, "b9 80 81 05"],
    [Number.MAX_SAFE_INTEGER, "b9 ff ff ff ff ff ff ff 0f"],
    [-1, "b4 00"],
    [-129, "b4 80 01"],
    [0.5, "b3 3f e0 00 00 00 00 00 00"],
    [2 ** 53, "b3 43 40 00 00 00 00 00 00"],
    [null, "b0"],
    [false, "b1"],
    [true, "b2"],
    ["", "90"],
    ["é", "92 c3 a9"],
    ["\ufeffx", "94 ef bb bf 78"],
    ["a".repeat(31), `af${" 61".repeat(31)}`],
    ["a".repeat(32), `b5 20${" 61".repeat(32)}`],
    ["\ud83d", "ba 01 d8 3d"],
    [[], "80"],
    [[0, 7, 3, true], "84 00 07 03 b2"],
    [[1, 300, "todo", [0, 7, 3, true]], "84 01 c0 ac 94 74 6f 64 6f 84 00 07 03 b2"],
    [["bye", "closed"], "82 93 62 79 65 96 63 6c 6f 73 65 64"],
    [Array(16).fill(1), `b6 10${" 01".repeat(16)}`],
    [{ a: 1, b: null }, "b7 02 91 61 01 91 62 b0"],
  ] as const)("%j", ([value, wanted]) => {
    expect(hex(value)).toBe(wanted);
    expect(decode(bytes(wanted))).toEqual([value]);
  });

  test("values stand one after the other, and what is bytes already stands among them as it is", () => {
    expect(decode(bytes("01 80 b0"))).toEqual([1, [], null]);
    expect(decode(new Uint8Array(0))).toEqual([]);
    expect(decode(encode(["a", encode({ b: [1] }), "c"]))).toEqual([["a", { b: [1] }, "c"]]);
  });

  test.for([
    ["a tag that means nothing", "bf"],
    ["half of a number", "c0"],
    ["half of a float", "b3 00"],
    ["a float that is no number", "b3 7f f8 00 00 00 00 00 00"],
    ["a number without end", "b9 ff ff ff ff ff ff ff ff ff ff"],
    ["more than the largest whole number", "b9 ff ff ff ff ff ff ff 1f"],
    ["text that is not all there", "b5 ff ff ff 7f 61"],
    ["text that is no UTF-8", "92 c3 28"],
    ["an array that is not all there", "82 01"],
    ["an array of two thousand million in six bytes", "b6 ff ff ff ff 07"],
    ["an object whose name is a number", "b7 01 01 01"],
    ["an object of more names than bytes", "b7 ff ff 7f 90 00"],
    ["arrays a hundred deep and more", `${"81 ".repeat(101)}00`],
  ])("%s is refused", ([, wrong]) => {
    expect(() => decode(bytes(wrong as string))).toThrow(StateError);
  });
});

test("says what JSON says, of any value", { timeout: 600_000 }, () => {
  const unpaired = fc
    .array(fc.oneof(fc.integer({ min: 0xd800, max: 0xdfff }), fc.integer({ min: 32, max: 300 })))
    .map((codes) => String.fromCharCode(...codes));
  const number = fc.oneof(fc.integer({ min: -20_000, max: 100_000 }), fc.maxSafeInteger(), fc.double());
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.oneof(fc.constantFrom(null, true, false, undefined), number, fc.string({ unit: "binary" }), fc.string({ unit: "grapheme", maxLength: 100 }), unpaired),
      fc.array(tie("value"), { maxLength: 20 }),
      fc.dictionary(fc.oneof(fc.string(), fc.constant("__proto__")), tie("value")),
    ),
  }));
  fc.assert(
    // As text, so that the order of names counts.
    fc.property(value, (one) => JSON.stringify(decode(encode([one]))) === JSON.stringify([[one]])),
    { numRuns: full ? 20_000 : 1000 },
  );
});

test("bytes that were changed on the way are refused, or mean something else, and never cost more than they are", { timeout: 600_000 }, () => {
  const messages = [
    ["hello", { protocol: 2, build: null, heartbeat: 15, session: "abcdefgh", schema: { hash: "x", stores: { note: { fields: ["text"] } }, models: {} } }],
    ["snapshot", 1, "note", null, "incarnation", 300, [["", "text"], 3, [0, 3], [["c", 1, "", [1], ["x".repeat(200), "é".repeat(20), "half \ud83d"]]]]],
    [1, 301, "note", [0, 0, "text", -5, 10, 2, [1, 200, 20_000, 100_000], [0.5, 1e300, null, false]]],
  ];
  const whole = messages.map((message) => encode(message));
  for (let seed = first; seed < first + (full ? 200_000 : 20_000); seed++) {
    const random = new Random(seed);
    const parts = Array.from({ length: 1 + random.int(3) }, () => Array.from(random.pick(whole)));
    const changed = parts.flat();
    for (let n = 1 + random.int(4); n > 0; n--) {
      const at = random.int(changed.length);
      const kind = random.int(4);
      if (kind === 0) changed[at] = random.int(256);
      else if (kind === 1) changed.splice(at, 1 + random.int(4));
      else if (kind === 2) changed.splice(at, 0, ...Array.from({ length: random.int(6) }, () => random.pick([0xb6, 0xb7, 0xb5, 0xff, 0x7f, random.int(256)])));
      else changed.length = at;
    }
    try {
      const values = decode(Uint8Array.from(changed));
      // Each value has taken a byte at least.
      expect(countOf(values) - 1, `SEED=${seed}`).toBeLessThanOrEqual(changed.length);
    } catch (error) {
      if (!(error instanceof StateError)) throw new Error(`SEED=${seed}`, { cause: error });
    }
  }
});

function countOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce<number>((sum, one) => sum + countOf(one), 1);
}
