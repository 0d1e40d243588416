import assert from "node:assert/strict";
import type { CommitRecord, EventRecord, StoreRecord } from "../server/storage/records.js";
import type { StorageCase } from "./storage.js";
import { all, dueAt, foldOf, frozen, loaded, RecordWriter, rejects, stateIn, withStorage, writtenRecord } from "./storage-writer.js";

/** The duties of a storage that are about records and commits. */
export const recordCases: readonly StorageCase[] = [
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
        const record = writtenRecord(new RecordWriter("one"));
        await storage.save("room/a", record);
        assert.deepEqual(await loaded(storage, "room/a"), { record, tail: [] });
      });
    },
  },
  {
    name: "begins a record with the first commit, and gives all commits in order",
    async run(open) {
      await withStorage(open, async (storage) => {
        const writer = new RecordWriter("one");
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
        const writer = new RecordWriter("one");
        writer.commits(1);
        await storage.save("room/a", writtenRecord(writer));
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
        await storage.append("room/a", new RecordWriter("one").commits(3));
        const record = writtenRecord(new RecordWriter("two"));
        await storage.save("room/a", record);
        assert.deepEqual(await loaded(storage, "room/a"), { record, tail: [] });
      });
    },
  },
  {
    name: "takes a store as a whole again, in the middle of commits",
    async run(open) {
      await withStorage(open, async (storage) => {
        const writer = new RecordWriter("one");
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
        const writer = new RecordWriter("one");
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
        const writer = new RecordWriter("one");
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
    name: "refuses a second commit of the same number, and a gap in the numbers, also where the revision stays",
    async run(open) {
      await withStorage(open, async (storage) => {
        const writer = new RecordWriter("one");
        await storage.append("room/a", writer.commits(3));
        const event = (n: number): EventRecord => ({ client: "ann", n, confirmed: 0, at: 1_700_000_000_000, answer: { r: 3, v: [n] } });
        const answer = (n: number): CommitRecord => ({ incarnation: "one", revision: 3, sequence: ++writer.sequence, stores: {}, event: event(n) });
        const [first, second] = [answer(1), answer(2)];
        await rejects(() => storage.append("room/a", [second]), "a gap");
        await storage.append("room/a", [first]);
        await rejects(() => storage.append("room/a", [{ ...second, sequence: first.sequence }]), "another commit of the same number");
        await rejects(() => storage.append("room/a", [second, { ...second, event: event(3) }]), "two commits of one number at once");
        await storage.append("room/a", [second]);
        const { numbers, sequence } = foldOf(await loaded(storage, "room/a"));
        assert.equal(sequence, second.sequence);
        assert.deepEqual(
          numbers.ann?.answers.map(([n]) => n),
          [1, 2],
        );
        await storage.append("room/a", [writer.commit()]);
        assert.deepEqual(await stateIn(storage, "room/a"), writer.state());
      });
    },
  },
  {
    name: "goes on from the number of a saved record",
    async run(open) {
      await withStorage(open, async (storage) => {
        const writer = new RecordWriter("one");
        writer.commits(4);
        await storage.save("room/a", writtenRecord(writer));
        const next = writer.commit();
        await rejects(() => storage.append("room/a", [{ ...next, sequence: 1 }]), "a number of before the record");
        await storage.append("room/a", [next]);
        assert.deepEqual(await stateIn(storage, "room/a"), writer.state());
      });
    },
  },
  {
    name: "takes another life of an id after it was deleted",
    async run(open) {
      await withStorage(open, async (storage) => {
        await storage.append("room/a", new RecordWriter("one").commits(9));
        await storage.delete("room/a");
        assert.equal(await storage.load("room/a"), undefined);
        const writer = new RecordWriter("two");
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
        const writers = ids.map((id) => new RecordWriter(id));
        await Promise.all(ids.map((id, i) => storage.append(id, (writers[i] as RecordWriter).commits(2))));
        for (const [i, id] of ids.entries()) assert.deepEqual(await stateIn(storage, id), (writers[i] as RecordWriter).state(), id);
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
        const commits = new RecordWriter("one").commits(1);
        await Promise.all(Array.from({ length: 1200 }, (_, i) => storage.append(`room/${i}`, commits)));
        for (const id of ["roomy/1", "session/1", "room_/1"]) await storage.append(id, commits);
        await storage.save("session/2", writtenRecord(new RecordWriter("one")));
        const rooms = await all(storage, "room/");
        assert.equal(Object.keys(rooms).length, 1200);
        assert.deepEqual(rooms["room/7"], ["list"]);
        assert.deepEqual(await all(storage, "session/"), { "session/1": ["list"], "session/2": ["list"] });
        assert.deepEqual(Object.keys(await all(storage, "room_")), ["room_/1"]);
      });
    },
  },
  {
    name: "lists the stores that later commits have added",
    async run(open) {
      await withStorage(open, async (storage) => {
        const writer = new RecordWriter("one");
        await storage.append("room/a", writer.commits(2));
        for (const name of ["more", "most"]) {
          await storage.load("room/a");
          const { stores, ...commit } = writer.commit(true);
          await storage.append("room/a", [{ ...commit, stores: { [name]: stores.list as StoreRecord } }]);
        }
        assert.deepEqual((await all(storage, ""))["room/a"]?.sort(), ["list", "more", "most"]);
      });
    },
  },
  {
    name: "forgets what was not used for long, under a prefix, and tells what",
    async run(open) {
      await withStorage(open, async (storage) => {
        for (const id of ["session/1", "session/2", "room/1"]) await storage.append(id, new RecordWriter("one").commits(1));
        assert.deepEqual(await storage.expire("session/", Date.now() - 60_000), []);
        assert.deepEqual([...(await storage.expire("session/", Date.now() + 1000))].sort(), ["session/1", "session/2"]);
        assert.deepEqual(Object.keys(await all(storage, "")), ["room/1"]);
        assert.equal(await storage.load("session/1"), undefined);
      });
    },
  },
  {
    name: "neither changes what it is given, nor gives what it changes",
    async run(open) {
      await withStorage(open, async (storage) => {
        const writer = new RecordWriter("one");
        const record = frozen(writtenRecord(writer));
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
        const writers = ["room/a", "room/b"].map((id) => ({ id, writer: new RecordWriter(id) }));
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
        const writer = new RecordWriter("one", 20_000);
        await storage.append("room/a", writer.commits(3));
        assert.deepEqual(await stateIn(storage, "room/a"), writer.state());
      });
    },
  },
  {
    name: "has it all after it was closed and opened again, where it is durable",
    async run(open) {
      const writer = new RecordWriter("one");
      const first = await open();
      await first.append("room/a", writer.commits(20));
      await first.save("room/b", writtenRecord(new RecordWriter("two")));
      await first.append("room/c", new RecordWriter("three").commits(1));
      await first.delete("room/c");
      await first.append("room/d", [dueAt(new RecordWriter("four"), 7000)]);
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
