import assert from "node:assert/strict";
import { state } from "../lib/class/decorators.js";
import { compactSteps } from "../lib/store/compact.js";
import { createStore, type Store } from "../lib/store/store.js";
import { finish } from "../lib/wire/steps.js";
import { type CommitRecord, type EventRecord, fold, type HostRecord, type ScheduleChanges, type ScheduleRecord } from "../server/storage/records.js";
import type { LoadedHost, Storage } from "../server/storage/storage.js";

/** One duty of a storage, as a test. */
export interface StorageCase {
  readonly name: string;
  /**
   * @param open Opens the storage. Called again after `close()`, it must open the same storage.
   * @throws AssertionError when the storage fails its duty
   */
  run(open: () => Storage | Promise<Storage>): Promise<void>;
}

/**
 * The duties of a storage as tests, for authors of storages: see {@link Storage}. They run in any test runner. Each case needs an empty storage of its own.
 * @example
 * describe("mine", () => {
 *   for (const { name, run } of storageContract) test(name, () => run(() => mine(newPlace())));
 * });
 */
export const storageContract: readonly StorageCase[] = [
  {
    name: "gives nothing of what was never kept",
    async run(open) {
      await withStorage(open, async (storage) => {
        assert.equal(await storage.load("room/none"), undefined);
        assert.deepEqual(await all(storage, ""), {});
        await storage.delete("room/none");
        await storage.touch(["room/none"]);
        assert.deepEqual(await storage.expire("", Date.now() + 1000), []);
      });
    },
  },
  {
    name: "gives what was saved",
    async run(open) {
      await withStorage(open, async (storage) => {
        const record = recordOf(new Writer("one"));
        await storage.save("room/a", record);
        assert.deepEqual(await loaded(storage, "room/a"), { record, tail: [] });
      });
    },
  },
  {
    name: "begins a record with the first commit, and gives all commits in order",
    async run(open) {
      await withStorage(open, async (storage) => {
        const writer = new Writer("one");
        const commits = writer.commits(5);
        for (const commit of commits) await storage.append("room/a", [commit]);
        const { record, tail } = await loaded(storage, "room/a");
        assert.equal(record.incarnation, "one");
        assert.deepEqual([...tail], commits);
        assert.deepEqual(await stateIn(storage, "room/a"), writer.state());
      });
    },
  },
  {
    name: "adds commits to a saved record, several at one stroke",
    async run(open) {
      await withStorage(open, async (storage) => {
        const writer = new Writer("one");
        writer.commits(1);
        await storage.save("room/a", recordOf(writer));
        const commits = writer.commits(7);
        await storage.append("room/a", commits.slice(0, 3));
        await storage.append("room/a", []);
        await storage.append("room/a", commits.slice(3));
        assert.deepEqual(await stateIn(storage, "room/a"), writer.state());
      });
    },
  },
  {
    name: "puts a saved record in the place of all before",
    async run(open) {
      await withStorage(open, async (storage) => {
        await storage.append("room/a", new Writer("one").commits(3));
        const record = recordOf(new Writer("two"));
        await storage.save("room/a", record);
        assert.deepEqual(await loaded(storage, "room/a"), { record, tail: [] });
      });
    },
  },
  {
    name: "takes a store as a whole again, in the middle of commits",
    async run(open) {
      await withStorage(open, async (storage) => {
        const writer = new Writer("one");
        await storage.append("room/a", writer.commits(3));
        await storage.append("room/a", [writer.commit(true), ...writer.commits(2)]);
        assert.deepEqual(await stateIn(storage, "room/a"), writer.state());
      });
    },
  },
  {
    name: "keeps event numbers: answers, what has begun, what is confirmed, and what is forgotten",
    async run(open) {
      await withStorage(open, async (storage) => {
        const writer = new Writer("one");
        const at = 1_700_000_000_000;
        const call = { store: "list", event: "Item.fill", id: "one.1", args: [["u"]] } as const;
        const events: EventRecord[] = [
          { client: "ann", n: 1, confirmed: 0, at, answer: { r: 1, v: [["u"]] } },
          { client: "ann", n: 2, confirmed: 1, at: at + 1, answer: { r: 2, v: ["✓ \u2028"] } },
          { client: "bob", n: 1, confirmed: 0, at: at + 2 },
          { client: "__proto__", n: 4, confirmed: 3, at: at + 3, answer: null },
          { client: "message/1", n: 1, confirmed: 0, at, answer: { r: 5, v: [1] } },
          { client: "event/1", n: 1, confirmed: 0, at, call },
          { client: "event/2", n: 1, confirmed: 0, at: at + 4, call },
        ];
        for (const event of events) await storage.append("room/a", [{ ...writer.commit(), event }]);
        await storage.append("room/a", [{ ...writer.commit(), forget: ["message/1", "event/1"] }]);
        const { numbers } = foldOf(await loaded(storage, "room/a"));
        assert.deepEqual(Object.entries(numbers).sort(), [
          ["__proto__", { next: 5, confirmed: 3, seen: at + 3, answers: [[4, null]], begun: [] }],
          ["ann", { next: 3, confirmed: 1, seen: at + 1, answers: [[2, { r: 2, v: ["✓ \u2028"] }]], begun: [] }],
          ["bob", { next: 2, confirmed: 0, seen: at + 2, answers: [], begun: [1] }],
          ["event/2", { next: 2, confirmed: 0, seen: at + 4, answers: [], begun: [1], calls: [[1, call]] }],
        ]);
      });
    },
  },
  {
    name: "refuses commits that do not follow, and then has none of them",
    async run(open) {
      await withStorage(open, async (storage) => {
        const writer = new Writer("one");
        await storage.append("room/a", writer.commits(3));
        const before = await stateIn(storage, "room/a");
        const [next, after] = writer.commits(2) as [CommitRecord, CommitRecord];
        await rejects(() => storage.append("room/a", [after]), "a gap");
        await rejects(() => storage.append("room/a", [next, { ...after, revision: after.revision + 1 }]), "a gap after one that follows");
        await rejects(() => storage.append("room/a", [{ ...next, revision: 1 }]), "an old revision");
        await rejects(() => storage.append("room/a", [{ ...next, incarnation: "two" }]), "another incarnation");
        assert.deepEqual(await stateIn(storage, "room/a"), before);
        await rejects(() => storage.append("room/b", [next]), "a change of what it does not have");
        assert.equal(await storage.load("room/b"), undefined);
        await storage.append("room/a", [next, after]);
        assert.deepEqual(await stateIn(storage, "room/a"), writer.state());
      });
    },
  },
  {
    name: "takes another life of an id after it was deleted",
    async run(open) {
      await withStorage(open, async (storage) => {
        await storage.append("room/a", new Writer("one").commits(9));
        await storage.delete("room/a");
        assert.equal(await storage.load("room/a"), undefined);
        const writer = new Writer("two");
        await storage.append("room/a", writer.commits(2));
        assert.deepEqual(await stateIn(storage, "room/a"), writer.state());
      });
    },
  },
  {
    name: "keeps ids apart, whatever they are made of",
    async run(open) {
      await withStorage(open, async (storage) => {
        const ids = [
          "room/",
          "room/a",
          "room/A",
          "room/a ",
          "room/a/b",
          "room/%",
          "room/_",
          "room/'; --",
          "room/\u00e9",
          "room/e\u0301",
          "room/\u{1f600}",
          "room/\u{1f601}",
          "room/\ufffd",
          "room/\u{10ffff}",
          "room/a\0",
          "room/a\0b",
          "room/a\0c",
          "room/\n",
          "room//",
          "__proto__",
          `room/${"x".repeat(1000)}`,
        ];
        const writers = ids.map((id) => new Writer(id));
        await Promise.all(ids.map((id, i) => storage.append(id, (writers[i] as Writer).commits(2))));
        for (const [i, id] of ids.entries()) assert.deepEqual(await stateIn(storage, id), (writers[i] as Writer).state(), id);
        assert.deepEqual(Object.keys(await all(storage, "")).sort(), [...ids].sort());
        assert.deepEqual(Object.keys(await all(storage, "room/")).sort(), ids.filter((id) => id.startsWith("room/")).sort());
        assert.deepEqual(Object.keys(await all(storage, "room/a\0")).sort(), ["room/a\0", "room/a\0b", "room/a\0c"]);
        await storage.delete("room/%");
        assert.equal(Object.keys(await all(storage, "")).length, ids.length - 1);
      });
    },
  },
  {
    name: "lists the ids that begin with a prefix, with their stores",
    async run(open) {
      await withStorage(open, async (storage) => {
        const commits = new Writer("one").commits(1);
        await Promise.all(Array.from({ length: 1200 }, (_, i) => storage.append(`room/${i}`, commits)));
        for (const id of ["roomy/1", "session/1", "room_/1"]) await storage.append(id, commits);
        await storage.save("session/2", recordOf(new Writer("one")));
        const rooms = await all(storage, "room/");
        assert.equal(Object.keys(rooms).length, 1200);
        assert.deepEqual(rooms["room/7"], ["list"]);
        assert.deepEqual(await all(storage, "session/"), { "session/1": ["list"], "session/2": ["list"] });
        assert.deepEqual(Object.keys(await all(storage, "room_")), ["room_/1"]);
      });
    },
  },
  {
    name: "forgets what was not used for long, under a prefix, and tells what",
    async run(open) {
      await withStorage(open, async (storage) => {
        for (const id of ["session/1", "session/2", "room/1"]) await storage.append(id, new Writer("one").commits(1));
        assert.deepEqual(await storage.expire("session/", Date.now() - 60_000), []);
        assert.deepEqual([...(await storage.expire("session/", Date.now() + 1000))].sort(), ["session/1", "session/2"]);
        assert.deepEqual(Object.keys(await all(storage, "")), ["room/1"]);
        assert.equal(await storage.load("session/1"), undefined);
      });
    },
  },
  {
    name: "keeps schedules: what commits make of them, and what a record has",
    async run(open) {
      await withStorage(open, async (storage) => {
        const writer = new Writer("one");
        for (const schedules of changes) await storage.append("room/a", [{ ...writer.commit(), schedules }]);
        const { schedules } = foldOf(await loaded(storage, "room/a"));
        assert.deepEqual(schedules, { due: 2000, list: { a: { ...later, due: 3000 }, ["__proto__"]: { ...later, due: 2000 } } });
        assert.deepEqual(Object.keys(schedules?.list ?? {}).sort(), ["__proto__", "a"]);
        await storage.append("room/a", [
          {
            ...writer.commit(),
            schedules: {
              due: null,
              set: [
                ["a", null],
                ["__proto__", null],
              ],
            },
          },
        ]);
        assert.equal(foldOf(await loaded(storage, "room/a")).schedules, undefined);
        const record: HostRecord = { ...recordOf(new Writer("two")), schedules: { due: 5000, list: { x: later } } };
        await storage.save("room/b", record);
        assert.deepEqual(await loaded(storage, "room/b"), { record, tail: [] });
        assert.deepEqual(foldOf(await loaded(storage, "room/b")).schedules, record.schedules);
      });
    },
  },
  {
    name: "lists what is due before a time, the earliest first, and no more than is asked for",
    async run(open) {
      await withStorage(open, async (storage) => {
        const due = async (before: number, limit = 100) => (await storage.due(before, limit)).map(({ id, due }) => [id, due]);
        assert.deepEqual(await due(Number.MAX_SAFE_INTEGER), []);
        const times = Array.from({ length: 300 }, (_, i) => ((i * 7919) % 300) + 1);
        await Promise.all(times.map((time, i) => storage.append(`room/${i}`, [dueAt(new Writer("one"), time)])));
        const sorted = times.map((time, i) => [`room/${i}`, time] as const).sort(([, a], [, b]) => a - b);
        assert.deepEqual(await due(Number.MAX_SAFE_INTEGER, 1000), sorted);
        assert.deepEqual(await due(Number.MAX_SAFE_INTEGER, 5), sorted.slice(0, 5));
        assert.deepEqual(await due(10), sorted.slice(0, 9));
        assert.deepEqual(await due(1), []);
      });
    },
  },
  {
    name: "lists an id as its last commit with schedules says, or its record, and not when it is gone",
    async run(open) {
      await withStorage(open, async (storage) => {
        const due = async () => Object.fromEntries((await storage.due(Number.MAX_SAFE_INTEGER, 100)).map(({ id, due }) => [id, due]));
        const writer = new Writer("one");
        await storage.append("room/a", [dueAt(writer, 1000), writer.commit(), dueAt(writer, 3000), writer.commit()]);
        await storage.append("room/a", writer.commits(2));
        assert.deepEqual(await due(), { "room/a": 3000 });
        const [next] = writer.commits(1) as [CommitRecord];
        await rejects(() => storage.append("room/a", [{ ...next, revision: next.revision + 5, schedules: { due: 1, set: [["a", later]] } }]), "a gap");
        assert.deepEqual(await due(), { "room/a": 3000 });
        await storage.append("room/a", [{ ...next, schedules: { due: null, set: [["a", null]] } }]);
        assert.deepEqual(await due(), {});
        await storage.append("room/a", [dueAt(writer, 4000)]);
        await storage.save("room/a", recordOf(writer));
        assert.deepEqual(await due(), {});
        for (const id of ["room/a", "session/b", "session/c"]) await storage.save(id, { ...recordOf(writer), schedules: { due: 5000, list: { a: later } } });
        await storage.delete("room/a");
        assert.deepEqual(await due(), { "session/b": 5000, "session/c": 5000 });
      });
    },
  },
  {
    name: "lets nothing expire that has something due by now, and forgets what is due later with the rest",
    async run(open) {
      await withStorage(open, async (storage) => {
        const [now, hour] = [Date.now(), 3_600_000];
        await storage.append("session/none", new Writer("one").commits(1));
        await storage.append("session/past", [dueAt(new Writer("one"), now - hour)]);
        await storage.append("session/later", [dueAt(new Writer("one"), now + hour)]);
        assert.deepEqual([...(await storage.expire("session/", Date.now() + 1000))].sort(), ["session/later", "session/none"]);
        assert.deepEqual(await storage.due(Number.MAX_SAFE_INTEGER, 10), [{ id: "session/past", due: now - hour }]);
        assert.deepEqual(Object.keys(await all(storage, "")), ["session/past"]);
      });
    },
  },
  {
    name: "has schedules still after thousands of commits, whatever it has made of them",
    async run(open) {
      await withStorage(open, async (storage) => {
        const writer = new Writer("one");
        await storage.append("room/a", [dueAt(writer, 1000)]);
        for (let round = 0; round < 30; round++) await storage.append("room/a", writer.commits(40));
        assert.deepEqual(foldOf(await loaded(storage, "room/a")).schedules, { due: 1000, list: { a: { ...later, due: 1000 } } });
        assert.deepEqual(await storage.due(Number.MAX_SAFE_INTEGER, 10), [{ id: "room/a", due: 1000 }]);
      });
    },
  },
  {
    name: "neither changes what it is given, nor gives what it changes",
    async run(open) {
      await withStorage(open, async (storage) => {
        const writer = new Writer("one");
        const record = frozen(recordOf(writer));
        await storage.save("room/a", record);
        await storage.append("room/a", frozen(writer.commits(3)));
        const first = await storage.load("room/a");
        const before = JSON.stringify(first);
        await storage.append("room/a", writer.commits(2));
        assert.equal(JSON.stringify(first), before);
        assert.deepEqual(await stateIn(storage, "room/a"), writer.state());
      });
    },
  },
  {
    name: "gives the same state after thousands of commits, whatever it has made of them",
    async run(open) {
      await withStorage(open, async (storage) => {
        const writers = ["room/a", "room/b"].map((id) => ({ id, writer: new Writer(id) }));
        for (let round = 0; round < 60; round++) {
          await Promise.all(writers.map(({ id, writer }) => storage.append(id, writer.commits(40))));
          if (round % 20 === 19) for (const { id, writer } of writers) assert.deepEqual(await stateIn(storage, id), writer.state());
        }
      });
    },
  },
  {
    name: "keeps a large store",
    async run(open) {
      await withStorage(open, async (storage) => {
        const writer = new Writer("one", 20_000);
        await storage.append("room/a", writer.commits(3));
        assert.deepEqual(await stateIn(storage, "room/a"), writer.state());
      });
    },
  },
  {
    name: "has it all after it was closed and opened again, where it is durable",
    async run(open) {
      const writer = new Writer("one");
      const first = await open();
      await first.append("room/a", writer.commits(20));
      await first.save("room/b", recordOf(new Writer("two")));
      await first.append("room/c", new Writer("three").commits(1));
      await first.delete("room/c");
      await first.append("room/d", [dueAt(new Writer("four"), 7000)]);
      await first.close?.();
      if (!first.durable) return;
      await withStorage(open, async (storage) => {
        assert.deepEqual(Object.keys(await all(storage, "")).sort(), ["room/a", "room/b", "room/d"]);
        assert.deepEqual(await storage.due(Number.MAX_SAFE_INTEGER, 10), [{ id: "room/d", due: 7000 }]);
        assert.deepEqual(await stateIn(storage, "room/a"), writer.state());
        await storage.append("room/a", writer.commits(3));
        assert.deepEqual(await stateIn(storage, "room/a"), writer.state());
      });
    },
  },
];

