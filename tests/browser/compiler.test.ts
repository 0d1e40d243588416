import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { compile } from "../kit/react-compiler.js";
import { compiled, DEMO } from "./kit/build.js";

const filesOf = (folder: string, name: RegExp) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => name.test(file))
    .map((file) => ({ file, text: readFileSync(join(folder, file), "utf8") }));

/** How many values each compiled function of the demo's scripts keeps. */
const built = () =>
  filesOf(join(inject("demo").folder, ".next/static"), /\.js$/).flatMap(({ text }) => [...text.matchAll(/\.c\)\((\d+)\)/g)].map(([, slots]) => Number(slots)));

/** What the React Compiler makes of the files of the demo that run in browsers. */
async function expected() {
  const clients = ["components", "state"].flatMap((folder) => filesOf(join(DEMO, folder), /\.tsx?$/)).filter(({ text }) => text.startsWith('"use client"'));
  const all = await Promise.all(clients.map(({ file, text }) => compile(file, text)));
  return all.flatMap((one) => one.compiled).filter(({ memoSlots }) => memoSlots !== 0);
}

describe("the demo's scripts", () => {
  test.runIf(compiled)("have all components and hooks of browsers as the React Compiler makes them", async () => {
    const found = built();
    const functions = await expected();
    const missing = functions.filter(({ memoSlots }) => {
      const at = found.indexOf(memoSlots as number);
      if (at >= 0) found.splice(at, 1);
      return at < 0;
    });
    expect(missing.map(({ fnName }) => fnName)).toEqual([]);
    expect(functions.length).toBeGreaterThan(50);
  });

  test.runIf(!compiled)("have none of it where it is off", () => {
    expect(built()).toEqual([]);
  });
});
