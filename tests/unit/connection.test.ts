import { expect, test } from "vitest";
import { SERVER } from "../../server/host/context.js";
import { type ConnectionOptions, StreamConnection } from "../../server/stream/connection.js";
import type { Feed } from "../../server/stream/feed.js";
import { EVENTS } from "../../server/wire/sse.js";

const open = (lead?: ConnectionOptions["lead"]) =>
  new StreamConnection({
    info: { id: "tab", since: new Date() },
    caller: SERVER,
    client: "tab",
    epoch: 1,
    limit: 1 << 20,
    report: () => {},
    ...(lead && { lead }),
  });
const answer = (id: number) => ["answer", id, "x".repeat(1 << 20)] as const;

test("a socket whose reader takes no answers ends before they are many megabytes, and one that takes them does not", () => {
  const [idle, reading] = [open(), open()];
  for (let id = 0; id < 10; id++) {
    idle.answer(answer(id));
    reading.answer(answer(id));
    if (id % 3 === 0) reading.take(EVENTS);
  }
  expect([idle.closed, reading.closed]).toEqual([true, false]);
  expect(idle.take(EVENTS)).toBeUndefined();
});

test("one answer may be as long as it is", () => {
  const connection = open();
  connection.answer(["answer", 1, "x".repeat(10 << 20)]);
  expect(connection.closed).toBe(false);
  expect(connection.take(EVENTS)?.length).toBeGreaterThan(10 << 20);
});

test("a page that is led on before it watches anything has nothing that could go on", () => {
  const feed = { roomKey: null, incarnation: "i", revision: 7, has: () => true } as unknown as Feed;
  const led: unknown[] = [];
  const connection = open((_, ...told) => led.push(told));
  connection.attach(feed, () => {});
  connection.lead(feed, ["todo"]);
  connection.attach(feed, () => {});
  connection.resume(feed, { names: [], volatile: false, revision: 7, frames: [] }, new Set(["todo"]), undefined);
  connection.lead(feed, ["todo"]);
  expect(led).toEqual([
    [feed, ["todo"], undefined],
    [feed, ["todo"], ["i", 7, undefined]],
  ]);
});
