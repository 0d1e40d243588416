import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LAYERS, ROOT, sourcesOf } from "../kit/rooms.js";

/** The lines of comments, with the file and the line that they stand in. */
const lines = LAYERS.flatMap(sourcesOf).flatMap((file) =>
  readFileSync(ROOT + file, "utf8")
    .split("\n")
    .map((text, i) => ({ text, where: `${file}:${i + 1}` }))
    .filter(({ text }) => /^\s*(\/\/|\/\*\*|\*) /.test(text)),
);

test("no line of a comment has more than 160 characters", () => {
  expect(lines.length).toBeGreaterThan(1000);
  expect(lines.filter(({ text }) => text.length > 160).map(({ where }) => where)).toEqual([]);
});

test("no comment of a declaration begins with a bare preposition or pronoun", () => {
  const bare = /^\s*\/\*\* (Of|In|By|With|For|To|From|It|They|Those|That|Whose|Whence|At|On|As|Where) /;
  expect(lines.filter(({ text }) => bare.test(text)).map(({ where }) => where)).toEqual([]);
});
