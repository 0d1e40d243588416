import { expect, test } from "vitest";
import { computed, state } from "../../lib/class/decorators.js";
import { openFace } from "../../lib/live/faces.js";
import { createMirror, type Mirror } from "../../lib/mirror/mirror.js";
import { compactSteps } from "../../lib/store/compact.js";
import { recallSteps } from "../../lib/store/recall.js";
import { createStore, type Store } from "../../lib/store/store.js";
import { finish } from "../../lib/wire/steps.js";
import { canon } from "../kit/canon.js";
import { Program } from "../kit/program.js";
import { Random } from "../kit/random.js";

const full = process.env.TEST_FULL !== undefined;
const programs = full ? 2000 : 100;
const first = process.env.SEED === undefined ? 1 : Number(process.env.SEED);

class Card {
  @state title: unknown = "";
  @state list: unknown[] = [];
  @state({ private: true }) protected notes: unknown[] = [];
  constructor(readonly id = "") {}
  @computed get size(): number {
    return list(this.list).length;
  }
}

/** Programs put anything anywhere. */
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

const VISIBLE = ["one", "two", "items", "table"];

class Everything {
  @state one: unknown = undefined;
  @state two: unknown = { a: 1 };
  @state items: unknown[] = [];
  @state table = new Map<unknown, unknown>();
  @state({ private: true }) protected hidden: unknown = undefined;
  @state({ persist: false }) volatile: unknown = undefined;
  @computed get count(): number {
    return list(this.items).length;
  }
}

const names = (value: object) => (value instanceof Everything ? [...VISIBLE, "count"] : value instanceof Card ? ["title", "list", "size"] : Object.keys(value));

type Saved = ReturnType<Store["save"]>;
type Kept = NonNullable<ReturnType<Store["takeStored"]>>;

const wire = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const make = (instance: object, restore?: Saved, tail?: readonly Kept[]) => createStore({ name: "it", instance, models: { Card }, restore, tail, keep: true });

function mirrorOf(store: Store): Mirror {
  const mirror = createMirror({ faces: openFace, name: "it" });
  mirror.applySnapshot(wire(store.snapshot()));
  mirror.view();
  return mirror;
}

/** One store that is killed again and again, and clients that lack some of its last commits. Counts those that go on, and those that cannot. */
function run(seed: number, counts: { delta: number; snapshot: number }): void {
  const random = new Random(seed);
  let instance = new Everything();
  let store = make(instance);
  let program = new Program(random, instance, [...VISIBLE, "hidden", "volatile"], Card);
  let mirror = mirrorOf(store);
  let saved = wire(store.save());
  store.noteSaved();
  let tail: Kept[] = [];
  /** The clients, with how many commits of the tail each has. */
  let behind: [have: number, mirror: Mirror][] = [];
  try {
    for (let n = 0; n < 60; n++) {
      for (let steps = random.int(6); steps >= 0; steps--) {
        try {
          program.step();
        } catch (error) {
          expect((error as { code?: string }).code).toBe("NOT_STATE");
        }
      }
      const delta = store.commit();
      const kept = store.takeStored();
      store.endTurn();
      program.raw = [];
      if (kept) tail.push(wire(kept));
      // A commit of computeds and volatile members alone.
      if (delta && !kept) behind = [];
      if (delta) mirror.applyDelta(wire(delta));
      const committed = canon(instance, names);
      expect(canon(mirror.live), "the mirror").toBe(committed);
      if (random.chance(0.3)) behind.push([tail.length, mirrorOf(store)]);
      if (random.chance(0.1)) {
        saved = wire(finish(compactSteps(saved, tail)));
        behind = behind.filter(([have]) => have === tail.length).map(([, one]) => [0, one]);
        tail = [];
      }
      if (!random.chance(0.1)) continue;
      const { from, deltas } = finish(recallSteps({ name: "it", instance: () => new Everything(), models: { Card }, saved, tail }));
      store.dispose();
      instance = new Everything();
      store = make(instance, saved, tail);
      program = new Program(random, instance, [...VISIBLE, "hidden", "volatile"], Card);
      store.watch();
      expect(store.resumable).toBe(true);
      expect(store.renewal).toBeUndefined();
      for (const [have, one] of behind) {
        counts[have < from ? "snapshot" : "delta"]++;
        if (have < from) continue;
        for (const missed of deltas.slice(have - from)) if (missed) one.applyDelta(wire(missed));
        const computeds = store.computedDelta();
        if (computeds) one.applyDelta(wire(computeds));
        expect(canon(one.live), "a client that was behind").toBe(committed);
        expect(canon(one.view()), "its view").toBe(committed);
        expect(one.next).toBe(mirror.next);
        // It is as good as any other from now on.
        if (random.chance(0.5)) mirror = one;
      }
      expect(canon(mirror.live), "a client that goes on").toBe(committed);
      behind = [];
    }
  } catch (error) {
    console.error(`seed ${seed}: SEED=${seed} repeats it\n${program.log.slice(-60).join("\n")}`);
    throw error;
  }
}

test(`clients that lack the last commits of a killed store get them once more, right for all that they know (seeds ${first} to ${first + programs - 1})`, () => {
  const counts = { delta: 0, snapshot: 0 };
  for (let seed = first; seed < first + programs; seed++) run(seed, counts);
  console.log(`went on: ${counts.delta}, began anew: ${counts.snapshot}`);
  expect(counts.delta / (counts.delta + counts.snapshot)).toBeGreaterThan(0.9);
});
