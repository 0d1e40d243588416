import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const require = createRequire(import.meta.url);
// The Babel that Next brings, so that none is a dependency of its own.
const babel = require("next/dist/compiled/babel/core") as { transformAsync(code: string, options: object): Promise<unknown> };

interface Compiled {
  readonly kind: string;
  readonly fnName?: string;
}

/** What the React Compiler makes of components and hooks, and the names of those that are declared. */
async function compile(file: string, code: string): Promise<{ compiled: string[]; bailed: string[]; declared: string[] }> {
  const events: Compiled[] = [];
  const options = { panicThreshold: "none", target: "19", logger: { logEvent: (_: unknown, event: Compiled) => events.push(event) } };
  await babel.transformAsync(code, {
    filename: file,
    babelrc: false,
    configFile: false,
    parserOpts: { plugins: ["typescript", "jsx", "decorators-legacy"] },
    plugins: [[require("babel-plugin-react-compiler"), options]],
  });
  const done = events.filter(({ kind }) => kind === "CompileSuccess");
  return {
    compiled: done.map(({ fnName }) => `${file} ${fnName}`),
    bailed: events.filter((event) => !done.includes(event)).map(({ kind, fnName }) => `${file} ${fnName}: ${kind}`),
    declared: [...code.matchAll(/^(?:export )?(?:default )?(?:async )?function ((?:[A-Z]|use[A-Z])\w*)\(/gm)].map(([, name]) => `${file} ${name}`),
  };
}

// Functions that read nothing, and make no element: there is nothing to compile.
const NOTHING = ["demo-next/app/board/page.tsx Page", "tests/react/concurrent.test.tsx useWork"];

test.each([
  { folder: "demo-next", least: 30 },
  { folder: "tests/browser/app", least: 14 },
  { folder: "tests/react", least: 60 },
])("the React Compiler compiles all components and hooks of $folder, and bails out of none", { timeout: 120_000 }, async ({ folder, least }) => {
  const files = readdirSync(root + folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".tsx") && !/node_modules|\.next/.test(file));
  const all = await Promise.all(files.map((file) => compile(`${folder}/${file}`, readFileSync(`${root}${folder}/${file}`, "utf8"))));
  const compiled = all.flatMap((one) => one.compiled);
  expect(all.flatMap((one) => one.bailed)).toEqual([]);
  expect(all.flatMap(({ declared }) => declared.filter((name) => !compiled.includes(name) && !NOTHING.includes(name)))).toEqual([]);
  expect(compiled.length).toBeGreaterThanOrEqual(least);
});

test("what it cannot compile would be told", async () => {
  const { bailed } = await compile("bad.tsx", "export function Bad() { const ref = useRef(0); return <p>{ref.current++}</p>; }");
  expect(bailed.length).toBeGreaterThan(0);
});
