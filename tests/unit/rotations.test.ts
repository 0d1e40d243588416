import { expect, onTestFinished, test, vi } from "vitest";
import { Rotations } from "../../server/access/rotation.js";
import { createGate } from "../../server/task/gate.js";
import { lasting } from "../../testing/lasting.js";

test("a cookie that was replaced on one node is good on no other one for longer than 5 s", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const shared = lasting({ nodes: true });
  const [a, b] = ["a", "b"].map((node) => {
    const storage = shared.node(node);
    return new Rotations(
      () => storage,
      () => {},
    );
  }) as [Rotations, Rotations];
  const [first, second] = [0, 1].map((generation) => ({ id: "s", generation })) as [{ id: string; generation: number }, { id: string; generation: number }];
  expect([await a.standing(first), await b.standing(first)]).toEqual(["good", "good"]);
  expect(await a.rotate("s", 0, undefined)).toBe(1);
  expect([await a.standing(first), await b.standing(second)]).toEqual(["replaced", "good"]);
  expect(await b.standing(first)).toBe("replaced");
  const c = new Rotations(
    () => shared.node("c"),
    () => {},
  );
  expect(await c.standing(second)).toBe("good");
  expect(await b.rotate("s", 1, undefined)).toBe(2);
  vi.advanceTimersByTime(5001);
  expect([await a.standing(second), await c.standing(second)]).toEqual(["replaced", "replaced"]);
  expect(await c.standing({ id: "s", generation: 2 })).toBe("good");
});

test("what a node knew no longer for sure is not read anew before its own replacement of the cookie is stored", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const { opened: slow, open: store } = createGate();
  const storage = lasting({ nodes: true }).node("a");
  const save: typeof storage.save = async (...how) => {
    await slow;
    return storage.save(...how);
  };
  const rotations = new Rotations(
    () => ({ ...storage, save }),
    () => {},
  );
  expect(await rotations.standing({ id: "s", generation: 0 })).toBe("good");
  vi.advanceTimersByTime(4999);
  const rotated = rotations.rotate("s", 0, undefined);
  await new Promise(setImmediate);
  vi.advanceTimersByTime(2);
  const asked = rotations.standing({ id: "s", generation: 0 });
  store();
  expect(await rotated).toBe(1);
  expect(await asked).toBe("replaced");
  expect(await rotations.standing({ id: "s", generation: 0 })).toBe("replaced");
});
