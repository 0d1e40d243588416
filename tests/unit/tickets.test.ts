import { randomBytes } from "node:crypto";
import { afterEach, expect, test, vi } from "vitest";
import { createSessions } from "../../server/access/session.js";
import { Tickets } from "../../server/stream/tickets.js";
import type { WatchInput } from "../../server/wire/request-input.js";

const SECRET = "a secret for tests alone";
const process = (secret = SECRET) => new Tickets(createSessions({ secret }));
const random = (bytes: number) => randomBytes(bytes).toString("base64url");
const old = expect.objectContaining({ code: "NOT_FOUND", message: expect.stringContaining("ticket") });

const room = (n: number): WatchInput => ({ store: "board", key: `${n} ${random(16)}`, have: [random(12), n, undefined], refused: false, kept: undefined });

afterEach(() => void vi.useRealTimers());

test("a ticket of one process opens in another with the same secret, as what it was sealed with", () => {
  const watch: WatchInput[] = [
    { store: "todo", key: undefined, have: ["an incarnation", 3, "an audience"], refused: false, kept: [{ theme: "dark", width: null }, undefined] },
    { store: "board", key: "k\u2028\ud83d\ude00", have: undefined, refused: true, kept: undefined },
  ];
  const { ticket, rest } = process().seal("a session", { client: "client", epoch: 7, watch });
  expect(process().use("a session", ticket)).toEqual({ client: "client", epoch: 7, watch });
  expect(rest).toBe(0);
  expect(ticket).toMatch(/^[\w-]+$/);
  // The secret is what seals it.
  expect(() => process("another secret of tests").use("a session", ticket)).toThrow(old);
});

test("a ticket says nothing of what it stands for, and no two are alike", () => {
  const tickets = process();
  const seal = () => tickets.seal("a session", { client: "client", epoch: 1, watch: [room(1)] }).ticket;
  const [one, other] = [seal(), seal()];
  expect(one).not.toBe(other);
  for (let at = 0; at + 8 < one.length; at += 4) expect(other).not.toContain(one.slice(at, at + 8));
  expect(Buffer.from(one, "base64url").toString("latin1")).not.toMatch(/client|board|session/);
});

test("a ticket works once, for half a minute, and for its session alone", () => {
  vi.useFakeTimers();
  const tickets = process();
  const seal = () => tickets.seal("mine", { client: "client", epoch: 1, watch: [] }).ticket;
  const [spent, late, foreign] = [seal(), seal(), seal()];
  expect(() => tickets.use("another", foreign)).toThrow(old);
  tickets.use("mine", foreign);
  tickets.use("mine", spent);
  expect(() => tickets.use("mine", spent)).toThrow(old);
  vi.advanceTimersByTime(29_999);
  expect(() => tickets.use("mine", spent)).toThrow(old);
  vi.advanceTimersByTime(1);
  expect(() => tickets.use("mine", late)).toThrow(old);
  expect(() => tickets.use("mine", spent)).toThrow(old);
});

test("a ticket costs no memory before it is used, and less than half a minute of it afterwards", () => {
  vi.useFakeTimers();
  const tickets = process();
  const sealed = Array.from({ length: 100 }, () => tickets.seal("mine", { client: "client", epoch: 1, watch: [room(1)] }).ticket);
  expect(tickets.used).toBe(0);
  for (const ticket of sealed) tickets.use("mine", ticket);
  expect(tickets.used).toBe(100);
  const later = tickets.seal("mine", { client: "client", epoch: 1, watch: [] }).ticket;
  vi.advanceTimersByTime(29_000);
  tickets.use("mine", later);
  expect(tickets.used).toBe(101);
  vi.advanceTimersByTime(1_500);
  expect(() => tickets.use("mine", "x")).toThrow(old);
  expect(tickets.used).toBe(0);
});

test("a ticket is never longer than a URL may be: the watches that do not fit come later", () => {
  const tickets = process();
  for (const count of [0, 1, 10, 30, 60, 200, 1000]) {
    const watch = Array.from({ length: count }, (_, n) => room(n));
    const { ticket, rest } = tickets.seal("mine", { client: random(96), epoch: 1, watch });
    expect(ticket.length).toBeLessThanOrEqual(2000);
    expect(tickets.use("mine", ticket).watch).toEqual(watch.slice(0, count - rest));
    if (count <= 10) expect(rest).toBe(0);
    else if (count >= 60) expect(count - rest).toBeGreaterThan(20);
  }
  // What is alike is compressed.
  const alike = Array.from({ length: 100 }, (_, n): WatchInput => ({ store: "board", key: `room ${n}`, have: undefined, refused: false, kept: undefined }));
  expect(tickets.seal("mine", { client: random(96), epoch: 1, watch: alike }).rest).toBe(0);
  // One watch may be too long by itself.
  const long: WatchInput = { store: "todo", key: undefined, have: undefined, refused: false, kept: [{ note: random(1 << 20) }, undefined] };
  expect(tickets.seal("mine", { client: random(96), epoch: 1, watch: [room(1), long, room(2)] }).rest).toBe(2);
});
