import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compile } from "../kit/compiled-pages.js";
import { type Files, ROOT } from "../kit/guide.js";

const FOLDER = join(ROOT, "tests/types/assistant");

test("five apps that were written from the docs alone compile", async () => {
  const names = readdirSync(FOLDER).filter((name) => !name.endsWith(".md"));
  expect(names).toEqual(["board", "chat", "dash", "jobs", "todo"]);
  const filesOf = (name: string): Files =>
    Object.fromEntries(readdirSync(join(FOLDER, name)).map((file) => [file, readFileSync(join(FOLDER, name, file), "utf8")]));
  expect(await compile(new Map(names.map((name) => [name, filesOf(name)])))).toEqual([]);
});
