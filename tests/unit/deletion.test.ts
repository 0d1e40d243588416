import { lasting } from "twinstate/testing";
import { expect, test, vi } from "vitest";
import { deleteInstances } from "../../cli/storage/deletion.js";
import type { NodeStorage } from "../../server/storage/nodes.js";
import type { Storage } from "../../server/storage/storage.js";

vi.mock("node:timers/promises", async (original) => {
  const real = await original<typeof import("node:timers/promises")>();
  return { ...real, setTimeout: (_ms: number, value: unknown, options: object) => real.setTimeout(1, value, options) };
});

/** A storage of nodes, on which a deletion goes on until its node was asked to be renewed so many times. */
function slow(times: number, renew: (n: number) => Promise<boolean>): { storage: Storage; said: string[] } {
  const said: string[] = [];
  let renewals = 0;
  const whole = lasting({ nodes: true }).node("cli");
  const { nodes } = whole;
  const tell =
    <A extends unknown[], R>(what: string, run: (...args: A) => R) =>
    (...args: A): R => {
      said.push(what);
      return run(...args);
    };
  const storage: Storage = {
    ...whole,
    nodes: {
      ...(nodes as NodeStorage),
      join: tell("join", (nodes as NodeStorage).join),
      leave: tell("leave", (nodes as NodeStorage).leave),
      renew: tell("renew", () => renew(++renewals)),
    },
    delete: async (id, fence) => {
      await expect.poll(() => renewals, { interval: 5 }).toBeGreaterThanOrEqual(times);
      return whole.delete(id, fence);
    },
  };
  return { storage, said };
}

test("a node that deletes renews its membership again after a line was lost", async () => {
  const { storage, said } = slow(3, async (n) => {
    if (n === 1) throw new Error("the line was lost");
    return true;
  });
  const deleted: string[] = [];
  await deleteInstances(storage, ["room/a"], (id) => deleted.push(id));
  expect(deleted).toEqual(["room/a"]);
  expect(said.filter((what) => what !== "renew")).toEqual(["join", "leave"]);
});

test("one that was taken for dead joins anew", async () => {
  const { storage, said } = slow(3, async (n) => n !== 1);
  await deleteInstances(storage, ["room/a"], () => {});
  expect(said.filter((what) => what !== "renew")).toEqual(["join", "join", "leave"]);
});
