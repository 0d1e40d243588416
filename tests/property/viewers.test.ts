import { expect, test } from "vitest";
import { Viewers } from "../../lib/channel/viewers.js";
import { computed, state } from "../../lib/class/decorators.js";
import { nodeOf } from "../../lib/graph/node.js";
import { openFace } from "../../lib/live/faces.js";
import { createMirror, type Mirror } from "../../lib/mirror/mirror.js";
import { createStore, type Store } from "../../lib/store/store.js";
import { canon } from "../kit/canon.js";
import { Program } from "../kit/program.js";
import { Random } from "../kit/random.js";

const full = process.env.TEST_FULL !== undefined;
const programs = full ? 1000 : 40;
const commits = full ? 100 : 40;
const first = process.env.SEED === undefined ? 1 : Number(process.env.SEED);

const admins = () => false;
const auditors = () => false;

/** Programs put anything anywhere. */
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

class Card {
  @state title: unknown = "";
  @state list: unknown[] = [];
  @state({ visibleTo: admins }) secret: unknown = undefined;
  constructor(readonly id = "") {}
  @computed get size(): number {
    return list(this.list).length;
  }
  @computed({ visibleTo: auditors }) get cost(): unknown {
    return { of: this.title, more: list(this.secret) };
  }
}

class Everything {
  @state one: unknown = undefined;
  @state items: unknown[] = [];
  @state({ visibleTo: admins }) figures: unknown = { a: 1 };
  @state({ visibleTo: auditors }) audit: unknown = new Map();
  @state({ private: true }) protected hidden: unknown = undefined;
  @computed get count(): number {
    return list(this.items).length;
  }
  @computed({ visibleTo: admins }) get objects(): unknown[] {
    return list(this.items).filter((item) => typeof item === "object" && item !== null);
  }
  @computed({ visibleTo: auditors }) get total(): unknown {
    return { items: list(this.items).length, figures: this.figures, kinds: list(this.items).map((item) => ({ kind: typeof item })) };
  }
}

const FIELDS = ["one", "items", "figures", "audit", "hidden"];

/** What those see for whom some predicates are true: of instances by name, of all else everything. */
const namesFor = (predicates: ReadonlySet<unknown>) => {
  const [admin, auditor] = [predicates.has(admins), predicates.has(auditors)];
  const root = ["count", "items", "one", ...(admin ? ["figures", "objects"] : []), ...(auditor ? ["audit", "total"] : [])].sort();
  const card = ["title", "list", "size", ...(admin ? ["secret"] : []), ...(auditor ? ["cost"] : [])].sort();
  return (value: object) => (value instanceof Everything ? root : value instanceof Card ? card : Object.keys(value));
};

/** Twins have no classes. */
const sorted = (value: object) => (nodeOf(value)?.kind === "instance" ? Object.keys(value).sort() : Object.keys(value));

/** Those who see the same, and one who watches as one of them. */
class Reader {
  readonly viewers: Viewers | undefined;
  readonly names: (value: object) => readonly string[];
  mirror: Mirror | undefined;

  constructor(...predicates: unknown[]) {
    this.viewers = predicates.length > 0 ? new Viewers(new Set(predicates)) : undefined;
    this.names = namesFor(new Set(predicates));
  }

  snapshot(store: Store): Mirror {
    const mirror = createMirror({ faces: openFace, name: "it" });
    mirror.applySnapshot(JSON.parse(JSON.stringify(store.snapshot(this.viewers))));
    return mirror;
  }
}

const make = (instance: object, restore?: ReturnType<Store["save"]>) => createStore({ name: "it", instance, models: { Card }, restore, keep: true });

/** One store, and readers of each audience, who come and go. */
function run(seed: number): void {
  const random = new Random(seed);
  const readers = [new Reader(), new Reader(admins), new Reader(auditors), new Reader(admins, auditors)];
  let instance = new Everything();
  let store = make(instance);
  let program = new Program(random, instance, FIELDS, Card);
  try {
    for (let n = 0; n < commits; n++) {
      program.log.push(`-- event ${n}`);
      const fails = random.chance(0.2);
      const before = readers.map(({ names }) => canon(instance, names));
      for (let steps = random.int(8); steps >= 0; steps--) {
        try {
          const cards = program.reach().filter((one) => one instanceof Card);
          if (cards.length > 0 && random.chance(0.15)) random.pick(cards).secret = program.value(program.reach());
          else program.step();
        } catch (error) {
          expect((error as { code?: string }).code).toBe("NOT_STATE");
        }
        const at = random.int(40);
        if (at < readers.length) expect(canon(readers[at]?.snapshot(store).live, sorted), "a snapshot in the middle of an event").toBe(before[at]);
      }
      if (fails) {
        store.rollback();
        program.raw = [];
        program.held.length = 0;
        continue;
      }
      const delta = store.commit();
      for (const { mirror, viewers } of readers) {
        const seen = viewers ? store.deltaFor(viewers) : delta;
        if (seen) mirror?.applyDelta(JSON.parse(JSON.stringify(seen)));
      }
      store.endTurn();
      program.raw = [];
      for (const reader of readers) {
        const { mirror, names, viewers } = reader;
        const wanted = canon(instance, names);
        if (mirror) expect(canon(mirror.live, sorted), `a twin of ${viewers?.predicates.size ?? "no"} predicates`).toBe(wanted);
        if (random.chance(0.1)) expect(canon(reader.snapshot(store).live, sorted), "a snapshot").toBe(wanted);
        if (random.chance(mirror ? 0.08 : 0.3)) reader.mirror = mirror ? undefined : reader.snapshot(store);
        if (!reader.mirror && viewers && random.chance(0.3)) store.dropViewers(viewers);
      }
      expect(canon(store.look().view, sorted).length, "what server code sees").toBeGreaterThan(0);
      if (random.chance(0.04)) {
        const saved = JSON.parse(JSON.stringify(store.save()));
        store.dispose();
        instance = new Everything();
        store = make(instance, saved);
        program = new Program(random, instance, FIELDS, Card);
        for (const reader of readers) reader.mirror = undefined;
      }
    }
  } catch (error) {
    console.error(`seed ${seed}: SEED=${seed} repeats it\n${program.log.slice(-60).join("\n")}`);
    throw error;
  }
}

test(`the twins of each audience equal what it may see, in content and identity, as audiences come and go (seeds ${first} to ${first + programs - 1})`, {
  timeout: 3_600_000,
}, () => {
  for (let seed = first; seed < first + programs; seed++) run(seed);
});
