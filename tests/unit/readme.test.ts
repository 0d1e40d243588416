import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (file: string) => readFile(join(root, file), "utf8");

describe("the README", () => {
  test("gives the sizes that size-limit measures", async () => {
    const sizes = promisify(execFile)(process.execPath, [join(root, "node_modules/size-limit/bin.js"), "--json"], { cwd: root });
    // A size above its limit makes the command fail; `npm run check` reports that, and the sizes are printed all the same.
    const { stdout } = await sizes.catch((failed: { stdout: string }) => failed);
    const measured = JSON.parse(stdout) as { name: string; size: number }[];
    const table = (await read("README.md")).split("## Size")[1]?.split("\n## ")[0] ?? "";
    const told = [...table.matchAll(/^\| `?([^|`]+?)`? \| ([\d.]+) \|$/gm)];
    expect(told.map(([, name]) => name)).toEqual(measured.map(({ name }) => name));
    // Some bytes depend on the folder that was built in, which the bundler orders names by.
    for (const [i, [, , size]] of told.entries()) expect(Math.abs(Number(size) * 1000 - measured[i]!.size), told[i]![1]).toBeLessThan(50);
  });

  test("shows the store and the hooks in the first screen, in less than 12 lines of code", async () => {
    const first = (await read("README.md"))
      .replaceAll(/<!--[\s\S]*?-->\n/g, "")
      .split("\n")
      .slice(0, 30)
      .join("\n");
    const code = [...first.matchAll(/```tsx?\n([\s\S]*?)```/g)].flatMap(([, block]) => (block as string).trim().split("\n"));
    expect(code.length).toBeLessThan(12);
    expect(first).toContain("@state items");
    expect(first).toContain("useTodo()");
    expect(first).toContain("npm ci && npm run demo");
    expect(first).toContain("npm run setup && npm test");
  });
});

test("links between documents lead somewhere", async () => {
  const documents = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    ...(await readdir(join(root, "docs"), { recursive: true })).filter((file) => file.endsWith(".md")).map((file) => `docs/${file}`),
  ];
  const broken: string[] = [];
  for (const document of documents) {
    for (const [, target] of (await read(document)).replaceAll(/^```[\s\S]*?^```$/gm, "").matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)[^)]*\)/g)) {
      if (!existsSync(join(root, dirname(document), target as string))) broken.push(`${document}: ${target}`);
    }
  }
  expect(broken).toEqual([]);
});
