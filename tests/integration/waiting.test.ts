import { event, state } from "twinstate";
import { pair } from "twinstate/testing";
import { expect, test } from "vitest";

class Todo {
  @state items: string[] = [];
  @event add(title: string) {
    this.items.push(title);
    return this.items.length;
  }
  @event async *slowly(steps: number) {
    for (let i = 0; i < steps; i++) {
      await new Promise((resolve) => setTimeout(resolve, 2000));
      yield i;
    }
  }
  @event({ background: true }) async inBackground() {
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    return "done";
  }
}

/** What a client's status has been. */
function statuses({ $status }: { $status: { current: { status: string }; subscribe(listener: () => void): () => void } }): string[] {
  const seen = [$status.current.status];
  $status.subscribe(() => $status.current.status !== seen.at(-1) && seen.push($status.current.status));
  return seen;
}

test("a call that has no answer while the stream is open shows as `waiting`, until it has one", async () => {
  await using net = pair({ stores: { todo: Todo } });
  const a = net.client();
  const todo = await a.todo();
  const seen = statuses(a);
  net.next(a, "silence", "silence");
  const call = todo.add("milk");
  await net.wait(2900);
  expect(a.$status.current).toEqual({ status: "online", pending: 1 });
  await net.wait(200);
  expect(a.$status.current).toEqual({ status: "waiting", pending: 1 });
  const other = todo.add("bread");
  expect(await other).toBe(2);
  expect(a.$status.current).toEqual({ status: "waiting", pending: 1 });
  // It is asked again after 3 s, and after 6 s more.
  expect(await call).toBe(1);
  expect(a.$status.current).toEqual({ status: "online", pending: 0 });
  expect(seen).toEqual(["online", "waiting", "online"]);
});

test("calls that are answered in time, one after the other, never show as `waiting`", async () => {
  await using net = pair({ stores: { todo: Todo } });
  const a = net.client();
  const todo = await a.todo();
  const seen = statuses(a);
  for (let i = 0; i < 20; i++) {
    void todo.add("milk");
    await net.wait(500);
    await todo.add("bread");
  }
  expect(seen).toEqual(["online"]);
});

test("an event that runs in the background, or tells how far it is, does not show as `waiting`", async () => {
  await using net = pair({ stores: { todo: Todo } });
  const a = net.client();
  const todo = await a.todo();
  const seen = statuses(a);
  expect(await todo.inBackground()).toBe("done");
  const yielded: number[] = [];
  for await (const i of todo.slowly(5)) yielded.push(i);
  expect([yielded, seen]).toEqual([[0, 1, 2, 3, 4], ["online"]]);
});

test("while the line is broken a call that waits shows as `reconnecting`, and not as `waiting` when it is back", async () => {
  await using net = pair({ stores: { todo: Todo } });
  const a = net.client();
  const todo = await a.todo();
  const seen = statuses(a);
  net.cut(a);
  const call = todo.add("milk");
  await net.wait(10_000);
  expect(a.$status.current).toEqual({ status: "reconnecting", pending: 1 });
  net.heal();
  expect(await call).toBe(1);
  expect(seen).toEqual(["online", "reconnecting", "online"]);
});

test("an answer tells that the server is back: the stream does not sit its long wait out", async () => {
  let refused = false;
  const asked: number[] = [];
  const wrapFetch =
    (fetch: typeof globalThis.fetch): typeof globalThis.fetch =>
    async (url, init) => {
      if (String(url).includes("$connect")) asked.push(net.now);
      if (refused && String(url).includes("$connect")) throw new TypeError("no streams now");
      return fetch(url, init);
    };
  await using net = pair({ stores: { todo: Todo }, wrapFetch });
  const a = net.client();
  const todo = await a.todo();
  refused = true;
  net.break(a);
  // It waits longer from time to time.
  await net.wait(120_000);
  while (net.now - (asked.at(-1) as number) < 1500) await net.wait(100);
  refused = false;
  const since = net.now;
  await todo.add("milk");
  await net.wait(200);
  expect(a.$status.current.status).toBe("online");
  expect(net.now - since).toBeLessThan(500);
});

test("answers do not have a stream asked for all the time that the server refuses", async () => {
  let refused = false;
  let asked = 0;
  const wrapFetch =
    (fetch: typeof globalThis.fetch): typeof globalThis.fetch =>
    async (url, init) => {
      if (!refused || !String(url).includes("$connect")) return fetch(url, init);
      asked++;
      throw new TypeError("no streams now");
    };
  await using net = pair({ stores: { todo: Todo }, wrapFetch });
  const a = net.client();
  const todo = await a.todo();
  refused = true;
  net.break(a);
  await net.wait(100);
  const since = net.now;
  while (net.now - since < 30_000) {
    await todo.add("milk");
    await net.wait(200);
  }
  expect(asked).toBeLessThan(45);
});
