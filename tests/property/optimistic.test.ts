import fc from "fast-check";
import { computed, event, newId, state } from "twinstate";
import { memory, type Storage, scope } from "twinstate/server";
import { type Fault, type KillPoint, lasting, pair } from "twinstate/testing";
import { expect, test } from "vitest";
import { type Trouble, trouble } from "../kit/trouble.js";

const runs = process.env.TEST_FULL === undefined ? 90 : 6_000;
const overNodes = process.env.TEST_FULL === undefined ? 30 : 1_000;
const seed = Number(process.env.SEED ?? 1);

interface Item {
  /** From `newId()`. */
  id: string;
  title: string;
  done: boolean;
}

/** A text that changes in part: letters, pairs, what joins them, and room in between. */
const TEXT = "a text that is long enough: 👩‍👩‍👧 👍🏽 é e\u0301, and so on";

/** An edit at the end, at the start, in the middle, of one half of a pair's neighbours, or of much of it. Texts do not grow for ever. */
function edited(text: string, call: string, by: number): string {
  const letters = [...text];
  const middle = (call.length * 7 + by) % letters.length;
  const edits = [
    () => [...letters, ` ${call}👍`],
    () => [`${call}\u0301 `, ...letters],
    () => letters.toSpliced(middle, 0, "👎"),
    () => letters.toSpliced(middle, 6),
    () => letters.map((letter) => (letter === "👍" ? "👎" : letter)),
  ];
  const next = (edits[by % edits.length] as () => string[])().join("");
  return next.length > 300 || next.length < 40 ? TEXT : next;
}

/** Each event notes itself in `log`, so that what is shown tells how it came about. */
class List {
  @state log: string[] = [];
  @state items: Item[] = [];
  @state byTitle = new Map<string, Item>();
  @state count = 0;
  @state text = TEXT;
  /** What has changed volatile state, since the server has begun. */
  @state({ persist: false }) since: string[] = [];
  @state({ persist: false }) sum = { by: 0 };
  @computed get left() {
    return this.items.filter(({ done }) => !done).length;
  }
  @event({ optimistic: true }) add(call: string) {
    this.log.push(call);
    const item = { id: newId(), title: call, done: false };
    this.items.push(item);
    this.byTitle.set(call, item);
  }
  @event({ optimistic: true }) toggle(call: string, index: number) {
    this.log.push(call);
    const item = this.items[index % (this.items.length || 1)];
    if (item) item.done = !item.done;
  }
  @event({ optimistic: true }) remove(call: string, index: number) {
    this.log.push(call);
    const item = this.items[index];
    if (!item) return;
    this.items = this.items.filter((other) => other !== item);
    this.byTitle.delete(item.title);
  }
  @event({ optimistic: true }) move(call: string, index: number) {
    this.log.push(call);
    this.items.push(...this.items.splice(index, 1));
  }
  @event({ optimistic: true }) rise(call: string, by: number) {
    this.log.push(call);
    this.count += by;
    this.point(call, by);
  }
  /** Changes volatile state alone. */
  @event({ optimistic: true }) point(call: string, by: number) {
    this.since.push(call);
    this.sum.by += by;
  }
  @event({ optimistic: true }) write(call: string, by: number) {
    this.log.push(call);
    this.text = edited(this.text, call, by);
  }
  /** Is refused. */
  @event({ optimistic: true }) refuse(call: string) {
    this.log.push(call);
    this.count = -1;
  }
  /** Changes nothing on the server. */
  @event({ optimistic: true }) nothing(call: string) {
    this.log.push(call);
  }
  /** Is not shown before its answer. */
  @event plainly(call: string) {
    this.add(call);
  }
}

/** What each life of the store has had in `since`, from its beginning. */
let lives: string[][] = [];

