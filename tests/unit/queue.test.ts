import { expect, test } from "vitest";
import { createQueue } from "../../server/task/queue.js";

test("tasks run one at a time, in order, awaits included", async () => {
  const queue = createQueue();
  const log: string[] = [];
  const task = (name: string) => async () => {
    log.push(`${name} begins`);
    await Promise.resolve();
    log.push(`${name} ends`);
    return name;
  };
  expect(await Promise.all([queue.run(task("a")), queue.run(task("b"))])).toEqual(["a", "b"]);
  expect(log).toEqual(["a begins", "a ends", "b begins", "b ends"]);
});

test("a task that throws rejects its own caller only", async () => {
  const queue = createQueue();
  const failing = queue.run(() => {
    throw new Error("no");
  });
  const next = queue.run(() => 1);
  await expect(failing).rejects.toThrow("no");
  expect(await next).toBe(1);
});

test("its size is how many run or wait", async () => {
  const queue = createQueue();
  let open = () => {};
  const first = queue.run(() => new Promise<void>((resolve) => (open = resolve)));
  const second = queue.run(() => queue.size);
  expect(queue.size).toBe(2);
  await Promise.resolve();
  open();
  await first;
  expect(await second).toBe(1);
  expect(queue.size).toBe(0);
});
