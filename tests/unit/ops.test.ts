import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as ops from "../../lib/wire/ops.js";
import { ROOT } from "../kit/rooms.js";

test("the ops of the code are those of the protocol's table, in its order", () => {
  const protocol = readFileSync(`${ROOT}docs/PROTOCOL.md`, "utf8");
  const table = protocol.slice(protocol.indexOf("| op "), protocol.indexOf("Examples: done of container"));
  const rows = [...table.matchAll(/^\| `(\d+)[^`]*` +\| (.*?) +\|$/gm)].map(([, number, does]) => [Number(number), does] as const);
  expect(rows.map(([number]) => number)).toEqual(rows.map((_, i) => i));
  // One word of each row that tells it from the others.
  const words: Record<keyof typeof ops, RegExp> = {
    SET: /^sets a property of object/,
    DELETE: /^deletes one/,
    SPLICE: /^array n: .*removes.*inserts/,
    CUT: /nothing inserted/,
    SET_ITEM: /^sets one item of array/,
    MAP_SET: /^Map n: sets/,
    MAP_DELETE: /^Map n: deletes/,
    SET_ADD: /^Set n: adds/,
    SET_DELETE: /^Set n: deletes/,
    CLEAR: /^Map, Set n: clears/,
    SET_MANY: /^sets the property `name` of several containers/,
    SWEEP: /^sweep/,
    TEXT: /^replaces a part of the string/,
    APPEND: /^appends `text` to the string/,
  };
  const numbers: Record<string, number> = { ...ops };
  const named = Object.entries(words).map(([name, word]) => [numbers[name], rows.findIndex(([, does]) => word.test(does ?? ""))]);
  expect(named.map(([number]) => number)).toEqual(named.map(([, row]) => row));
  expect(new Set(Object.values(ops)).size).toBe(rows.length);
});
