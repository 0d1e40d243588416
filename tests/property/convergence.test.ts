import { autorun } from "mobx";
import { expect, test } from "vitest";
import { computed, state } from "../../lib/class/decorators.js";
import { openFace } from "../../lib/live/faces.js";
import { createMirror, type Mirror } from "../../lib/mirror/mirror.js";
import { compactSteps } from "../../lib/store/compact.js";
import { createStore, type Store } from "../../lib/store/store.js";
import { decode, encode } from "../../lib/wire/binary.js";
import { finish } from "../../lib/wire/steps.js";
import { fold, type StoreState } from "../../server/storage/records.js";
import type { LoadedHost, Storage } from "../../server/storage/storage.js";
import { canon, countContainers } from "../kit/canon.js";
import { Program } from "../kit/program.js";
import { Random } from "../kit/random.js";
import { storages } from "../kit/storages.js";

const full = process.env.TEST_FULL !== undefined;
const programs = full ? 1000 : 30;
const commits = full ? 100 : 40;
const first = process.env.SEED === undefined ? 1 : Number(process.env.SEED);

class Card {
  @state title: unknown = "";
  @state list: unknown[] = [];
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
  @computed get count(): number {
    return list(this.items).length;
  }
  @computed get objects(): unknown[] {
    return list(this.items).filter((item) => typeof item === "object" && item !== null);
  }
  @computed get summary(): unknown {
    const items = list(this.items);
    const kinds = items.map((item) => ({ kind: typeof item }));
    return { length: items.length, kinds, last: items[items.length - 1], keys: new Set(this.table instanceof Map ? [...this.table.keys()].slice(0, 2) : []) };
  }
}

const COMPUTED = ["count", "objects", "summary"];
const names = (value: object) =>
  value instanceof Everything ? [...VISIBLE, ...COMPUTED] : value instanceof Card ? ["title", "list", "size"] : Object.keys(value);

/** What of a value arrives: the same, be it written as text or as bytes. */
function wire<T>(value: T): T {
  const text = JSON.stringify(value);
  const [decoded] = decode(encode(value));
  if (JSON.stringify(decoded) !== text) throw new Error(`As bytes it is ${JSON.stringify(decoded)}, and not ${text}`);
  return decoded as T;
}

type Saved = ReturnType<Store["save"]>;
type Kept = NonNullable<ReturnType<Store["takeStored"]>>;

const make = (instance: object, restore?: Saved, tail?: readonly Kept[]) => createStore({ name: "it", instance, models: { Card }, restore, tail, keep: true });

