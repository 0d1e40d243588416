import assert from "node:assert/strict";
import type { CommitRecord, HostRecord, ScheduleChanges } from "../server/storage/records.js";
import type { TaskChanges, TaskRecord } from "../server/storage/task-records.js";
import type { StorageCase } from "./storage.js";
import { all, dueAt, foldOf, laterSchedule, loaded, RecordWriter, rejects, withStorage, writtenRecord } from "./storage-writer.js";

/** What three commits make of schedules. */
const changes: readonly (ScheduleChanges & { readonly due: number })[] = [
  {
    due: 1000,
    set: [
      ["a", { ...laterSchedule, due: 1000 }],
      ["b", laterSchedule],
    ],
  },
  {
    due: 2000,
    set: [
      ["__proto__", { ...laterSchedule, due: 2000 }],
      ["a", { ...laterSchedule, due: 3000 }],
    ],
  },
  { due: 2000, set: [["b", null]] },
];

/** A task, and what four commits make of some. */
const task: TaskRecord = { store: "list", event: "change", eventId: "e", args: [["u"]], at: 1, history: [], waits: {} };
const taskChanges: readonly { readonly due: number; readonly tasks: TaskChanges }[] = [
  {
    due: 0,
    tasks: [
      ["a", { whole: { ...task, due: 0 } }],
      ["__proto__", { whole: { ...task, due: 0 } }],
    ],
  },
  { due: 0, tasks: [["__proto__", { kept: [["step 1 a", ["x"]]] }]] },
  { due: 0, tasks: [["__proto__", { waits: [["step 1 b", { due: 2000, attempt: 2 }]], due: 2000 }]] },
  {
    due: 2000,
    tasks: [
      ["__proto__", { kept: [["step 1 b", null, ["Error", "no", false]]], waits: [["step 1 b", null]] }],
      ["a", null],
    ],
  },
];

/** The duties of a storage that are about schedules and tasks. */
export const scheduleCases: readonly StorageCase[] = [
  {
    name: "keeps schedules: what commits make of them, and what a record has",
    async run(open) {
      await withStorage(open, async (storage) => {
        const writer = new RecordWriter("one");
        for (const { due, set } of changes) await storage.append("room/a", [{ ...writer.commit(), due, schedules: { set } }]);
        const { schedules } = foldOf(await loaded(storage, "room/a"));
        assert.deepEqual(schedules, { list: { a: { ...laterSchedule, due: 3000 }, ["__proto__"]: { ...laterSchedule, due: 2000 } } });
        assert.deepEqual(Object.keys(schedules?.list ?? {}).sort(), ["__proto__", "a"]);
        await storage.append("room/a", [
          {
            ...writer.commit(),
            due: null,
            schedules: {
              set: [
                ["a", null],
                ["__proto__", null],
              ],
            },
          },
        ]);
        assert.equal(foldOf(await loaded(storage, "room/a")).schedules, undefined);
        const record: HostRecord = { ...writtenRecord(new RecordWriter("two")), schedules: { list: { x: laterSchedule } } };
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
        await Promise.all(times.map((time, i) => storage.append(`room/${i}`, [dueAt(new RecordWriter("one"), time)])));
        const sorted = times.map((time, i) => [`room/${i}`, time] as const).sort(([, a], [, b]) => a - b);
        assert.deepEqual(await due(Number.MAX_SAFE_INTEGER, 1000), sorted);
        assert.deepEqual(await due(Number.MAX_SAFE_INTEGER, 5), sorted.slice(0, 5));
        assert.deepEqual(await due(10), sorted.slice(0, 9));
        assert.deepEqual(await due(1), []);
      });
    },
  },
  {
    name: "lists an id as its last commit with a due time says, or its record, and not when it is gone",
    async run(open) {
      await withStorage(open, async (storage) => {
        const due = async () => Object.fromEntries((await storage.due(Number.MAX_SAFE_INTEGER, 100)).map(({ id, due }) => [id, due]));
        const writer = new RecordWriter("one");
        await storage.append("room/a", [dueAt(writer, 1000), writer.commit(), dueAt(writer, 3000), writer.commit()]);
        await storage.append("room/a", writer.commits(2));
        assert.deepEqual(await due(), { "room/a": 3000 });
        const [next] = writer.commits(1) as [CommitRecord];
        await rejects(() => storage.append("room/a", [{ ...next, revision: next.revision + 5, due: 1, schedules: { set: [["a", laterSchedule]] } }]), "a gap");
        assert.deepEqual(await due(), { "room/a": 3000 });
        await storage.append("room/a", [{ ...next, due: null, schedules: { set: [["a", null]] } }]);
        assert.deepEqual(await due(), {});
        await storage.append("room/a", [dueAt(writer, 4000)]);
        await storage.save("room/a", writtenRecord(writer));
        assert.deepEqual(await due(), {});
        for (const id of ["room/a", "session/b", "session/c"]) await storage.save(id, { ...writtenRecord(writer), schedules: { list: { a: laterSchedule } } });
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
        await storage.append("session/none", new RecordWriter("one").commits(1));
        await storage.append("session/past", [dueAt(new RecordWriter("one"), now - hour)]);
        await storage.append("session/later", [dueAt(new RecordWriter("one"), now + hour)]);
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
        const writer = new RecordWriter("one");
        await storage.append("room/a", [dueAt(writer, 1000)]);
        for (let round = 0; round < 30; round++) await storage.append("room/a", writer.commits(40));
        assert.deepEqual(foldOf(await loaded(storage, "room/a")).schedules, { list: { a: { ...laterSchedule, due: 1000 } } });
        assert.deepEqual(await storage.due(Number.MAX_SAFE_INTEGER, 10), [{ id: "room/a", due: 1000 }]);
      });
    },
  },
  {
    name: "keeps tasks: what commits make of them, and what a record has",
    async run(open) {
      await withStorage(open, async (storage) => {
        const writer = new RecordWriter("one");
        for (const { due, tasks } of taskChanges) await storage.append("room/a", [{ ...writer.commit(), due, tasks }]);
        const { tasks } = foldOf(await loaded(storage, "room/a"));
        assert.deepEqual(tasks, {
          ["__proto__"]: {
            ...task,
            due: 2000,
            history: [
              ["step 1 a", ["x"]],
              ["step 1 b", null, ["Error", "no", false]],
            ],
            waits: {},
          },
        });
        assert.deepEqual(await storage.due(Number.MAX_SAFE_INTEGER, 10), [{ id: "room/a", due: 2000 }]);
        for (let round = 0; round < 30; round++) await storage.append("room/a", writer.commits(40));
        assert.deepEqual(foldOf(await loaded(storage, "room/a")).tasks, tasks);
        await storage.append("room/a", [{ ...writer.commit(), due: null, tasks: [["__proto__", null]] }]);
        assert.equal(foldOf(await loaded(storage, "room/a")).tasks, undefined);
        const record: HostRecord = { ...writtenRecord(new RecordWriter("two")), tasks: { a: { ...task, due: 0 } } };
        await storage.save("room/b", record);
        assert.deepEqual(await loaded(storage, "room/b"), { record, tail: [] });
        assert.deepEqual(await storage.due(Number.MAX_SAFE_INTEGER, 10), [{ id: "room/b", due: 0 }]);
      });
    },
  },
];
