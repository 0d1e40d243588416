import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("each line of SECURITY.md has a test of that name", () => {
  const table = readFileSync(`${root}docs/SECURITY.md`, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| ---") && !line.startsWith("| threat"));
  expect(table.length).toBeGreaterThan(40);
  for (const line of table) {
    const [, threat, defence, shown = ""] = line.split("|").map((cell) => cell.trim());
    expect(threat === "", line).toBe(defence === "");
    const [, file, name] = /^`([\w/-]+)` (.+)$/.exec(shown) ?? [];
    expect(name, line).toBeDefined();
    const path = `${root}tests/${file}.test.ts`;
    expect(existsSync(path), line).toBe(true);
    expect(readFileSync(path, "utf8"), line).toContain(name as string);
  }
});
