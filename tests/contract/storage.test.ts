import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { memory } from "../../server/storage/memory.js";
import type { CommitRecord, HostRecord } from "../../server/storage/records.js";
import { sqlite } from "../../server/storage/sqlite.js";
import type { LoadedHost, Storage } from "../../server/storage/storage.js";
import { lasting } from "../../testing/lasting.js";
import { nodeContract } from "../../testing/node-cases.js";
import type { SharedStorageBug } from "../../testing/shared-storage.js";
import { type StorageCase, storageContract } from "../../testing/storage.js";

const folder = mkdtempSync(join(tmpdir(), "twinstate-"));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;

describe("memory", () => {
  for (const { name, run } of storageContract) test(name, () => run(() => memory()));
});

describe("a storage that nodes share, in memory", () => {
  for (const { name, run } of nodeContract) {
    test(name, () => {
      const shared = lasting({ nodes: true });
      return run((node) => shared.node(node));
    });
  }
});

describe("sqlite", () => {
  for (const { name, run } of storageContract) {
    test(name, () => {
      const file = join(folder, `${count++}.db`);
      return run(() => sqlite(file));
    });
  }
});

test.each<SharedStorageBug>(["fence check removed", "sequence check removed", "dedupe off"])("the suite of shared storages notices: %s", async (bug) => {
  const notices = async () => {
    for (const { run } of nodeContract) {
      const shared = lasting({ nodes: true, bugs: [bug] });
      await run((node) => shared.node(node));
    }
  };
  await expect(notices()).rejects.toThrow();
});

/** The first that fails is enough, and most fail before those that take long. */
const takesLong = ({ name }: StorageCase) => Number(/thousands|large/.test(name));
const quickFirst = [...storageContract].sort((a, b) => takesLong(a) - takesLong(b));

describe("the suite notices a storage that", () => {
  const wrongs: [string, (storage: Storage) => Partial<Storage>][] = [
    ["keeps nothing", () => ({ append: () => {}, save: () => {} })],
    ["takes any commit", (storage) => ({ append: async (id, commits) => void (await settle(() => storage.append(id, commits))) })],
    [
      "does half of an append",
      (storage) => ({
        async append(id, commits) {
          for (const commit of commits) await storage.append(id, [commit]);
        },
      }),
    ],
    ["forgets the last commit", (storage) => ({ load: async (id) => shortened(await storage.load(id)) })],
    ["mixes up ids", (storage) => ({ load: (id) => storage.load(id.normalize().toLowerCase()) })],
    ["deletes nothing", () => ({ delete: () => {} })],
    ["lists all", (storage) => ({ list: () => storage.list("") })],
    ["lets all expire", (storage) => ({ expire: (prefix) => storage.expire(prefix, Number.POSITIVE_INFINITY) })],
    ["gives what it holds", () => sharing()],
    ["lists nothing that is due", () => ({ due: () => [] })],
    ["lists all that is due at any time", (storage) => ({ due: (_, limit) => storage.due(Number.MAX_SAFE_INTEGER, limit) })],
    ["lists what is due in another order", (storage) => ({ due: async (before, limit) => [...(await storage.due(before, limit))].reverse() })],
    ["lists more than is asked for", (storage) => ({ due: (before) => storage.due(before, 1e6) })],
  ];
  for (const [name, wrong] of wrongs) {
    test(name, async () => {
      const open = () => {
        const storage = memory();
        return { ...storage, ...wrong(storage) };
      };
      const check = async () => {
        for (const one of quickFirst) await one.run(open);
      };
      await expect(check()).rejects.toThrow();
    });
  }
});

const settle = (run: () => unknown) => Promise.allSettled([(async () => run())()]);
const shortened = (loaded: LoadedHost | undefined) => loaded && { ...loaded, tail: loaded.tail.slice(0, -1) };

/** Gives its own arrays away. */
function sharing(): Partial<Storage> {
  const kept = new Map<string, { record: HostRecord; tail: CommitRecord[] }>();
  return {
    load: (id) => kept.get(id),
    append(id, commits) {
      const [{ incarnation, revision, sequence }] = commits as [CommitRecord];
      const host = kept.get(id) ?? { record: { incarnation, revision, sequence, stores: {}, numbers: {} }, tail: [] };
      kept.set(id, host);
      host.tail.push(...commits);
    },
    save: (id, record) => void kept.set(id, { record, tail: [] }),
  };
}
