import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { compile } from "../kit/react-compiler.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What the React Compiler makes of components and hooks, and the names of those that are declared. */
async function look(file: string): Promise<{ compiled: string[]; bailed: string[]; declared: string[] }> {
  const code = readFileSync(root + file, "utf8");
  const { compiled, bailed } = await compile(file, code);
  return {
    compiled: compiled.map(({ fnName }) => `${file} ${fnName}`),
    bailed: bailed.map(({ kind, fnName }) => `${file} ${fnName}: ${kind}`),
    declared: [...code.matchAll(/^(?:export )?(?:default )?(?:async )?function ((?:[A-Z]|use[A-Z])\w*)\(/gm)].map(([, name]) => `${file} ${name}`),
  };
}

// Functions that read nothing, and make no element: there is nothing to compile.
const NOTHING = [
  "demo-next/app/board/page.tsx Page",
  "demo-next/app/chat/page.tsx Page",
  "tests/react/concurrent.test.tsx useWork",
  "tests/react/kit/page.ts useCount",
];

// TanStack Virtual returns an object that changes: the compiler leaves out what uses it.
const LEFT_OUT = "demo-next/components/parts/in-view.ts";

test.each(["demo-next", "tests/browser/app", "tests/browser/pages", "tests/react"])(
  "the React Compiler compiles all components and hooks of %s, and bails out of none",
  {},
  async (folder) => {
    // Route handlers have names as components have, and are none.
    const files = readdirSync(root + folder, { recursive: true, encoding: "utf8" }).filter(
      (file) => /\.tsx?$/.test(file) && !/node_modules|\.next|\/route\.ts$/.test(file),
    );
    const looked = files.map((file) => `${folder}/${file}`).filter((file) => file !== LEFT_OUT);
    const all = await Promise.all(looked.map(look));
    const compiled = all.flatMap((one) => one.compiled);
    expect(all.flatMap((one) => one.bailed)).toEqual([]);
    expect(all.flatMap(({ declared }) => declared.filter((name) => !compiled.includes(name) && !NOTHING.includes(name)))).toEqual([]);
    expect(compiled.length).toBeGreaterThan(0);
  },
);

test("what it cannot compile would be told", async () => {
  const { bailed } = await compile("bad.tsx", "export function Bad() { const ref = useRef(0); return <p>{ref.current++}</p>; }");
  expect(bailed.length).toBeGreaterThan(0);
});
