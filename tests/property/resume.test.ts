import { join } from "node:path";
import { computed, event, state } from "twinstate";
import { type Storage, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { type KillPoint, lasting, pair } from "twinstate/testing";
import { expect, test } from "vitest";
import { Random } from "../../testing/random.js";
import { temporaryFolder } from "../kit/files.js";
import { hearing, type Resumes, shareOf } from "../kit/resumes.js";

// Servers and nodes that die, and clients that lack some of the last revisions as they come back.

const full = process.env.TEST_FULL !== undefined;
const first = Number(process.env.SEED ?? 1);
const runs = process.env.SEED ? 1 : full ? 100 : 4;

const mayAudit = (context: object) => (context as { audits: boolean }).audits;
const pick = <T>(list: readonly T[], by: number): T | undefined => list[by % (list.length || 1)];

class Part {
  @state title = "";
  @state tags = new Set<string>();
  @state notes: { text: string; at?: Date }[] = [];
  @state({ private: true }) protected secret: unknown[] = [];
  @state({ visibleTo: mayAudit }) hiddenPrice: string | undefined = "a price";
  @state({ persist: false }) seen = 0;
  @computed get label(): string {
    return `${this.title} with ${this.notes.length} notes`;
  }
  @event rename(by: number) {
    this.title += ` ${by}, and some more words that make a text long enough`;
    return this.title;
  }
  @event look() {
    this.seen++;
  }
  note(by: number) {
    this.notes.push({ text: `note ${by}`, ...(by % 2 === 0 && { at: new Date(by) }) });
    this.tags.add(`tag ${by % 5}`);
    this.secret.push({ by });
  }
}

class Base {
  @state parts: Part[] = [];
  @state table = new Map<string, unknown>();
  @state tree: Record<string, unknown> = { a: { b: [1, 2] } };
  @state({ private: true }) protected stash: Part[] = [];
  @state({ visibleTo: mayAudit }) hiddenParts: Part[] | undefined = [];
  @state({ persist: false }) last = -1;
  @computed get count(): number {
    return this.parts.length;
  }
  protected part(by: number): Part | undefined {
    return pick(this.parts, by);
  }
  @event add(by: number) {
    const part = new Part();
    part.title = `part ${by}`;
    part.note(by);
    this.parts.push(part);
    this.last = by;
    return part;
  }
  @event drop(by: number) {
    if (this.parts.length > 2) this.parts.splice(by % this.parts.length, 1);
  }
  @event annotate(by: number) {
    this.part(by)?.note(by);
  }
  @event name(by: number) {
    this.part(by)?.rename(by);
  }
  /** A part becomes private, and another one comes back. */
  @event put(by: number) {
    const part = this.part(by);
    if (part && this.parts.length > 2) {
      this.parts = this.parts.filter((other) => other !== part);
      this.stash.push(part);
    }
    if (by % 3 === 0 && this.stash.length > 0) this.parts.unshift(this.stash.shift() as Part);
  }
  @event keep(by: number) {
    const part = this.part(by);
    if (part) this.hiddenParts = [...(this.hiddenParts ?? []), part].slice(-3);
  }
  @event set(by: number) {
    this.table.set(`key ${by % 7}`, by % 2 ? { by, of: this.part(by) } : new Map([[by, [by]]]));
    if (by % 5 === 0) this.table.delete("key 1");
  }
  @event grow(by: number) {
    this.tree = by % 4 === 0 ? { again: { tree: this.tree["again"] ?? by } } : { ...this.tree, [`field${by % 9}`]: [{ by }] };
  }
  @event sort() {
    this.parts = [...this.parts].sort((one, other) => (one.title < other.title ? -1 : 1));
  }
  @event volatileOnly(by: number) {
    this.last = by;
  }
}
/** The same with computeds that make containers. */
class Wide extends Base {
  @computed get titles(): string[] {
    return this.parts.map(({ title }) => title);
  }
  @computed get summary(): unknown {
    return { kinds: this.parts.map((part) => ({ notes: part.notes.length })), first: this.parts[0], tags: new Set(this.parts[0]?.tags) };
  }
}
const stores = { plain: scope.room(Base, { allow: () => true }), wide: scope.room(Wide, { allow: () => true }) };
/** Each in a room of its own: who gets a snapshot of one store of a room gets one of all. */
const ROOMS = { plain: "one", wide: "other" } as const;
const EVENTS = ["add", "add", "drop", "annotate", "name", "put", "keep", "set", "grow", "sort", "volatileOnly"] as const;

/** A view as those see it who see nothing hidden. */
function seen(value: unknown, audits: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => seen(item, audits));
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, seen(item, audits)]));
  if (value instanceof Set || value instanceof Date || typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([name, item]) => (name.startsWith("hidden") && !audits ? [] : [[name, seen(item, audits)]])));
}

