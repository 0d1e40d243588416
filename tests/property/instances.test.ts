import { join } from "node:path";
import fc from "fast-check";
import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { type Fault, type KillPoint, lasting, pair } from "twinstate/testing";
import { expect, test } from "vitest";
import { temporaryFolder } from "../kit/files.js";
import { type Trouble, trouble } from "../kit/trouble.js";

const full = process.env.TEST_FULL !== undefined;
const seed = Number(process.env.SEED ?? 1);

class Tag {
  @state id = "";
  @state marks: string[] = [];
  @event({ optimistic: true }) mark(mark: string) {
    this.marks.push(mark);
    return this.id;
  }
}
class Row extends Tag {
  @state tag: Tag | null = null;
}

/** Rows that move, die and come back. Whatever is marked stays in the state, also on rows that have died. */
class List {
  @state rows: Row[] = [];
  @state shelf = new Map<string, Row>();
  @state graves: { id: string; marks: string[] }[] = [];
  @event({ optimistic: true }) add(id: string, front: boolean) {
    const row = Object.assign(new Row(), { id });
    row.tag = Object.assign(new Tag(), { id: `${id}.tag` });
    if (front) this.rows.unshift(row);
    else this.rows.push(row);
  }
  @event({ optimistic: true }) move(from: number, to: number) {
    const [row] = this.rows.splice(from % (this.rows.length || 1), 1);
    if (row) this.rows.splice(to % (this.rows.length + 1), 0, row);
  }
  @event({ optimistic: true }) reverse() {
    this.rows.reverse();
  }
  /** Puts a row away, or takes it back. */
  @event({ optimistic: true }) stow(at: number) {
    const [row] = this.rows.splice(at % (this.rows.length || 1), 1);
    if (row) this.shelf.set(row.id, row);
    const [other] = at % 2 === 0 ? this.shelf.values() : [];
    if (!other || other === row) return;
    this.shelf.delete(other.id);
    this.rows.push(other);
  }
  @event({ optimistic: true }) bury(at: number) {
    take(this, at);
  }
  /** A row leaves in one commit, and is back in the next. */
  @event *leaveAndComeBack(at: number) {
    const row = take(this, at);
    yield 1;
    if (!row) return;
    this.graves.splice(-2);
    this.rows.unshift(row);
  }
}

/** Takes a row out for good. */
function take({ rows, graves }: List, at: number): Row | undefined {
  const [row] = rows.splice(at % (rows.length || 1), 1);
  for (const { id, marks } of row ? [row, row.tag as Tag] : []) graves.push({ id, marks: [...marks] });
  return row;
}

const ROOM = "room";
const stores = { list: scope.room(List, { allow: () => true }) };
const models = { Row, Tag };
const NAMES = ["a", "b", "c"] as const;
type Name = (typeof NAMES)[number] | "server";

// --- scripts ---

const CHANGES = ["add", "move", "reverse", "stow", "bury", "leaveAndComeBack"] as const;
type Step =
  | { readonly does: "change"; readonly who: Name; readonly kind: (typeof CHANGES)[number]; readonly at: number; readonly to: number }
  /** `held`: on a view that was taken earlier. */
  | { readonly does: "mark"; readonly who: Name; readonly at: number; readonly tag: boolean; readonly held: boolean }
  | { readonly does: "hold"; readonly who: Name; readonly at: number }
  | Trouble<(typeof NAMES)[number]>;

