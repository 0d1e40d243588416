import { expect, test } from "vitest";
import { createFrameLog } from "../../server/host/frame-log.js";
import { Frame } from "../../server/wire/frame.js";

/** A frame takes 16 bytes, and its deltas. */
const frame = (revision: number, bytes = 16) => new Frame(1, revision, bytes > 16 ? [["s", ["x".repeat(bytes - 25)]]] : []);
const revisions = (frames: readonly Frame[] | undefined) => frames?.map(({ revision }) => revision);

test("a log gives the frames after a revision", () => {
  const log = createFrameLog(1000);
  log.restart(3);
  for (const revision of [4, 5, 6]) log.add(frame(revision));
  expect(revisions(log.after(3))).toEqual([4, 5, 6]);
  expect(revisions(log.after(5))).toEqual([6]);
  expect(revisions(log.after(6))).toEqual([]);
  expect(log.after(2)).toBeUndefined();
});

test("what does not fit is forgotten, the oldest first", () => {
  const log = createFrameLog(160);
  log.restart(0);
  for (let revision = 1; revision <= 30; revision++) log.add(frame(revision));
  expect(log.after(0)).toBeUndefined();
  const kept = revisions(log.after(25)) as number[];
  expect(kept).toEqual([26, 27, 28, 29, 30]);
  log.add(frame(31, 500));
  expect([log.after(30), revisions(log.after(31))]).toEqual([undefined, []]);
});

test("after a restart it knows nothing of what was", () => {
  const log = createFrameLog(160);
  log.restart(0);
  log.add(frame(1));
  log.restart(9);
  expect(log.after(1)).toBeUndefined();
  log.add(frame(10));
  expect(revisions(log.after(9))).toEqual([10]);
});