/** How often each store has gone on by delta, and by a snapshot. */
type Counts = Record<string, Resumes>;

type Place = "lasting" | "sqlite" | "nodes";
const PLACES: Record<Exclude<Place, "nodes">, () => Storage> = { lasting, sqlite: () => sqlite(join(temporaryFolder(), "twin.db")) };

async function run(seed: number, place: Place, counts: Counts): Promise<void> {
  const random = new Random(seed * 7919 + place.length);
  let clients = 0;
  let kills = 0;
  const shared = place === "nodes" ? { storage: lasting({ nodes: true }), nodes: 3, leaseTime: 2000 } : { storage: PLACES[place]() };
  await using net = pair({
    stores,
    models: { Part },
    ...shared,
    seed,
    log: () => {},
    context: ({ headers }) => ({ audits: headers.get("x-audits") === "yes" }),
    wrapFetch: (fetch) => {
      const number = clients++;
      // The second client sees what is hidden: its numbers are of one process.
      if (number === 1)
        return (input, init) => {
          const headers = new Headers(init?.headers ?? (input as Request).headers);
          headers.set("x-audits", "yes");
          return fetch(input, { ...init, headers });
        };
      return hearing(fetch, (how, store) => {
        if (kills > 0) (counts[store] as Resumes)[how]++;
      });
    },
  });
  const tabs = [net.client(), net.client(), net.client()] as const;
  const twins = await Promise.all(tabs.map(async (tab) => ({ plain: await tab.plain("one"), wide: await tab.wide("other") })));
  for (const name of ["plain", "wide"] as const) for (let by = 0; by < 4; by++) await net.server[name](ROOMS[name]).add(by);
  await net.quiet();
  for (let step = 0; step < 40; step++) {
    const [who, by, what] = [random.int(3), random.int(100), random.int(24)];
    const name = by % 2 === 0 ? "plain" : "wide";
    const twin = (twins[who] as (typeof twins)[number])[name];
    if (what === 0) net.cut(tabs[who] as (typeof tabs)[number]);
    else if (what === 1) net.stall(tabs[who] as (typeof tabs)[number]);
    else if (what === 2 || what === 3) for (const tab of tabs) net.heal(tab);
    else if (what === 4) await net.wait(random.int(3000));
    else if (what === 5 || step === 30) {
      kills++;
      if (place === "nodes") net.kill("abc"[random.int(3)] as string);
      else net.kill([undefined, "append", "appended", "frame", "answer"][random.int(5)] as KillPoint | undefined);
      if (random.int(3) > 0) await net.wait(500);
    } else if (what < 8) await net.wait(random.int(20));
    else if (what === 8)
      void pick(twin.parts, by)
        ?.rename(by)
        .catch(() => {});
    else if (what === 9)
      void pick(twin.parts, by)
        ?.look()
        .catch(() => {});
    else void twin[EVENTS[random.int(EVENTS.length)] as "add"](by).catch(() => {});
  }
  for (const tab of tabs) net.heal(tab);
  await net.quiet();
  for (const name of ["plain", "wide"] as const) {
    const store = await net.server[name](ROOMS[name]).$snapshot();
    for (const [who, twin] of twins.entries()) expect(seen(twin[name].$snapshot(), true), `the ${name} twin of ${who}`).toEqual(seen(store, who === 1));
  }
}

test.each(["lasting", "sqlite", "nodes"] as const)(
  `on %s, clients go on by delta after kills, and end with what the store has (${runs} seeds from ${first})`,
  {
    timeout: 3_600_000,
  },
  async (place) => {
    const counts = { plain: { delta: 0, snapshot: 0 }, wide: { delta: 0, snapshot: 0 } };
    for (let seed = first; seed < first + runs; seed++) {
      try {
        await run(seed, place, counts);
      } catch (error) {
        throw new Error(`SEED=${seed} repeats it on ${place}`, { cause: error });
      }
    }
    const { plain, wide } = counts;
    console.log(`${place}: by delta ${plain.delta}, by snapshot ${plain.snapshot}; with computeds that make containers ${wide.delta} and ${wide.snapshot}`);
    if (!process.env.SEED) expect(shareOf(plain)).toBeGreaterThan(full ? 0.9 : 0.75);
  },
);