const FAULTS: Fault[] = ["lose", "lose answer", "silence", "cut answer", "twice", "late", "late answer", "gateway"];
const client = fc.constantFrom(...NAMES);
const who = fc.oneof({ weight: 9, arbitrary: client }, { weight: 1, arbitrary: fc.constant("server" as const) });
const at = fc.nat(9);
const always = <const D extends string>(does: D) => fc.constant(does);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ does: always("change"), who, kind: fc.constantFrom(...CHANGES), at, to: at }) },
  { weight: 16, arbitrary: fc.record({ does: always("mark"), who, at, tag: fc.boolean(), held: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ does: always("hold"), who, at }) },
  { weight: 3, arbitrary: fc.record({ does: always("next"), who: client, fault: fc.constantFrom(...FAULTS) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom("break", "cut", "mute", "stall", "heal"), who: client }) },
  { weight: 2, arbitrary: fc.record({ does: always("kill"), at: fc.constantFrom<KillPoint | undefined>(undefined, "append", "appended", "frame", "answer") }) },
  { weight: 4, arbitrary: fc.record({ does: always("wait"), ms: fc.constantFrom(3, 30, 300, 3000, 60_000, 150_000) }) },
);

interface Script {
  readonly seed: number;
  readonly storage: "lasting" | "sqlite";
  readonly bounds: { readonly maxLog?: number; readonly idle?: number };
  /** Clients have the classes, and predict. */
  readonly predicts: boolean;
  readonly socketEvents: boolean;
  readonly steps: readonly Step[];
}
const scripts = (storage: Script["storage"]): fc.Arbitrary<Script> =>
  fc.record({
    seed: fc.nat(1_000_000),
    storage: fc.constant(storage),
    bounds: fc.constantFrom({}, { maxLog: 200 }, { idle: 10 }),
    predicts: fc.boolean(),
    socketEvents: fc.boolean(),
    steps: fc.array(step, { minLength: 1, maxLength: 40, size: "max" }),
  });

// --- what must be so ---

interface Mark {
  readonly who: Name;
  readonly meant: string;
  readonly mark: string;
  outcome?: { readonly value: unknown } | { readonly error: string };
}

let called = 0;

/** What becomes of calls of instances' events. Lost answers and killed servers included, a call that has succeeded has marked the row that it meant, once. */
function judge(marks: readonly Mark[], list: { rows: readonly Row[]; shelf: ReadonlyMap<string, Row>; graves: List["graves"] }): void {
  const tags = [...list.rows, ...list.shelf.values()].flatMap((row) => [row, row.tag as Tag]);
  const found = [...tags, ...list.graves].flatMap(({ id, marks: on }) => on.map((mark) => [mark, id] as const));
  expect(new Set(found.map(([mark]) => mark)).size, "nothing is marked twice").toBe(found.length);
  for (const [mark, id] of found) expect(id, `${mark} is on the row that was meant`).toBe(marks.find((one) => one.mark === mark)?.meant);
  const made = new Set(found.map(([mark]) => mark));
  for (const { mark, meant, who, outcome } of marks) {
    // Code of a server that is killed ends with it.
    if (who !== "server") expect(outcome, `${mark} of ${who} has an outcome`).toBeDefined();
    if (outcome && "value" in outcome) {
      expect(outcome.value, `${mark} is answered by the row that was meant`).toBe(meant);
      expect(made.has(mark), `${mark} was acknowledged`).toBe(true);
    } else if (who !== "server" || outcome?.error === "GONE") {
      expect(["GONE"], `${mark} of ${who} on ${meant}`).toContain(outcome?.error);
      expect(made.has(mark), `${mark} was refused`).toBe(false);
    }
  }
}

type Fetch = typeof globalThis.fetch;

