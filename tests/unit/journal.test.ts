import { expect, test, vi } from "vitest";
import { createJournal } from "../../server/host/journal.js";
import type { CommitRecord } from "../../server/storage/records.js";

const commit = (revision: number): CommitRecord => ({ incarnation: "one", revision, sequence: revision, stores: {} });

/** A journal whose appends end when they are told to. */
function start() {
  const appended: number[][] = [];
  const ends: { resolve(): void; reject(error: Error): void }[] = [];
  const report = vi.fn();
  const journal = createJournal({
    stored: 0,
    append(commits) {
      appended.push(commits.map(({ revision }) => revision));
      return new Promise<void>((resolve, reject) => void ends.push({ resolve, reject }));
    },
    failed: () => new Error("not stored"),
    report,
  });
  return { journal, appended, ends, report };
}
const turn = () => new Promise(setImmediate);

test("what is told of a commit waits until it is stored, and commits that come meanwhile go together", async () => {
  const { journal, appended, ends } = start();
  const told: string[] = [];
  journal.after(() => told.push("nothing is on its way"));
  journal.add(commit(1));
  journal.after(() => told.push("one"));
  await turn();
  journal.add(commit(2));
  journal.after(() => told.push("two"));
  journal.add(commit(3));
  journal.after(() => told.push("three"));
  const settled = journal.settled().then(() => told.push("settled"));
  await turn();
  expect([appended, told, journal.ahead]).toEqual([[[1]], ["nothing is on its way"], true]);
  ends[0]?.resolve();
  await turn();
  expect([appended, told]).toEqual([
    [[1], [2, 3]],
    ["nothing is on its way", "one"],
  ]);
  ends[1]?.resolve();
  await settled;
  expect([told, journal.ahead]).toEqual([["nothing is on its way", "one", "two", "three", "settled"], false]);
});

test("after a failure nothing is told any more, those who wait are, and nothing more is taken", async () => {
  const { journal, appended, ends } = start();
  const told = vi.fn();
  journal.add(commit(1));
  journal.after(told);
  await turn();
  journal.add(commit(2));
  journal.after(told);
  const settled = expect(journal.settled()).rejects.toThrow("not stored");
  ends[0]?.reject(new Error("the disk is full"));
  await settled;
  journal.add(commit(3));
  journal.after(told);
  await expect(journal.settled()).rejects.toThrow("not stored");
  await turn();
  expect([appended, told.mock.calls.length]).toEqual([[[1]], 0]);
});

test("events are held when too much is on its way", async () => {
  const { journal, ends } = start();
  for (let n = 1; n < 500; n++) journal.add(commit(n));
  expect(journal.full).toBe(false);
  journal.add(commit(500));
  expect(journal.full).toBe(true);
  await turn();
  ends[0]?.resolve();
  await turn();
  expect(journal.full).toBe(false);
});

test("who throws when told leaves the others be", async () => {
  const { journal, ends, report } = start();
  const told = vi.fn();
  journal.add(commit(1));
  journal.after(() => {
    throw new Error("oh");
  });
  journal.after(told);
  await turn();
  ends[0]?.resolve();
  await turn();
  expect([told.mock.calls.length, report.mock.calls.length]).toEqual([1, 1]);
});
