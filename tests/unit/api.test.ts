import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

test.skipIf(!existsSync(`${root}dist/lib/index.d.ts`))("docs/api says what the built package exports, and each public name has a doc comment", async () => {
  const told = await new Promise<string>((resolve) => {
    execFile(process.execPath, [`${root}scripts/api.mjs`, "--check"], (_, stdout, stderr) => resolve(stdout + stderr));
  });
  expect(told).toBe("");
});