async function play({ seed, storage, bounds, predicts, socketEvents, steps }: Script, wrapFetch = (fetch: Fetch) => fetch): Promise<void> {
  const place = storage === "sqlite" ? sqlite(join(temporaryFolder(), "twin.db")) : lasting();
  const browser = predicts ? { browser: { stores: { list: List }, models } } : {};
  const transport = socketEvents ? ({ transport: "websocket", socketEvents } as const) : {};
  await using net = pair({ stores, models, storage: place, ...bounds, ...transport, ...browser, wrapFetch, log: () => {}, seed });
  const tabs = { a: net.client(), b: net.client(), c: net.client() };
  await net.server.list(ROOM).add("first", false);
  const twins = { a: await tabs.a.list(ROOM), b: await tabs.b.list(ROOM), c: await tabs.c.list(ROOM) };
  const held: Partial<Record<Name, List["rows"]>> = {};
  const marks: Mark[] = [];
  let n = 0;
  const mark = ({ who, at, tag }: Extract<Step, { does: "mark" }>, from: readonly Row[]) => {
    const row = from[at % (from.length || 1)];
    const target = tag ? row?.tag : row;
    if (!target) return;
    called++;
    const one: Mark = { who, meant: target.id, mark: `${target.id}#${++n}` };
    marks.push(one);
    void (target.mark(one.mark) as unknown as Promise<unknown>).then(
      (value) => (one.outcome = { value }),
      (error: { code?: string }) => (one.outcome = { error: error.code ?? String(error) }),
    );
  };
  for (const step of steps) {
    switch (step.does) {
      case "change": {
        const { who, kind, at, to } = step;
        const target = who === "server" ? net.server.list(ROOM) : twins[who];
        const args = kind === "add" ? [`${who}${++n}`, at % 2 === 0] : kind === "move" ? [at, to] : kind === "reverse" ? [] : [at];
        void (target[kind] as (...args: unknown[]) => Promise<unknown>)(...args).catch(() => {});
        break;
      }
      case "hold":
      case "mark": {
        const act = (view: unknown) => {
          const { rows, shelf } = view as List;
          const shown = [...rows, ...shelf.values()];
          if (step.does === "hold") held[step.who] = shown;
          else mark(step, (step.held && held[step.who]) || shown);
        };
        // Nothing waits for a server that may have been killed.
        if (step.who === "server")
          void net.server
            .list(ROOM)
            .$snapshot()
            .then(act, () => {});
        else act(twins[step.who]);
        break;
      }
      default: {
        const wait = trouble(net, tabs, step);
        if (wait) await wait;
      }
    }
  }
  await net.quiet();
  await net.wait(1000);
  const list = await net.server.list(ROOM).$snapshot();
  for (const who of NAMES) expect(twins[who].$snapshot(), `the twin of ${who}`).toEqual(list);
  judge(marks, list as unknown as List);
}

const runs = full ? 1800 : 60;

test(`a call of an instance's event reaches the one that was meant, once, or none: rows move, die and come back, lines break, servers are killed (SEED=${seed})`, {
  timeout: 3_600_000,
}, async () => {
  called = 0;
  await fc.assert(
    fc.asyncProperty(scripts("lasting"), (script) => play(script)),
    { seed, numRuns: runs },
  );
  expect(called).toBeGreaterThan(full ? 10_000 : 300);
});

test("on sqlite too", { timeout: 3_600_000 }, () =>
  fc.assert(
    fc.asyncProperty(scripts("sqlite"), (script) => play(script)),
    { seed, numRuns: runs / 20 },
  ),
);

/** Names the instance of the lowest number that was ever called in the place of each. */
const misnaming = (fetch: Fetch): Fetch => {
  let lowest = Infinity;
  const name = (_: string, before: string, number: string) => {
    lowest = Math.min(lowest, Number(number));
    return `${before}${lowest}]`;
  };
  return (input, init) => fetch(input, typeof init?.body === "string" ? { ...init, body: init.body.replace(/("on":\["[^"]+",\d+,)(\d+)\]/g, name) } : init);
};

test("finds a client that names another instance", async () => {
  const mark = { does: "mark", who: "a", tag: false, held: false } as const;
  const wait = { does: "wait", ms: 300 } as const;
  const steps: Step[] = [{ does: "change", who: "b", kind: "add", at: 1, to: 0 }, wait, { ...mark, at: 0 }, { ...mark, at: 1 }, wait];
  const script: Script = { seed, storage: "lasting", bounds: {}, predicts: false, socketEvents: false, steps };
  await play(script);
  await expect(play(script, misnaming)).rejects.toThrow(/is on the row that was meant/);
});