// --- the parts of the cases ---

class List {
  @state items: { id: number; title: string; at: Date | undefined; tags: Set<string> }[] = [];
  @state({ private: true }) protected secret = new Map<string, unknown>([["key", 1n]]);

  change(n: number): void {
    const item = this.items[n % (this.items.length || 1)];
    if (n % 5 === 4 && this.items.length > 3) this.items.splice(n % this.items.length, 1);
    else if (n % 3 === 1 && item) {
      item.title = `changed ${n}`;
      item.tags.add(String(n % 7));
    } else this.items.push({ id: n, title: `title ${n}`, at: n % 2 ? new Date(n) : undefined, tags: new Set(["a"]) });
    this.secret.set(String(n % 4), { n: -0 });
  }

  fill(count: number): void {
    this.items = Array.from({ length: count }, (_, id) => ({ id, title: `title ${id}`, at: undefined, tags: new Set(["a"]) }));
  }
}

/** Makes commits of one scope instance, as the server does. */
class Writer {
  revision = 0;
  readonly #list = new List();
  readonly #store: Store;
  #saved = false;

  constructor(
    readonly incarnation: string,
    rows = 0,
  ) {
    this.#store = createStore({ name: "list", instance: this.#list, keep: true });
    if (rows > 0) this.#list.fill(rows);
  }

