import { EventError } from "twinstate";
import { expect, test } from "vitest";
import { backoff } from "../../client/backoff.js";
import { ClientCall } from "../../client/client-call.js";
import { createEvent } from "../../client/event.js";
import { nextNumber, type Scope, scopeName } from "../../client/scope.js";
import { createStatus } from "../../client/status.js";
import type { WireEvent, WireSchema } from "../../lib/class/schema.js";

/** An event whose calls are answered at once with their arguments, or refused. */
function echo(options: WireEvent = {}, twin: object = {}, sent: unknown[][] = [], refused?: EventError) {
  const event = createEvent({
    label: "todo.search",
    key: null,
    twin,
    url: "/api/twin",
    ref: () => undefined,
    options: () => options,
    begin() {
      const open = ClientCall.open(
        () => {},
        () => {},
      );
      return {
        call: open.call,
        drop: open.reject,
        show() {},
        send(given) {
          const args = given as readonly unknown[];
          sent.push([...args]);
          if (refused) open.reject(refused);
          else open.resolve(args[0]);
        },
      };
    },
  });
  return { event, sent };
}

test("debounce sends the last call of a burst, and tells the others that they were superseded", async () => {
  const { event, sent } = echo();
  const search = event.debounce(5);
  const calls = [search("a"), search("ab"), search("abc")];
  const [first, second, third] = await Promise.allSettled(calls);
  expect(third).toEqual({ status: "fulfilled", value: "abc" });
  for (const one of [first, second]) expect(one?.status === "rejected" && EventError.is(one.reason, "SUPERSEDED")).toBe(true);
  expect(sent).toEqual([["abc"]]);
});

test("throttle sends the first call at once and the last of the rest later", async () => {
  const { event, sent } = echo();
  const move = event.throttle(20);
  const first = move(1);
  expect(sent).toEqual([[1]]);
  const [second, third] = [move(2), move(3)];
  expect(await first).toBe(1);
  await expect(second).rejects.toMatchObject({ code: "SUPERSEDED" });
  expect(await third).toBe(3);
  expect(sent).toEqual([[1], [3]]);
});

test("an event's debounced form is the same function for the same time", () => {
  const { event } = echo();
  expect(event.debounce(5)).toBe(event.debounce(5));
  expect(event.debounce(5)).not.toBe(event.debounce(6));
});

test("what the class declares paces the event itself", async () => {
  const { event, sent } = echo({ debounce: 5 });
  event("a").catch(() => {});
  expect(await event("b")).toBe("b");
  expect(sent).toEqual([["b"]]);
});

test("a failure is told elsewhere only when nobody listens", async () => {
  const told: unknown[] = [];
  const open = () =>
    ClientCall.open(
      () => {},
      (error) => told.push(error.message),
    );
  const [heard, unheard, later] = [open(), open(), open()];
  heard.call.catch(() => {});
  heard.reject(new Error("heard"));
  unheard.reject(new Error("unheard"));
  later.reject(new Error("later"));
  await expect(later.call).rejects.toThrow("later");
  await expect.poll(() => told).toEqual(["unheard"]);
});

test("a call that is over cannot be cancelled any more", () => {
  let cancels = 0;
  const { call, resolve } = ClientCall.open(
    () => cancels++,
    () => {},
  );
  call.cancel();
  resolve(1);
  return call.then(() => {
    call.cancel();
    expect(cancels).toBe(1);
  });
});

test("no event number is given twice, also when late news bring an old incarnation back", () => {
  const scope: Scope = { incarnation: undefined, last: new Map() };
  expect([nextNumber(scope, "a"), nextNumber(scope, "a"), nextNumber(scope, "b"), nextNumber(scope, "a"), nextNumber(scope, "b")]).toEqual([1, 2, 1, 3, 2]);
});

test("stores of one scope share it, rooms by key", () => {
  const bare = { fields: [], computeds: [], events: {} };
  const schema: WireSchema = {
    hash: "",
    stores: { a: { scope: "session", ...bare }, b: { scope: "session", ...bare }, r: { scope: "room", ...bare } },
    models: {},
  };
  expect(scopeName(schema, "a", null)).toBe(scopeName(schema, "b", null));
  expect(scopeName(schema, "r", "x")).not.toBe(scopeName(schema, "r", "y"));
  expect(scopeName(schema, "toString", null)).toBeUndefined();
});

test("a status is the same object until it changes, and tells each change once", async () => {
  const status = createStatus();
  const before = status.current;
  let told = 0;
  const stop = status.subscribe(() => told++);
  status.update({ status: "online" });
  expect(status.current).toBe(before);
  status.update({ status: "offline", pending: 2 });
  expect(status.current).toEqual({ status: "offline", pending: 2 });
  await Promise.resolve();
  stop();
  status.update({ pending: 0 });
  await Promise.resolve();
  expect(told).toBe(1);
});

test("pauses grow, are random, and end at a limit", () => {
  const longest = (trouble: number) => Math.max(...Array.from({ length: 200 }, () => backoff(trouble)));
  expect(longest(0)).toBeLessThanOrEqual(300);
  expect(longest(10_000)).toBeGreaterThan(longest(0));
  expect(longest(10_000)).toBeLessThanOrEqual(5300);
  expect(longest(1_000_000)).toBeLessThanOrEqual(20_000);
  expect(new Set(Array.from({ length: 20 }, () => backoff(5000))).size).toBeGreaterThan(10);
});

test("a call sends what its store holds back by time first, in the order in which that was last called", async () => {
  const [twin, sent]: [object, unknown[][]] = [{}, []];
  const { event: draft } = echo({ debounce: 60_000 }, twin, sent);
  const { event: move } = echo({ throttle: 60_000 }, twin, sent);
  const { event: other } = echo({ debounce: 60_000 }, {}, sent);
  const { event: submit } = echo({}, twin, sent);
  const { event: ping } = echo({ volatile: true }, twin, sent);
  void move(1);
  void draft("hel");
  void move(2);
  void draft("hello");
  void other("theirs");
  await ping("now");
  expect(sent).toEqual([[1], ["now"]]);
  await submit("done");
  expect(sent.slice(2)).toEqual([[2], ["hello"], ["done"]]);
  await submit("again");
  expect(sent.slice(5)).toEqual([["again"]]);
});

test("what a throttle sends at once is a call like any other: what its store holds back goes first, unless it is volatile", async () => {
  const [twin, sent]: [object, unknown[][]] = [{}, []];
  const { event: draft } = echo({ debounce: 60_000 }, twin, sent);
  const { event: submit } = echo({ throttle: 60_000 }, twin, sent);
  const { event: cursor } = echo({ throttle: 60_000, volatile: true }, twin, sent);
  void draft("hello");
  await cursor("here");
  await submit("done");
  expect(sent).toEqual([["here"], ["hello"], ["done"]]);
});

test("what a throttle has sent early counts: the next call waits its time", async () => {
  const [twin, sent]: [object, unknown[][]] = [{}, []];
  const { event: move } = echo({ throttle: 60_000 }, twin, sent);
  const { event: submit } = echo({}, twin, sent);
  void move(1);
  void move(2);
  await submit("done");
  void move(3);
  expect(sent).toEqual([[1], [2], ["done"]]);
});

test("a form resolves to an app's own refusal, whatever its data is named", async () => {
  for (const error of [
    new EventError("SOLD_OUT", "All are sold.", { issues: 3 } as never),
    new EventError("INVALID", "That is odd.", { issues: "none" } as never),
  ]) {
    const { event } = echo({}, {}, [], error);
    expect(await event.form(undefined, new FormData())).toMatchObject({ error, errors: {} });
  }
});
