import { expect, test } from "vitest";
import { commitsOf } from "../../lib/wire/frame-commits.js";
import type { FrameMessage, Message } from "../../lib/wire/protocol.js";
import { Frame } from "../../server/wire/frame.js";
import { type FrameRun, runOf } from "../../server/wire/frame-run.js";
import { EVENTS } from "../../server/wire/sse.js";
import { BINARY } from "../../server/wire/wire.js";

const frames = [
  new Frame(7, 4, [["a", [1, 0, 0]]]),
  new Frame(7, 5, [["b", [1, 0, 1]]], { client: "me", n: 1 }),
  new Frame(7, 6, [
    ["a", [1, 0, 2]],
    ["b", [1, 0, 3]],
  ]),
  new Frame(7, 7, [["b", [1, 0, 4]]], { client: "me", n: 2 }),
] as const;
const run = () => runOf(frames[0], frames.slice(1)) as FrameRun;
const BOTH = new Set(["a", "b"]);

test("frames that follow each other are one message, in which each commit can be told from the others", () => {
  const message = run().message(BOTH);
  expect(JSON.stringify(message)).toBe('[7,4,"a",[1,0,0],1,"b",[1,0,1],1,"a",[1,0,2],"b",[1,0,3],1,"b",[1,0,4]]');
  expect(commitsOf(message)).toEqual(frames.map(({ revision, deltas }) => ({ revision, deltas })));
});

test("a reader of some stores gets these, and learns of the revisions without them by a longer step", () => {
  expect(run().message(new Set(["a"]))).toEqual([7, 4, "a", [1, 0, 0], 2, "a", [1, 0, 2], 1]);
  expect(run().message(new Set(["b"]))).toEqual([7, 4, 1, "b", [1, 0, 1], 1, "b", [1, 0, 3], 1, "b", [1, 0, 4]]);
  expect(run().message(new Set())).toEqual([7, 4, 3]);
  expect(commitsOf([7, 4, 3]).at(-1)).toEqual({ revision: 7, deltas: [] });
});

test("text and bytes say the same as the message", () => {
  for (const stores of [BOTH, new Set(["a"]), new Set(["b"]), new Set<string>()]) {
    const message = run().message(stores);
    expect(run().written(stores, EVENTS).toString()).toBe(`data: ${JSON.stringify(message)}\n\n`);
    expect(run().written(stores, BINARY)).toEqual(BINARY.write(message as Message));
  }
});

test("a client hears of all its events of the run before it", () => {
  expect(run().ran("me")).toEqual([
    ["ran", 7, 1],
    ["ran", 7, 2],
  ]);
  expect(run().ran("you")).toEqual([]);
});

test("fifty readers of the same cost one encoding, for each form that somebody asks for", () => {
  let encoded = 0;
  const write = (message: Message) => {
    encoded++;
    return BINARY.write(message);
  };
  const counted = { ...BINARY, write };
  const [first, ...others] = [...frames.map(({ host, revision, deltas }) => new Frame(host, revision, deltas))] as [Frame, ...Frame[]];
  const read = (names: string[]) => runOf(first, others).written(new Set(names), counted);
  const all = Array.from({ length: 50 }, (_, n) => read(n % 2 ? ["a", "b"] : ["b", "a", "c"]));
  expect([new Set(all).size, encoded]).toEqual([1, 1]);
  expect(read(["a"])).not.toBe(read(["a", "b"]));
  expect(encoded).toBe(2);
  const texts = Array.from({ length: 50 }, () => run().written(new Set(["a", "b"]), EVENTS));
  expect(new Set(texts).size).toBe(1);
});

test("one frame alone is sent as it always was", () => {
  expect(runOf(frames[0], [])).toBe(frames[0]);
  const message: FrameMessage = frames[2].message(BOTH);
  expect(frames[2].written(BOTH, EVENTS).toString()).toBe(`data: ${JSON.stringify(message)}\n\n`);
});
