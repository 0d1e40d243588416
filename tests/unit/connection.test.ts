import { expect, test } from "vitest";
import { SERVER } from "../../server/host/context.js";
import { StreamConnection } from "../../server/stream/connection.js";
import { EVENTS } from "../../server/wire/sse.js";

const open = () => new StreamConnection({ info: { id: "tab", since: new Date() }, caller: SERVER, client: "tab", epoch: 1, limit: 1 << 20, report: () => {} });
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
