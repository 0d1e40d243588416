import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ROOT, sourcesOf } from "../kit/rooms.js";

/** Codes that stay inside the server: another error takes their place before anybody sees them. */
const INSIDE = new Set(["FENCED", "NOTNEXT"]);

const made = ["lib", "client", "react", "server", "cli", "testing"]
  .flatMap(sourcesOf)
  .flatMap((file) =>
    [...readFileSync(ROOT + file, "utf8").matchAll(/\b(?:wrong|mistake|new StateError|refusal|later)\(\s*"([A-Z_]+)"/g)].map(([, code]) => code as string),
  );
const codes = [...new Set(made)].filter((code) => !INSIDE.has(code)).sort();
const pages = readdirSync(`${ROOT}docs/errors`)
  .filter((file) => file !== "README.md")
  .map((file) => file.replace(".md", ""))
  .sort();
const read = (code: string) => readFileSync(`${ROOT}docs/errors/${code}.md`, "utf8");

test("each code of an error has a page, and each page is of a code", () => {
  expect(codes.length).toBeGreaterThan(60);
  expect(pages).toEqual(codes);
});

test("each page says what it is, who sees it, why, and what to do; the list has its first sentence", () => {
  const list = readFileSync(`${ROOT}docs/errors/README.md`, "utf8");
  for (const code of pages) {
    const [, what] = /^# [A-Z_]+\n\n(.+)\n\n\*\*Who sees it\.\*\* .+\n\n## Why\n\n.+\n\n## What to do\n\n- .+/.exec(read(code)) ?? [];
    expect(what, code).toBeDefined();
    expect(list).toContain(`| [${code}](${code}.md) | ${what} |`);
  }
});
