import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../kit/rooms.js";

interface Item {
  readonly name: string;
  readonly dependencies?: readonly string[];
  readonly files: readonly { readonly path: string; readonly type: string; readonly target: string }[];
}
const { items } = JSON.parse(readFileSync(join(ROOT, "registry/registry.json"), "utf8")) as { items: Item[] };
const { devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { devDependencies: Record<string, string> };

const importsOf = (path: string) => [...readFileSync(join(ROOT, path), "utf8").matchAll(/from "([^"]+)"/g)].map(([, from]) => from as string);
/** What every app of twinstate has. */
const GIVEN = /^(react|next|twinstate)(\/|$)/;
const packageOf = (from: string) => /^(?:@[^/]+\/)?[^/]+/.exec(from)?.[0] as string;

test("each file of the registry is an item's, and all are in `all`", () => {
  const files = readdirSync(join(ROOT, "registry/twin")).map((file) => `registry/twin/${file}`);
  const all = items.find(({ name }) => name === "all");
  expect(all?.files.map(({ path }) => path).sort()).toEqual(files.sort());
  expect([...new Set(items.filter((item) => item !== all).flatMap((item) => item.files.map(({ path }) => path)))].sort()).toEqual(files);
  expect(new Set(items.map(({ name }) => name)).size).toBe(items.length);
});

test.each(items)("the item $name brings the files and the packages that it imports, and no others", ({ name, files, dependencies = [] }) => {
  const imports = files.flatMap(({ path }) => importsOf(path));
  const needed = new Set(imports.filter((from) => !from.startsWith(".") && !GIVEN.test(from)).map(packageOf));
  expect(dependencies.map((dependency) => dependency.replace(/@[^@]+$/, "")).sort()).toEqual([...needed].sort());
  const base = dependencies.find((dependency) => dependency.startsWith("@base-ui/react@"));
  if (base) expect(base).toBe(`@base-ui/react@^${devDependencies["@base-ui/react"]}`);
  const own = files.map(({ path }) => path.replace(/^registry\/twin\/(.+)\.tsx$/, "./$1"));
  expect(own).toEqual(expect.arrayContaining(imports.filter((from) => from.startsWith("."))));
  if (name !== "all") expect(own.slice(1).every((file) => imports.includes(file))).toBe(true);
  for (const { path, type, target } of files) expect([type, target]).toEqual(["registry:component", path.replace("registry/twin", "components/twin")]);
});