/** Both ends of one store, and all that must be equal of them. What is kept of it is in a storage. */
async function run(seed: number, storage: Storage): Promise<void> {
  const id = `room/${seed}`;
  let revision = 0;
  const whole = (saved: Saved) => ({ it: { version: 1, saved } });
  const save = (saved: Saved) => storage.save(id, { incarnation: "one", revision, sequence: revision, stores: whole(wire(saved)), numbers: {} });
  const append = (kept: Kept) => storage.append(id, [{ incarnation: "one", revision: ++revision, sequence: revision, stores: { it: { kept: wire(kept) } } }]);
  const load = async (): Promise<[Saved, readonly Kept[]]> => {
    const { record, tail } = (await storage.load(id)) as LoadedHost;
    const { whole, tail: kept } = fold(record, tail).stores.get("it") as StoreState;
    return [whole.saved, kept];
  };
  const random = new Random(seed);
  let instance = new Everything();
  let store = make(instance);
  let program = new Program(random, instance, [...VISIBLE, "hidden"], Card);
  const mirror = createMirror({ faces: openFace, name: "it" });
  mirror.applySnapshot(wire(store.snapshot()));
  let behind: Mirror | undefined;
  let late: Mirror | undefined;
  let observed = "";
  let seen = "";
  let stopBehind = () => {};
  const stop = autorun(() => {
    observed = canon(mirror.live);
  });
  let committed = canon(instance, names);
  await save(store.save());
  try {
    for (let n = 0; n < commits; n++) {
      program.log.push(`-- event ${n}`);
      const fails = random.chance(0.2);
      const before = committed;
      for (let steps = random.int(8); steps >= 0; steps--) {
        try {
          program.step();
        } catch (error) {
          // What cannot be state is refused, and nothing has changed by it.
          expect((error as { code?: string }).code).toBe("NOT_STATE");
        }
        if (random.chance(0.05)) {
          const reader = createMirror({ faces: openFace, name: "it" });
          reader.applySnapshot(wire(store.snapshot()));
          expect(canon(reader.live), "a snapshot in the middle of an event").toBe(before);
          expect(canon(store.plain()), "a plain reading in the middle of an event").toBe(before);
        }
      }
      if (fails) {
        store.rollback();
        program.raw = [];
        program.held.length = 0;
        expect(canon(instance, names), "the store after a rollback").toBe(before);
        continue;
      }
      const delta = store.commit();
      const kept = store.takeStored();
      if (kept) await append(kept);
      store.endTurn();
      program.raw = [];
      committed = canon(instance, names);
      if (delta) {
        mirror.applyDelta(wire(delta));
        late?.applyDelta(wire(delta));
      }
      expect(canon(mirror.live), "the mirror").toBe(committed);
      expect(observed, "what a reaction on the mirror has seen").toBe(committed);
      expect(canon(mirror.view()), "the mirror's view").toBe(committed);
      expect(canon(store.plain()), "the store's view").toBe(committed);
      expect(store.size, "numbered containers").toBe(countContainers(committed));
      expect(mirror.size).toBeGreaterThanOrEqual(store.size);
      expect(mirror.size, "garbage of the mirror").toBeLessThanOrEqual(store.size * 2 + 1000);
      if (late) expect(canon(late.live), "a late joiner").toBe(committed);
      if (random.chance(0.08)) {
        late = createMirror({ faces: openFace, name: "it" });
        late.applySnapshot(wire(store.snapshot()));
        expect(canon(late.live), "a snapshot").toBe(committed);
        expect(late.size).toBe(store.size);
      }
      if (random.chance(0.05)) {
        // One that was away: what it had is merged with a snapshot.
        if (behind) {
          behind.applySnapshot(wire(store.snapshot()));
          expect(canon(behind.live), "a merged snapshot").toBe(committed);
          expect(canon(behind.view()), "the view of a merged snapshot").toBe(committed);
          expect(seen, "what a reaction has seen of a merged snapshot").toBe(committed);
          stopBehind();
          late = behind;
          behind = undefined;
        } else {
          const away = createMirror({ faces: openFace, name: "it" });
          away.applySnapshot(wire(store.snapshot()));
          away.view();
          stopBehind();
          stopBehind = autorun(() => {
            seen = canon(away.live);
          });
          behind = away;
        }
      }
      if (random.chance(0.06)) {
        // The host is evicted, or killed, and comes back.
        const killed = random.chance(0.5);
        const hidden = canon((instance as unknown as { hidden: unknown }).hidden, names);
        if (!killed) await save(store.save());
        const [record, tail] = await load();
        store.dispose();
        instance = new Everything();
        store = make(instance, record, tail);
        program = new Program(random, instance, [...VISIBLE, "hidden"], Card);
        expect(canon((instance as unknown as { hidden: unknown }).hidden, names)).toBe(hidden);
        store.watch();
        expect(canon(instance, names), "a restored store").toBe(committed);
        // Clients go on with the numbers that they know.
        expect(store.resumable).toBe(true);
        const { renewal } = store;
        if (renewal) for (const one of [mirror, late]) one?.applyDelta(wire(renewal));
        expect(canon(mirror.live), "a mirror that goes on").toBe(committed);
        expect(mirror.next).toBe(createMirrorOf(store).next);
        const again = store.computedDelta();
        if (again) mirror.applyDelta(wire(again));
        expect(canon(mirror.live), "a mirror whose computeds were set").toBe(committed);
        if (late) expect(canon(late.live), "a late joiner that goes on").toBe(committed);
        expect(tail.length === 0 || killed).toBe(true);
        behind = undefined;
        // What is new of the numbers is stored.
        const numbers = store.takeStored();
        if (numbers) await append(numbers);
      }
      if (random.chance(0.04)) {
        // The storage makes one of what it has, without the classes.
        await save(finish(compactSteps(...(await load()))));
      }
    }
    // What is gone is freed on both sides: as much comes and goes as makes twins sweep.
    for (const items of [Array.from({ length: 300 + store.size * 2 }, () => ({})), []]) {
      instance.items = items;
      const delta = store.commit();
      store.endTurn();
      if (delta) mirror.applyDelta(wire(delta));
    }
    expect(store.size).toBe(countContainers(canon(instance, names)));
    expect(mirror.size, "the mirror's table after a sweep").toBe(store.size);
  } catch (error) {
    console.error(`seed ${seed}: SEED=${seed} repeats it\n${program.log.slice(-60).join("\n")}`);
    throw error;
  } finally {
    stop();
    stopBehind();
  }
}

function createMirrorOf(store: Store): Mirror {
  const mirror = createMirror({ faces: openFace, name: "it" });
  mirror.applySnapshot(wire(store.snapshot()));
  return mirror;
}

test.each(storages)(
  `on %s, a mirror equals its store in content and identity after any program (seeds ${first} to ${first + programs - 1}, ${programs * commits} events)`,
  {
    timeout: 3_600_000,
  },
  async (_, place) => {
    const storage = place().open();
    for (let seed = first; seed < first + programs; seed++) await run(seed, storage);
    await storage.close?.();
  },
);
