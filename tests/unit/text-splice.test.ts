import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type TextSplice, textSplice } from "../../lib/record/text-splice.js";

const LONG = "the quick brown fox jumps over the lazy dog, and so on";
const apply = (text: string, { at, removed, added }: TextSplice) => text.slice(0, at) + added + text.slice(at + removed);

/** Cases as they are written: before, after, and the splice. */
const cases: readonly [what: string, before: string, after: string, splice: TextSplice | undefined][] = [
  ["a token at the end", LONG, `${LONG} on`, { at: LONG.length, removed: 0, added: " on" }],
  ["a word at the start", LONG, `See: ${LONG}`, { at: 0, removed: 0, added: "See: " }],
  ["a word in the middle", LONG, LONG.replace("brown", "red"), { at: 10, removed: 5, added: "red" }],
  ["an end that is cut off", LONG, LONG.slice(0, 40), { at: 40, removed: LONG.length - 40, added: "" }],
  ["a letter of several that are the same", "a".repeat(40), "a".repeat(41), { at: 40, removed: 0, added: "a" }],
  ["another text", LONG, LONG.split("").reverse().join(""), undefined],
  ["a short text", "short", "short one", undefined],
  ["a text that becomes short", LONG, LONG.slice(0, 30), undefined],
  ["an emoji that becomes another of the same first half", `${LONG}👍${LONG}`, `${LONG}👎${LONG}`, { at: LONG.length, removed: 2, added: "👎" }],
  [
    "an emoji that becomes another of the same second half",
    `${LONG}\u{1f44d}${LONG}`,
    `${LONG}\u{1f84d}${LONG}`,
    { at: LONG.length, removed: 2, added: "\u{1f84d}" },
  ],
  ["half a pair that becomes whole", `${LONG}\ud83d`, `${LONG}\ud83d\udc4d`, { at: LONG.length, removed: 1, added: "👍" }],
  ["a pair that is parted", `${LONG}👍`, `${LONG}\ud83d`, { at: LONG.length, removed: 2, added: "\ud83d" }],
  ["an accent that joins the letter before it", `${LONG}e`, `${LONG}e\u0301`, { at: LONG.length + 1, removed: 0, added: "\u0301" }],
];

test.each(cases)("the difference is found of %s", (_, before, after, splice) => {
  expect(textSplice(before, after)).toEqual(splice);
  if (splice) expect(apply(before, splice)).toBe(after);
});

test("a difference keeps no text in memory: logs of frames have thousands of them", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const heap = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  let text = "x".repeat(500_000);
  const before = heap();
  const kept: (TextSplice | undefined)[] = [];
  for (let n = 0; n < 200; n++) {
    const next = `${text} a token of more than a few letters`;
    kept.push(textSplice(text, next));
    text = next;
  }
  expect(heap() - before).toBeLessThan(10e6);
  expect(kept.every((splice) => splice?.added === " a token of more than a few letters")).toBe(true);
});

describe("whatever the texts are", () => {
  const piece = fc.constantFrom("a", "b", "ab", "é", "\u0301", "👍", "👎", "\u{1f84d}", "\ud83d", "\udc4d");
  const text = fc.array(piece, { maxLength: 60, size: "max" }).map((pieces) => pieces.join(""));
  const edited = fc.record({ text, at: fc.nat(120), remove: fc.nat(20), added: text, again: fc.nat(120) }).map(({ text, at, remove, added, again }) => {
    const after = text.slice(0, at) + added + text.slice(at + remove);
    return [text, after.slice(0, again) + after.slice(again + 1)] as const;
  });
  const isHigh = (unit: number) => (unit & 0xfc00) === 0xd800;
  const isLow = (unit: number) => (unit & 0xfc00) === 0xdc00;
  const parted = (text: string, at: number) => at > 0 && isHigh(text.charCodeAt(at - 1)) && isLow(text.charCodeAt(at));

  test("a splice makes the new text, parts no pair of either, and is shorter than the new text", () => {
    let found = 0;
    fc.assert(
      fc.property(edited, ([before, after]) => {
        const splice = textSplice(before, after);
        if (!splice) return;
        found++;
        const { at, removed, added } = splice;
        expect(apply(before, splice)).toBe(after);
        expect(JSON.stringify([12, 1, 1, at, removed, added]).length).toBeLessThan(JSON.stringify([0, 1, 1, after]).length);
        expect([parted(before, at), parted(before, at + removed), parted(after, at), parted(after, at + added.length)]).toEqual([false, false, false, false]);
      }),
      { numRuns: 5000, seed: 1 },
    );
    expect(found).toBeGreaterThan(1000);
  });
});