class ServerList extends List {
  readonly #life: string[] = [];
  constructor() {
    super();
    lives.push(this.#life);
  }
  override point(call: string, by: number) {
    super.point(call, by);
    this.#life.push(call);
  }
  override refuse(call: string) {
    throw new Error(call);
  }
  override nothing(_call: string) {}
}

const stores = { list: scope.room(ServerList, { allow: () => true }) };
const ROOM = "room";

// --- what should be shown ---

const KINDS = ["add", "toggle", "remove", "move", "rise", "point", "point", "write", "write", "refuse", "nothing", "plainly"] as const;
type Kind = (typeof KINDS)[number];

/** What the events come to, one after the other, on plain data. Ids are those of the calls. */
function replay(calls: readonly string[]): object {
  const list = { log: [] as string[], items: [] as Item[], byTitle: new Map<string, Item>(), count: 0, text: TEXT, point() {} };
  for (const call of calls) {
    const [, kind, by] = call.split(" ") as [string, Kind, string];
    const methods = List.prototype as unknown as Record<Kind, (call: string, by: number) => void>;
    methods[kind === "plainly" ? "add" : kind].call(list, call, Number(by));
  }
  const { point, ...state } = list;
  return { ...state, left: list.items.filter(({ done }) => !done).length };
}

/** As {@link replay} has it: what an id is of, and nothing volatile. */
const comparable = ({ items, byTitle, since, sum, ...rest }: Record<string, unknown>) => {
  const row = ({ title, done }: Item) => ({ title, done });
  return { ...rest, items: (items as Item[]).map(row), byTitle: [...(byTitle as Map<string, Item>)].map(([title, item]) => [title, row(item)]) };
};

// --- scripts ---

const NAMES = ["a", "b"] as const;
type Name = (typeof NAMES)[number];
const FAULTS: Fault[] = ["lose", "lose answer", "silence", "cut answer", "twice", "late", "late answer", "gateway"];

type Step =
  | { readonly does: "call"; readonly who: Name; readonly kind: Kind; readonly by: number }
  | { readonly does: "cancel"; readonly who: Name }
  | { readonly does: "server" }
  | Trouble<Name>;

const who = fc.constantFrom(...NAMES);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 14, arbitrary: fc.record({ does: fc.constant("call" as const), who, kind: fc.constantFrom(...KINDS), by: fc.nat(4) }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant("next" as const), who, fault: fc.constantFrom(...FAULTS) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constantFrom("break" as const, "cut" as const, "mute" as const, "stall" as const, "heal" as const, "cancel" as const),
      who,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant("kill" as const),
      at: fc.constantFrom<KillPoint | undefined>(undefined, "append", "appended", "frame", "answer"),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ does: "server" as const }) },
  { weight: 7, arbitrary: fc.record({ does: fc.constant("wait" as const), ms: fc.constantFrom(1, 3, 10, 30, 300, 3000, 60_000) }) },
);

const script = (storage: fc.Arbitrary<"lasting" | "memory" | "nodes">) =>
  fc.record({
    seed: fc.nat(1_000_000),
    storage,
    transport: fc.constantFrom("sse" as const, "websocket" as const),
    bounds: fc.constantFrom<{ maxLog?: number; maxQueued?: number }>({}, { maxLog: 300 }, { maxQueued: 300 }),
    steps: fc.array(step, { minLength: 1, maxLength: 30 }),
  });
type Script = ReturnType<typeof script> extends fc.Arbitrary<infer S> ? S : never;

// --- what must be so ---

interface Call {
  readonly id: string;
  readonly kind: Kind;
  /** How often the server had been killed. */
  readonly kills: number;
  cancelled?: boolean;
  outcome?: "done" | "failed";
}

/** What a twin has shown, and which calls of its client had no answer then. */
interface Shown {
  readonly who: Name;
  readonly view: Record<string, unknown>;
  readonly open: readonly Call[];
  readonly kills: number;
}

const nodes = () => lasting({ nodes: true });
const STORAGES: Record<Script["storage"], () => Storage | ReturnType<typeof nodes>> = { memory, lasting, nodes };

