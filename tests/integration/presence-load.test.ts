import { event, type Presence, presence, state } from "twinstate";
import type { Connected } from "twinstate/client";
import { scope } from "twinstate/server";
import { lasting, pair } from "twinstate/testing";
import { expect, test } from "vitest";
import { z } from "zod";

const Own = z.object({ cursor: z.object({ x: z.number(), y: z.number() }) });

class Board {
  @state title = "";
  @presence({ of: () => ({ name: "ann" }), input: Own }) people!: Presence<{ name: string }, z.infer<typeof Own>>;
  @event rename(title: string) {
    this.title = title;
  }
  /** Holds the queue, and returns what it has seen of the first person meanwhile. */
  @event async hold(ms: number) {
    this.title = "not committed";
    await new Promise((resolve) => setTimeout(resolve, ms));
    return this.people[0]?.cursor?.x;
  }
}

const stores = { board: scope.room(Board, { allow: () => true }) };
const PEOPLE = 50;
const FRAME = 16;
const ROUNDS = 30;

/** Counts what a storage is told to keep. */
function counted() {
  const writes: unknown[] = [];
  const storage = new Proxy(lasting(), {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        if (name === "append" || name === "save") writes.push(args);
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
  return { storage, writes };
}

/** The messages of state that each client's streams have brought: frames, ticks and states. */
function counting() {
  const messages: string[][] = [];
  const wrapFetch = (fetch: typeof globalThis.fetch): typeof fetch => {
    const found: string[] = [];
    messages.push(found);
    return async (url, init) => {
      const response = await fetch(url, init);
      if (!String(url).includes("$live") || !response.body) return response;
      let rest = "";
      const decoder = new TextDecoder();
      const look = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
          rest = lines.pop() ?? "";
          for (const line of lines) if (/^data: \[("tick"|"volatile"|\d)/.test(line)) found.push(line.slice(6));
          controller.enqueue(chunk);
        },
      });
      return new Response(response.body.pipeThrough(look), response);
    };
  };
  return { wrapFetch, messages };
}

type Boards = Awaited<ReturnType<Connected<typeof stores>["board"]>>[];
const move = (boards: Boards, round: number) => {
  for (const [i, board] of boards.entries()) board.$present("people", { cursor: { x: round, y: i } });
};

test(`${PEOPLE} cursors at 60 Hz: nothing is stored, a reader gets one message a tick at most, and a slow one the last state`, {}, async () => {
  const { storage, writes } = counted();
  const { wrapFetch, messages } = counting();
  await using net = pair({ stores, storage, wrapFetch, latency: [1, 1] });
  const clients = Array.from({ length: PEOPLE }, () => net.client());
  const boards: Boards = await Promise.all(clients.map((client) => client.board("x")));
  const slow = net.client();
  const late = await slow.board("x");
  await boards[0]!.rename("t");
  await net.wait(500);
  net.stall(slow);
  const before = { writes: writes.length, messages: messages.map(({ length }) => length) };
  const began = net.now;
  for (let round = 1; round <= ROUNDS; round++) {
    move(boards, round);
    await net.wait(FRAME);
  }
  await net.wait(200);
  const ticks = Math.ceil((net.now - began) / FRAME) + 1;
  expect(writes.length - before.writes).toBe(0);
  const told = messages.map(({ length }, i) => length - before.messages[i]!);
  expect(Math.max(...told)).toBeLessThanOrEqual(ticks);
  expect(told[0]).toBeGreaterThan(ROUNDS / 3);
  for (const board of boards) expect(board.people.map((one) => one.cursor?.x)).toEqual([...Array<number>(PEOPLE).fill(ROUNDS), undefined]);

  const stalled = messages.at(-1)!.length;
  net.heal(slow);
  await net.wait(200);
  expect(late.people[0]?.cursor?.x).toBe(ROUNDS);
  // What was on its way as it stalled, and the whole state.
  expect(messages.at(-1)!.length - stalled).toBeLessThanOrEqual(3);
  expect(messages.at(-1)!.at(-1)).toMatch(/^\["volatile"/);
  await boards[0]!.rename("u");
  expect(writes.length - before.writes).toBe(1);
});

test("cursors move while an event holds the queue, which sees them too, and what it has not committed stays unseen", async () => {
  await using net = pair({ stores });
  const [mine, theirs] = [await net.client().board("x"), await net.client().board("x")];
  const held = theirs.hold(2000);
  await net.wait(100);
  for (let round = 1; round <= 5; round++) {
    mine.$present("people", { cursor: { x: round, y: 0 } });
    await net.wait(100);
    expect([theirs.people[0]?.cursor?.x, theirs.title]).toEqual([round, ""]);
  }
  expect(await held).toBe(5);
});
