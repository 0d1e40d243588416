import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, test } from "vitest";
import { memory } from "../../server/storage/memory.js";
import { sqlite } from "../../server/storage/sqlite.js";
import { storageContract } from "../../testing/storage.js";

const folder = mkdtempSync(join(tmpdir(), "twinstate-"));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;

describe("memory", () => {
  for (const { name, run } of storageContract) test(name, () => run(() => memory()));
});

describe("sqlite", () => {
  for (const { name, run } of storageContract) {
    test(name, { timeout: 20_000 }, () => {
      const file = join(folder, `${count++}.db`);
      return run(() => sqlite(file));
    });
  }
});
