import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Random } from "../kit/random.js";

// What a console prints of a Proxy is its target. Node prints it too, where it is told not to ask the object.
const printed = (face: object) => inspect(face, { customInspect: false, depth: null, maxArrayLength: null });

describe("the console of a browser finds what a container is as the target of its Proxy, in development", () => {
  type Kit = typeof import("../kit/hold.js") &
    typeof import("../../lib/live/faces.js") &
    typeof import("../../lib/mirror/mirror.js") &
    typeof import("../../lib/view/view.js");
  let kit: Kit;

  beforeAll(async () => {
    vi.stubGlobal("document", {});
    vi.resetModules();
    kit = {
      ...(await import("../kit/hold.js")),
      ...(await import("../../lib/live/faces.js")),
      ...(await import("../../lib/mirror/mirror.js")),
      ...(await import("../../lib/view/view.js")),
    };
  });
  afterAll(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  type All = { list: unknown[]; map: Map<string, unknown>; set: Set<unknown>; object: Record<string, unknown> };
  const make = (): All => ({ list: [1, { a: 1 }], map: new Map<string, unknown>([["k", { n: 1 }]]), set: new Set([1]), object: { x: 1, deep: { y: [1] } } });

  function step(it: All, random: Random): void {
    const n = random.int(5);
    const value = random.pick<() => unknown>([() => n, () => ({ n }), () => [n, { n }], () => new Map([["m", n]]), () => it.object])();
    const steps = [
      () => it.list.push(value),
      () => it.list.splice(random.int(3), random.int(2), value),
      () => it.list.reverse(),
      () => (it.list.length = Math.min(it.list.length, n)),
      () => (it.list[0] = value),
      () => it.map.set(`k${n}`, value),
      () => it.map.delete(`k${n}`),
      () => it.map.clear(),
      () => it.set.add(n),
      () => it.set.delete(n),
      () => (it.object[`k${n}`] = value),
      () => delete it.object[`k${n}`],
      () => (it.list = [value]),
    ];
    random.pick<() => unknown>(steps)();
  }

  test("after each change, at once; after a rollback; and on a twin after each delta", async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = new Random(seed);
      const { it, store, holder } = kit.hold(make());
      const mirror = kit.createMirror({ name: "store", faces: kit.openFace });
      mirror.applySnapshot(JSON.parse(JSON.stringify(store.snapshot())));
      const live = mirror.live as typeof holder;
      const { list, map } = it;
      const { map: theirs } = live.it;
      for (let n = 0; n < 12; n++) {
        step(it, random);
        expect(printed(it), `seed ${seed}, step ${n}`).toBe(printed(kit.toPlain(it)));
        expect(printed(list)).toBe(printed(kit.toPlain(list)));
        expect(printed(map)).toBe(printed(kit.toPlain(map)));
        if (random.chance(0.2)) store.rollback();
        else if (random.chance(0.5)) {
          const delta = store.commit();
          store.endTurn();
          if (delta) mirror.applyDelta(JSON.parse(JSON.stringify(delta)));
        }
        await null;
        expect(printed(it)).toBe(printed(kit.toPlain(it)));
        expect(printed(theirs)).toBe(printed(kit.toPlain(theirs)));
        expect(printed(live.it.list)).toBe(printed(kit.toPlain(live.it.list)));
      }
    }
  });
});
