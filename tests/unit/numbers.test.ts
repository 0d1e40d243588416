import { expect, onTestFinished, test, vi } from "vitest";
import { createEventNumbers } from "../../server/host/event-numbers.js";

const client = "a client";

test("the first n of a client runs at once, and is answered again without running", async () => {
  const numbers = createEventNumbers();
  const run = vi.fn(async () => "answer");
  expect(await numbers.enter(client, 1, 0, false, run)).toBe("answer");
  expect(await numbers.enter(client, 1, 0, false, run)).toBe("answer");
  expect(run).toHaveBeenCalledTimes(1);
});

test("numbers run in order, however they arrive", async () => {
  const numbers = createEventNumbers();
  const ran: number[] = [];
  const enter = (n: number) => numbers.enter(client, n, 0, false, async () => ran.push(n));
  await Promise.all([enter(3), enter(2), enter(2), enter(1), enter(4)]);
  expect(ran).toEqual([1, 2, 3, 4]);
});

test("each client counts for itself", async () => {
  const numbers = createEventNumbers();
  expect(await numbers.enter("one", 1, 0, false, async () => "of one")).toBe("of one");
  expect(await numbers.enter("two", 1, 0, false, async () => "of two")).toBe("of two");
});

test("a gap is waited for, then refused with the number that is expected", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const numbers = createEventNumbers();
  await numbers.enter(client, 1, 0, false, async () => 1);
  const run = vi.fn(async () => 3);
  const early = expect(numbers.enter(client, 3, 0, false, run)).rejects.toMatchObject({ code: "OUT_OF_ORDER", data: { expected: 2 } });
  await vi.advanceTimersByTimeAsync(2000);
  await early;
  expect(run).not.toHaveBeenCalled();
  expect(await numbers.enter(client, 2, 0, false, async () => 2)).toBe(2);
  expect(await numbers.enter(client, 3, 0, false, run)).toBe(3);
  expect(vi.getTimerCount()).toBe(0);
});

test("no more than a thousand events of a client wait for those before them", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const numbers = createEventNumbers();
  const waiting = Array.from({ length: 1000 }, (_, n) => numbers.enter(client, n + 2, 0, false, async () => n));
  await expect(numbers.enter(client, 5000, 0, false, async () => 0)).rejects.toMatchObject({ code: "OUT_OF_ORDER" });
  const all = Promise.all(waiting);
  await numbers.enter(client, 1, 0, false, async () => 0);
  expect(await all).toHaveLength(1000);
});

test("what the client has confirmed is forgotten; a number that has gone by never runs again", async () => {
  const numbers = createEventNumbers();
  const run = vi.fn(async () => "x");
  await numbers.enter(client, 1, 0, false, run);
  await numbers.enter(client, 2, 1, false, run);
  await expect(numbers.enter(client, 1, 0, false, run)).rejects.toMatchObject({ code: "UNKNOWN_OUTCOME" });
  expect(run).toHaveBeenCalledTimes(2);
  expect(numbers.save()[client]?.answers).toEqual([[2, "x"]]);
});

test("a client that confirms nothing costs at most a thousand answers", async () => {
  const numbers = createEventNumbers();
  for (let n = 1; n <= 1500; n++) await numbers.enter(client, n, 0, false, async () => n);
  expect(numbers.save()[client]?.answers).toHaveLength(1000);
});

test("what is saved goes on where it was", async () => {
  const before = createEventNumbers();
  await before.enter(client, 1, 0, false, async () => "one");
  await before.enter(client, 2, 0, false, async () => "two");
  const after = createEventNumbers({ records: JSON.parse(JSON.stringify(before.save())) });
  const run = vi.fn(async () => "again");
  expect(await after.enter(client, 2, 0, false, run)).toBe("two");
  expect(run).not.toHaveBeenCalled();
  expect(await after.enter(client, 3, 0, false, async () => "three")).toBe("three");
});

test("a client that was not seen for a day is not saved", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const numbers = createEventNumbers();
  await numbers.enter(client, 1, 0, false, async () => 1);
  vi.advanceTimersByTime(24 * 3600 * 1000 + 1);
  await numbers.enter("another", 1, 0, false, async () => 1);
  expect(Object.keys(numbers.save())).toEqual(["another"]);
});

test("clients that were not seen for a day are forgotten when there are many", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const numbers = createEventNumbers();
  for (let n = 0; n < 1000; n++) await numbers.enter(`old ${n}`, 1, 0, false, async () => 1);
  vi.advanceTimersByTime(23 * 3600 * 1000);
  await numbers.enter("late", 1, 0, false, async () => 1);
  vi.advanceTimersByTime(2 * 3600 * 1000);
  for (let n = 0; n < 1000; n++) await numbers.enter(`new ${n}`, 1, 0, false, async () => 1);
  // What a forgotten client sends again would run: that it is forgotten shows by that.
  const run = vi.fn(async () => 2);
  await numbers.enter("late", 1, 0, false, run);
  expect(run).not.toHaveBeenCalled();
  await numbers.enter("old 0", 1, 0, false, run);
  expect(run).toHaveBeenCalledTimes(1);
});

test("what was only refused is no reason to keep anything", async () => {
  const numbers = createEventNumbers();
  const refused = { code: "INVALID" };
  expect(await numbers.enter(client, 1, 0, true, async () => refused)).toBe(refused);
  expect(await numbers.enter(client, 1, 0, true, async () => ({}))).toBe(refused);
  expect([numbers.empty, numbers.save()]).toEqual([true, {}]);
  await numbers.enter(client, 2, 0, false, async () => "ran");
  expect([numbers.empty, Object.keys(numbers.save())]).toEqual([false, [client]]);
});

test("after the process has ended, what had begun is interrupted, what had an answer has it, and what left nothing runs", async () => {
  const record = { next: 6, confirmed: 1, seen: Date.now(), answers: [[2, "two"] as const, [5, "five"] as const], begun: [3] };
  const numbers = createEventNumbers({ records: { ann: record }, interrupted: () => "interrupted" });
  const enter = (n: number) => numbers.enter("ann", n, 0, false, async () => `ran ${n}`);
  await expect(enter(1)).rejects.toMatchObject({ code: "UNKNOWN_OUTCOME" });
  expect(await Promise.all([2, 3, 4, 5, 6].map(enter))).toEqual(["two", "interrupted", "ran 4", "five", "ran 6"]);
  expect(await enter(4)).toBe("ran 4");
});

test("of long answers that are not confirmed only some megabytes are kept: the others are lost, and none runs again", async () => {
  const numbers = createEventNumbers({ lost: (n) => `lost ${n}` });
  const runs: number[] = [];
  const enter = (n: number, seen = 0) =>
    numbers.enter(client, n, seen, false, async () => {
      runs.push(n);
      return n % 2 ? "x".repeat(1 << 20) : "short";
    });
  for (let n = 1; n <= 60; n++) await enter(n);
  expect([await enter(1), await enter(2), await enter(27), await enter(31), await enter(59)].map((answer) => answer.length)).toEqual([
    6,
    5,
    7,
    1 << 20,
    1 << 20,
  ]);
  expect(runs).toHaveLength(60);
  const saved = numbers.save()[client];
  expect(JSON.stringify(saved).length).toBeLessThan(17 << 20);
  const later = createEventNumbers({ records: { [client]: saved as never } });
  expect(await later.enter(client, 1, 0, false, async () => "again")).toBe("lost 1");
  // What is confirmed makes room.
  await enter(61, 60);
  for (let n = 62; n <= 76; n++) await enter(n, 60);
  expect(await enter(61, 60)).toHaveLength(1 << 20);
});
