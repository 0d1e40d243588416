import { autorun, transaction } from "mobx";
import { expect, test } from "vitest";
import { computed, state } from "../../lib/class/decorators.js";
import { createStore } from "../../lib/store/store.js";
import { canon } from "../kit/canon.js";
import { Program } from "../kit/program.js";
import { Random } from "../kit/random.js";

const full = process.env.TEST_FULL !== undefined;
const programs = full ? 1500 : 60;
const events = 30;
const first = process.env.SEED === undefined ? 1 : Number(process.env.SEED);

class Card {
  @state title: unknown = "";
  @state list: unknown[] = [];
  constructor(readonly id = "") {}
}

class Everything {
  @state one: unknown = undefined;
  @state two: unknown = { a: 1 };
  @state items: unknown[] = [];
  @state table = new Map<unknown, unknown>();
  @state({ private: true }) protected hidden: unknown = [1];
  @state({ persist: false }) passing: unknown = {};
  @computed get count(): number {
    return Array.isArray(this.items) ? this.items.length : -1;
  }
  @computed get shape(): unknown {
    return Array.isArray(this.items) ? this.items.map((item) => ({ kind: typeof item })) : [];
  }
}

const FIELDS = ["one", "two", "items", "table", "hidden", "passing"];
const names = (value: object) => (value instanceof Everything ? [...FIELDS, "count", "shape"] : value instanceof Card ? ["title", "list"] : Object.keys(value));

class Thrown extends Error {}

/** A program of which any value, key, getter, loop or comparator may be a bad one. */
class Spoiled extends Program {
  bad = 0;

  override value(containers: readonly object[], depth = 0): unknown {
    const { random } = this;
    if (!random.chance(this.bad)) return super.value(containers, depth);
    // biome-ignore lint/suspicious/noSparseArray: that is one of them
    const bad = [() => 1, Symbol("bad"), new Error("bad"), Promise.resolve(), new WeakMap(), [1, , 2], Object.freeze(new Card())];
    const throws = {
      get now(): never {
        throw new Thrown();
      },
    };
    const wrong = random.pick<unknown>([...bad, throws]);
    return random.pick([
      wrong,
      [1, { fine: {} }, wrong],
      { fine: new Card("9"), deep: [wrong] },
      new Map([["k", wrong]]),
      Object.assign(new Card(), { title: wrong }),
    ]);
  }

  override step(): void {
    const { random } = this;
    const lists = this.reach().filter((one) => Array.isArray(one) && one.length > 1) as unknown[][];
    if (lists.length > 0 && random.chance(this.bad)) {
      const list = random.pick(lists);
      let left = random.int(4);
      const fail = () => {
        if (left-- <= 0) throw new Thrown();
        return 0;
      };
      this.log.push("a callback that throws");
      random.pick([() => list.sort(fail), () => list.forEach(() => void list.push(fail())), () => list.splice(0, 1, ...list.map(fail))])();
      return;
    }
    super.step();
  }
}

