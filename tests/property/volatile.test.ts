import { expect, test } from "vitest";
import { Viewers } from "../../lib/channel/viewers.js";
import { computed, state } from "../../lib/class/decorators.js";
import { nodeOf } from "../../lib/graph/node.js";
import { openFace } from "../../lib/live/faces.js";
import { createMirror, type Mirror } from "../../lib/mirror/mirror.js";
import type { ClassNode } from "../../lib/store/class-node.js";
import { createStore, type Store } from "../../lib/store/store.js";
import type { Snapshot } from "../../lib/wire/codec.js";
import { canon } from "../kit/canon.js";
import { Program } from "../kit/program.js";
import { Random } from "../kit/random.js";

const full = process.env.TEST_FULL !== undefined;
const programs = full ? 1000 : 40;
const commits = full ? 100 : 40;
const first = process.env.SEED === undefined ? 1 : Number(process.env.SEED);

const admins = () => false;

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const sent = <V>(value: V): V => (value === undefined ? value : JSON.parse(JSON.stringify(value)));

/** Fresh classes, as a computed that has turned volatile stays so. */
const classes = () => {
  class Card {
    @state title: unknown = "";
    @state list: unknown[] = [];
    @state({ persist: false }) hover: unknown = undefined;
    @state({ persist: false, visibleTo: admins }) whisper: unknown = undefined;
    constructor(readonly id = "") {}
    @computed get size(): number {
      return list(this.list).length;
    }
    @computed get over(): unknown {
      return `${typeof this.hover} over ${list(this.list).length}`;
    }
  }

  class Everything {
    @state one: unknown = undefined;
    @state items: unknown[] = [];
    @state({ visibleTo: admins }) figures: unknown = { a: 1 };
    @state({ persist: false }) cursor: unknown = undefined;
    @state({ persist: false }) marks: unknown = new Map();
    @state({ persist: false, visibleTo: admins }) audit: unknown = [];
    @state({ persist: false }) people = new Map<string, unknown>();
    @state({ private: true }) protected hidden: unknown = undefined;
    @state({ private: true, persist: false }) protected scratch: unknown = undefined;
    @computed get count(): number {
      return list(this.items).length;
    }
    /** Volatile as soon as there are more than three items: until then it reads nothing volatile. */
    @computed get late(): unknown {
      return list(this.items).length > 3 ? [list(this.marks).length, this.people.size] : [this.one === undefined];
    }
    @computed get present(): unknown {
      return { names: [...this.people.keys()], cursor: this.cursor };
    }
    @computed({ visibleTo: admins }) get audited(): unknown {
      return list(this.audit).filter((item) => typeof item === "object");
    }
  }
  return { Card, Everything };
};
let { Card, Everything } = classes();
type Everything = InstanceType<typeof Everything>;

const FIELDS = ["one", "items", "figures", "cursor", "marks", "audit", "hidden", "scratch"];
const STORED = ["one", "items", "figures", "hidden"];

type Names = (value: object) => readonly string[];

/** What an audience sees: what is stored, and what is volatile. `late`: that computed has turned volatile. */
class Sight {
  late = false;
  constructor(readonly admin: boolean) {}

  readonly lasting: Names = (value) => {
    if (isRoot(value)) return ["count", "items", "one", ...(this.admin ? ["figures"] : []), ...(this.late ? [] : ["late"])].sort();
    return isCard(value) ? ["list", "size", "title"] : Object.keys(value);
  };
  readonly volatile: Names = (value) => {
    if (isRoot(value)) return ["cursor", "marks", "people", "present", ...(this.admin ? ["audit", "audited"] : []), ...(this.late ? ["late"] : [])].sort();
    return isCard(value) ? ["hover", "over", ...(this.admin ? ["whisper"] : [])].sort() : [];
  };
  readonly all: Names = (value) => (isRoot(value) || isCard(value) ? [...this.lasting(value), ...this.volatile(value)].sort() : Object.keys(value));
}

// Twins have no classes.
const isRoot = (value: object) => value instanceof Everything || (nodeOf(value)?.kind === "instance" && "items" in value);
const isCard = (value: object) => value instanceof Card || (nodeOf(value)?.kind === "instance" && !("items" in value));

/** The instances in what is stored, in the order of meeting. */
function instancesIn(root: object, names: Names): object[] {
  const seen = new Set<object>([root]);
  for (const value of seen) {
    const parts =
      value instanceof Map
        ? [...value].flat()
        : value instanceof Set || Array.isArray(value)
          ? [...value]
          : names(value).map((name) => Reflect.get(value, name));
    for (const part of parts) if (nodeOf(part)) seen.add(part);
  }
  return [...seen].filter((value) => isRoot(value) || isCard(value));
}

/** What an audience sees, as text: an object that both the stored and the volatile state hold is one in each. */
function shown(root: object, sight: Sight): [lasting: string, volatile: string] {
  const parts = instancesIn(root, sight.lasting).map((instance) =>
    Object.fromEntries(sight.volatile(instance).map((name) => [name, Reflect.get(instance, name)])),
  );
  return [canon(root, sight.lasting), canon(parts, sight.all)];
}

