import { expect, onTestFinished, test, vi } from "vitest";
import { Rotations } from "../../server/access/rotation.js";
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
