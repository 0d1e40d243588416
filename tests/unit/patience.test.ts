import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PATIENCE, patient } from "../kit/patience.js";
import { ROOT } from "../kit/rooms.js";

const files = globSync("tests/**/*.test.{ts,tsx}", { cwd: ROOT, exclude: ["**/node_modules/**"] }).filter((file) => !file.endsWith("unit/patience.test.ts"));
/** The places where a text stands in tests, with what a group of the pattern finds there. */
const found = (pattern: RegExp) =>
  files.flatMap((file) => [...readFileSync(ROOT + file, "utf8").matchAll(pattern)].map(([text, group]) => ({ where: `${file}: ${text}`, group })));

test("no test waits for a fact for a shorter time than the others, nor has limits that are shorter than its waits", () => {
  expect(files.length).toBeGreaterThan(200);
  // Of vitest's own the limit is one second.
  expect(found(/\bvi\.(?:waitFor|waitUntil|setConfig)\(/g)).toEqual([]);
  const waits = found(/\.poll\([^\n]*timeout: ([\d_]+)/g);
  expect(waits.filter(({ group = "" }) => Number(group.replaceAll("_", "")) < PATIENCE)).toEqual([]);
  const limits = found(/\btest(?:\.\w+|\([^\n]*?\))*\([^\n]*?\{ timeout: ([\d_]+) \}/g);
  expect(limits.filter(({ group = "" }) => Number(group.replaceAll("_", "")) < patient.testTimeout)).toEqual([]);
});