function run(seed: number): void {
  const random = new Random(seed);
  const instance = new Everything();
  const store = createStore({ name: "it", instance, models: { Card }, report: () => {} });
  store.watch();
  const program = new Spoiled(random, instance, FIELDS, Card);
  const rendered: string[] = [];
  const stop = autorun(() => {
    rendered.push(canon(instance, names));
  });
  const passing = () => canon(instance.passing, names);
  const state = () => ({ saved: JSON.stringify(store.save()), canon: canon(instance, names), passing: passing(), plain: store.plain(), live: program.reach() });

  try {
    for (let n = 0; n < events; n++) {
      program.log.push(`-- event ${n}`);
      const before = state();
      const fails = random.chance(0.6);
      program.bad = fails ? 0.15 : 0;
      const runs = rendered.length;
      const inBatch = random.chance(0.5);
      const steps = random.int(7);
      let caught: unknown;
      transaction(() => {
        try {
          for (let step = 0; step < steps; step++) program.step();
          if (fails) throw new Thrown();
        } catch (error) {
          caught = error;
          expect(error instanceof Thrown || (error as { code?: string }).code === "NOT_STATE", String(error)).toBe(true);
          // What the host does: what failed is undone in the batch in which it failed.
          if (inBatch) store.rollback();
        }
        expect(rendered.length, "reactions within the batch").toBe(runs);
      });
      program.bad = 0;
      if (caught === undefined) {
        expect(rendered.at(-1)).toBe(canon(instance, names));
        store.commit();
        store.endTurn();
      } else {
        if (inBatch) for (const seen of rendered.slice(runs)) expect(seen, "what a reaction has seen of what was undone").toBe(before.canon);
        else store.rollback();
        expect(rendered.at(-1), "what a reaction sees after a rollback").toBe(before.canon);
        expect(store.open).toBe(false);
        const after = state();
        expect(after.canon).toBe(before.canon);
        expect(after.passing).toBe(before.passing);
        expect(after.saved).toBe(before.saved);
        expect(after.live.length).toBe(before.live.length);
        for (let i = 0; i < after.live.length; i++) expect(after.live[i], "the identity of what users hold").toBe(before.live[i]);
        expect(canon(after.plain)).toBe(canon(before.plain));
        // Nothing is left to be told.
        expect(store.commit()).toBeUndefined();
      }
      program.raw = [];
      program.held.length = 0;
    }
  } catch (error) {
    console.error(`SEED=${seed} repeats it\n${program.log.slice(-30).join("\n")}`);
    throw error;
  } finally {
    stop();
  }
}

test(`a store is as it was after whatever throws wherever (seeds ${first} to ${first + programs - 1}, ${programs * events} events)`, {
  timeout: 1_800_000,
}, () => {
  for (let seed = first; seed < first + programs; seed++) run(seed);
});

/** A single write that is refused, without any rollback. */
function refuse(seed: number): void {
  const random = new Random(seed);
  const instance = new Everything();
  const store = createStore({ name: "it", instance, models: { Card }, report: () => {} });
  const program = new Spoiled(random, instance, FIELDS, Card);
  let observed = "";
  const stop = autorun(() => {
    observed = canon(instance, names);
  });
  try {
    for (let n = 0; n < 60; n++) {
      const before = canon(instance, names);
      const containers = program.reach();
      program.bad = random.chance(0.5) ? 0.5 : 0;
      const { length } = program.log;
      try {
        program.step();
      } catch {
        const what = program.log.slice(length).join();
        // These are several writes.
        if (/move|filter|callback|swap|clear/.test(what)) continue;
        expect(canon(instance, names), `after a refused ${what}`).toBe(before);
        const after = program.reach();
        for (let i = 0; i < after.length; i++) expect(after[i]).toBe(containers[i]);
      }
      expect(observed).toBe(canon(instance, names));
      if (n % 10 === 0) {
        store.commit();
        store.endTurn();
        program.raw = [];
      }
    }
  } catch (error) {
    console.error(`SEED=${seed} repeats it\n${program.log.slice(-10).join("\n")}`);
    throw error;
  } finally {
    stop();
  }
}

test(`a write that is refused has changed nothing (seeds ${first} to ${first + programs - 1})`, { timeout: 1_800_000 }, () => {
  for (let seed = first; seed < first + programs; seed++) refuse(seed);
});

test("reactions that are on when a store is rolled back see its last commit once, whole", () => {
  const instance = new Everything();
  const store = createStore({ name: "it", instance, models: { Card } });
  instance.items = [{ n: 1 }];
  store.commit();
  const seen: string[] = [];
  const stop = autorun(() => seen.push(`${instance.count} ${(instance.items[0] as { n: number }).n} ${instance.table.size}`));
  transaction(() => {
    instance.items.push(1, 2);
    (instance.items[0] as { n: number }).n = 5;
    instance.table.set("k", {});
  });
  expect(seen).toEqual(["1 1 0", "3 5 1"]);
  store.rollback();
  expect(seen).toEqual(["1 1 0", "3 5 1", "1 1 0"]);
  stop();
});
