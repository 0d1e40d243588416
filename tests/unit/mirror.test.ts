import { describe, expect, test } from "vitest";
import { createMirror } from "../../lib/mirror/mirror.js";
import type { Snapshot, WireDelta } from "../../lib/wire/codec.js";
import { hold } from "../kit/hold.js";

function twin(numbers: number[], next: number) {
  const { store } = hold([1, 2, 3]);
  const [names, , , bodies] = JSON.parse(JSON.stringify(store.snapshot())) as Snapshot;
  const mirror = createMirror({ name: "store" });
  mirror.applySnapshot([names, next, numbers, bodies]);
  return mirror;
}

describe("containers by number", () => {
  test("a number that no container has is refused", () => {
    const mirror = twin([0, 2], 2);
    const removal = (number: unknown): WireDelta => [3, number, 0, 1];
    for (const number of [2, -1, 1.5, 129, 2 ** 32 + 1, 1e300, "list", null])
      expect(() => mirror.applyDelta(removal(number)), String(number)).toThrow("number of a container");
    expect(mirror.read("it")).toEqual([1, 2, 3]);
    mirror.applyDelta(removal(1));
    expect(mirror.read("it")).toEqual([2, 3]);
  });

  test("numbers of a store that has lived long are far apart", () => {
    const far = 5e9;
    const mirror = twin([0, 1, far, 1], far + 1);
    expect(mirror.size).toBe(2);
    // An array with the next number at its end; then a sweep.
    mirror.applyDelta([[["a", 1, [1], [7]]], 2, far, 3, 0, [[]]]);
    expect(mirror.read("it")).toEqual([1, 2, 3, [7]]);
    expect(mirror.size).toBe(3);
    mirror.applyDelta([3, far, 0, 4, 11]);
    expect(mirror.read("it")).toEqual([]);
    expect(mirror.size).toBe(2);
    expect(() => mirror.applyDelta([3, far + 1, 0, 1])).toThrow("number of a container");
  });
});