class Reader {
  readonly viewers: Viewers | undefined;
  readonly sight: Sight;
  mirror: Mirror | undefined;

  constructor(admin: boolean) {
    this.viewers = admin ? new Viewers(new Set([admins])) : undefined;
    this.sight = new Sight(admin);
  }

  snapshot(store: Store): Mirror {
    const mirror = createMirror({ faces: openFace, name: "it" });
    mirror.applySnapshot(sent(store.snapshot(this.viewers)), false, sent(store.volatile(this.viewers) as Snapshot));
    return mirror;
  }
}

const make = (instance: object, restore?: ReturnType<Store["save"]>) => createStore({ name: "it", instance, models: { Card }, restore, keep: true });

/** The server changes what it keeps itself, whatever an event does meanwhile. */
function feed(random: Random, store: Store, { people }: Everything): void {
  const name = random.pick(["ann", "bob", "cy"]);
  store.feed(() => {
    if (random.chance(0.3)) people.delete(name);
    else people.set(name, { x: random.int(9), tags: random.chance(0.5) ? ["a"] : [] });
  });
}

/** How many times containers got their numbers anew, as a computed had turned volatile that twins knew. */
let times = 0;

function run(seed: number): void {
  const random = new Random(seed);
  ({ Card, Everything } = classes());
  const readers = [new Reader(false), new Reader(true)];
  let instance = new Everything();
  let store = make(instance);
  let program = new Program(random, instance, FIELDS, Card);
  /** Sends the volatile changes since the last tick. */
  const tick = () => {
    store.tick();
    for (const { mirror, viewers } of readers) {
      const delta = store.tickDelta(viewers);
      if (delta && mirror) mirror.applyTick(sent(delta));
    }
  };
  const renumbered = () => {
    if (!store.takeRenumbered()) return false;
    for (const reader of readers) reader.mirror &&= reader.snapshot(store);
    times++;
    return true;
  };
  try {
    for (let n = 0; n < commits; n++) {
      program.log.push(`-- event ${n}`);
      const fails = random.chance(0.2);
      const kept = () => canon(instance, (value) => (isRoot(value) ? STORED : isCard(value) ? ["list", "title"] : Object.keys(value)));
      const before = kept();
      for (let steps = random.int(8); steps >= 0; steps--) {
        if (random.chance(0.15)) feed(random, store, instance);
        if (random.chance(0.05) && store.due) tick();
        try {
          const cards = program.reach().filter((one) => one instanceof Card);
          if (cards.length > 0 && random.chance(0.2)) Reflect.set(random.pick(cards), random.pick(["hover", "whisper"]), program.value(program.reach()));
          else program.step();
        } catch (error) {
          expect((error as { code?: string }).code).toBe("NOT_STATE");
        }
      }
      if (fails) {
        const people = canon(instance.people);
        store.rollback();
        expect(canon(instance.people), "what was fed stays").toBe(people);
        expect(kept()).toBe(before);
        program.raw = [];
        program.held.length = 0;
        continue;
      }
      const after = kept();
      const delta = store.commit();
      if (!store.changed) expect(after, "a commit without a revision has changed nothing that is stored").toBe(before);
      if (!renumbered()) {
        for (const { mirror, viewers } of readers) {
          const seen = viewers ? store.deltaFor(viewers) : delta;
          if (seen) mirror?.applyDelta(sent(seen));
        }
      }
      if (random.chance(0.3)) feed(random, store, instance);
      const ticked = store.changed || random.chance(0.5);
      if (ticked && store.due) tick();
      renumbered();
      store.endTurn();
      program.raw = [];
      for (const reader of readers) {
        const { mirror, sight, viewers } = reader;
        sight.late = (nodeOf(instance) as ClassNode).shape.isVolatile("late");
        const wanted = shown(instance, sight);
        if (mirror) {
          const [lasting, volatile] = shown(mirror.live, sight);
          expect(lasting, `what is stored, for ${viewers ? "admins" : "all"}`).toBe(wanted[0]);
          if (ticked) expect(volatile, `what is volatile, for ${viewers ? "admins" : "all"}`).toBe(wanted[1]);
        }
        if (ticked && random.chance(0.1)) expect(shown(reader.snapshot(store).live, sight), "a snapshot").toEqual(wanted);
        if (ticked && random.chance(mirror ? 0.08 : 0.3)) reader.mirror = mirror ? undefined : reader.snapshot(store);
        if (!reader.mirror && viewers && random.chance(0.3)) store.dropViewers(viewers);
      }
      if (readers.every(({ mirror }) => !mirror) && random.chance(0.3)) store.dropVolatile();
      expect(canon(store.look().view, Object.keys).length, "what server code sees").toBeGreaterThan(0);
      if (random.chance(0.04)) {
        const saved = sent(store.save());
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

test(`twins of volatile and stored state equal what their audiences may see, through ticks, feeds and rollbacks (seeds ${first} to ${first + programs - 1})`, {
  timeout: 3_600_000,
}, () => {
  for (let seed = first; seed < first + programs; seed++) run(seed);
  expect(times).toBeGreaterThan(0);
});