  commit(whole = false): CommitRecord {
    this.#list.change(this.revision++);
    this.#store.commit();
    const { incarnation, revision } = this;
    const change = this.#saved && !whole && this.#store.storageDelta ? { kept: this.#store.storageDelta } : { version: 1, saved: this.#store.save() };
    this.#saved = true;
    return plain({ incarnation, revision, stores: { list: change } });
  }

  commits(count: number): CommitRecord[] {
    return Array.from({ length: count }, () => this.commit());
  }

  record(): HostRecord {
    this.#saved = true;
    const { incarnation, revision } = this;
    return plain({ incarnation, revision, stores: { list: { version: 1, saved: this.#store.save() } }, numbers: {} });
  }

  state(): State {
    return stateOf({ record: this.record(), tail: [] });
  }
}

const recordOf = (writer: Writer) => writer.record();

/** The value that a storage which writes JSON returns. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** A schedule, and what three commits make of some. */
const later: ScheduleRecord = { due: 5000, store: "list", event: "change", args: [["u"]], every: "0 9 * * *", timeZone: "Europe/Berlin" };
const changes: readonly ScheduleChanges[] = [
  {
    due: 1000,
    set: [
      ["a", { ...later, due: 1000 }],
      ["b", later],
    ],
  },
  {
    due: 2000,
    set: [
      ["__proto__", { ...later, due: 2000 }],
      ["a", { ...later, due: 3000 }],
    ],
  },
  { due: 2000, set: [["b", null]] },
];

/** The next commit of a writer, which makes a schedule. */
const dueAt = (writer: Writer, due: number): CommitRecord => ({ ...writer.commit(), schedules: { due, set: [["a", { ...later, due }]] } });

interface State {
  readonly incarnation: string;
  readonly revision: number;
  readonly list: string;
}

const foldOf = ({ record, tail }: LoadedHost) => fold(record, tail);

function stateOf(found: LoadedHost): State {
  const { incarnation, revision, stores } = foldOf(found);
  const list = stores.get("list");
  // With a tail, the numbers that clients know are lost.
  const [snapshot, , next] = list ? finish(compactSteps(list.whole.saved, list.tail)) : [];
  return { incarnation, revision, list: JSON.stringify([snapshot, next]) };
}

async function loaded(storage: Storage, id: string): Promise<LoadedHost> {
  const found = await storage.load(id);
  assert.ok(found, `\`${id}\` is not there`);
  return found;
}

const stateIn = async (storage: Storage, id: string) => stateOf(await loaded(storage, id));

async function all(storage: Storage, prefix: string): Promise<Record<string, string[]>> {
  const found: [string, string[]][] = [];
  for await (const { id, stores } of storage.list(prefix)) found.push([id, [...stores]]);
  return Object.fromEntries(found);
}

async function rejects(run: () => void | Promise<void>, what: string): Promise<void> {
  await assert.rejects(async () => run(), `it took ${what}`);
}

function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const item of Object.values(value)) frozen(item);
  return Object.freeze(value);
}

async function withStorage(open: () => Storage | Promise<Storage>, run: (storage: Storage) => Promise<void>): Promise<void> {
  const storage = await open();
  try {
    await run(storage);
  } finally {
    await storage.close?.();
  }
}