async function play({ seed, storage, transport, bounds, steps }: Script): Promise<void> {
  await using net = pair({ stores, browser: { stores: { list: List } }, storage: STORAGES[storage](), ...bounds, transport, log: () => {}, seed });
  lives = [];
  const kills = () => net.trace.filter((line) => line.endsWith("is killed")).length;
  // What has never changed is not kept: the first call may have to run in another life of it, where its ids are others.
  await net.server.list(ROOM).add("server0 add 0");
  const tabs = { a: net.client(), b: net.client() };
  const calls: Record<Name, Call[]> = { a: [], b: [] };
  const last: Partial<Record<Name, { readonly call: Call; cancel(): void }>> = {};
  const shown: Shown[] = [];
  const ids = new Map<string, Set<string>>();
  const open = async (who: Name) => {
    const list = await tabs[who].list(ROOM);
    const look = () => {
      const view = list.$snapshot() as unknown as Record<string, unknown>;
      shown.push({ who, view, kills: kills(), open: calls[who].filter(({ outcome }) => !outcome).map((call) => ({ ...call })) });
      for (const { title, id } of list.items) ids.set(title, (ids.get(title) ?? new Set()).add(id));
    };
    list.$subscribe(look);
    return list;
  };
  const lists = { a: await open("a"), b: await open("b") };
  let made = 0;
  for (const step of steps) {
    switch (step.does) {
      case "call": {
        const { who, kind, by } = step;
        const call: Call = { id: `${who}${++made} ${kind} ${by}`, kind, kills: kills() };
        calls[who].push(call);
        const event = lists[who][kind] as (...args: unknown[]) => ReturnType<(typeof lists)["a"]["add"]>;
        const result = event(...[call.id, by].slice(0, List.prototype[kind].length));
        last[who] = { call, cancel: () => result.cancel() };
        result.then(
          () => {
            call.outcome = "done";
          },
          () => {
            call.outcome = "failed";
          },
        );
        break;
      }
      case "cancel": {
        const one = last[step.who];
        if (one) one.call.cancelled = true;
        one?.cancel();
        break;
      }
      case "server":
        void net.server.list(ROOM).add(`server${++made} add 0`);
        break;
      default: {
        const wait = trouble(net, tabs, step);
        if (wait) await wait;
      }
    }
  }
  await net.quiet();
  const store = (await net.server.list(ROOM).$snapshot()) as unknown as Record<string, unknown>;
  for (const who of NAMES) {
    expect(lists[who].$snapshot(), `the twin of ${who}`).toEqual(store);
    expect(lists[who].$pending, `all of ${who} is answered`).toBe(0);
  }
  expect(comparable(store), "the store").toEqual(comparable(replay(store.log as string[]) as never));
  // What a server had that has lost all, nobody knows.
  if (storage !== "memory") for (const one of shown) explain(one, store.log as string[]);
  if (storage !== "memory") for (const one of shown) explainVolatile(one);
  if (storage !== "memory") for (const [title, one] of ids) expect([...one], `${title} has one id`).toHaveLength(1);
}

/** What a twin shows is what the store was at some time, with the client's calls that had no answer, in order. */
function explain({ who, view, open }: Shown, history: readonly string[]): void {
  const log = view.log as string[];
  let from = 0;
  while (from < log.length && log[from] === history[from]) from++;
  const rest = log.slice(from);
  const known = new Set(log.slice(0, from));
  const waiting = open.filter(({ id, kind }) => !known.has(id) && kind !== "plainly" && kind !== "point");
  const label = `${who} shows ${log}, with ${open.map(({ id }) => id)} open, of ${history}`;
  // Each is shown that has no answer, once, in order; who was refused or cancelled, or has done nothing, may have its answer by now.
  const optional = ({ kind, cancelled }: Call) => cancelled || ["refuse", "nothing"].includes(kind);
  const expected = waiting.filter((call) => rest.includes(call.id) || !optional(call)).map(({ id }) => id);
  expect(rest, label).toEqual(expected);
  expect(comparable(view), label).toEqual(comparable(replay(log) as never));
  expect((view.text as string).isWellFormed(), label).toBe(true);
}

/** The volatile state is what some life of the store had at some time, with the client's calls that had no answer, in order. */
function explainVolatile({ who, view, open, kills }: Shown): void {
  const since = view.since as string[];
  const changing = open.filter(({ kind }) => kind === "point" || kind === "rise");
  const follows = (life: readonly string[]) => {
    let from = 0;
    while (from < since.length && since[from] === life[from]) from++;
    const rest = since.slice(from);
    const known = new Set(since.slice(0, from));
    // A call of an earlier life may be over, and its answer late.
    const waiting = changing.filter((call) => !known.has(call.id) && (rest.includes(call.id) || !(call.cancelled || kills > call.kills)));
    return String(rest) === String(waiting.map(({ id }) => id));
  };
  const label = `${who} shows ${since}, with ${changing.map(({ id }) => id)} open, of ${lives.filter((life) => life.length > 0).join(" and ")}`;
  expect([[], ...lives].some(follows), label).toBe(true);
  expect(view.sum, label).toEqual({ by: since.reduce((sum, call) => sum + Number(call.split(" ")[2]), 0) });
}

test(
  `at all times a twin shows what the store was, and its own calls that have no answer on top; in the end it equals the store (${runs} scripts, SEED=${seed})`,
  { timeout: 3_600_000 },
  () => fc.assert(fc.asyncProperty(script(fc.constant("lasting")), play), { seed, numRuns: runs }),
);

test(`also where a server loses all that it had (${runs / 3} scripts, SEED=${seed})`, { timeout: 3_600_000 }, () =>
  fc.assert(fc.asyncProperty(script(fc.constant("memory")), play), { seed, numRuns: runs / 3 }),
);

test(`and with several nodes, each of which any request may reach (${overNodes} scripts, SEED=${seed})`, { timeout: 3_600_000 }, () =>
  fc.assert(fc.asyncProperty(script(fc.constant("nodes")), play), { seed, numRuns: overNodes }),
);
