import { join } from "node:path";
import fc from "fast-check";
import { current, EventError, event, state } from "twinstate";
import { memory, type Storage, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { type Fault, type KillPoint, lasting, type PairOptions, pair } from "twinstate/testing";
import { expect, test } from "vitest";
import { withBug } from "../crash/bugs.js";
import { temporaryFolder } from "../kit/files.js";

const runs = process.env.TEST_FULL === undefined ? 200 : 20_000;
const onSqlite = process.env.TEST_FULL === undefined ? 5 : 200;
const overNodes = process.env.TEST_FULL === undefined ? 30 : 2_000;
const seed = Number(process.env.SEED ?? 1);

/** Who came to a store, and who left it. */
type Visit = readonly [store: object, what: "came" | "left", tab: string];
let visits: Visit[] = [];
/** What `type` has been called with, as the server has run it. */
let typed: string[] = [];

class Log {
  @state ids: string[] = [];
  /** The last of the ids, since the server has begun. */
  @state({ persist: false }) last = "";
  /** Who types. */
  @state({ persist: false }) typing: string[] = [];
  protected onConnect({ id }: { id: string }) {
    if (current().key === ROOM) visits.push([this, "came", id]);
  }
  protected onDisconnect({ id }: { id: string }) {
    if (current().key === ROOM) visits.push([this, "left", id]);
  }
  /** Changes both stores at once. */
  @event async add(id: string) {
    const tally = await current().get(Tally);
    this.#note(id, tally);
    return id;
  }
  #note(id: string, tally: Tally) {
    this.ids.push(id);
    tally.ids.push(id);
    this.last = id;
    tally.volatile.last = id;
  }
  /** Changes what is volatile alone. */
  @event type(id: string) {
    typed.push(id);
    this.typing = [...this.typing.slice(-2), id];
  }
  @event async *addAll(ids: string[]) {
    const tally = await current().get(Tally);
    for (const id of ids) {
      this.#note(id, tally);
      yield id;
    }
    return ids.length;
  }
  @event addSlowly(id: string) {
    return new Promise((resolve) => setTimeout(resolve, 700)).then(() => this.add(id));
  }
  @event async refuse(id: string) {
    await this.add(id);
    throw new EventError("NO", "no");
  }
}
class Tally {
  @state ids: string[] = [];
  @state({ persist: false }) volatile = { last: "" };
}
const stores = { log: scope.room(Log, { allow: () => true }), tally: scope.room(Tally, { allow: () => true }) };
const ROOM = "room";

// --- scripts ---

const NAMES = ["a", "b", "c"] as const;
type Name = (typeof NAMES)[number];
const KINDS = ["add", "addAll", "addSlowly", "refuse", "type"] as const;

type Step =
  | { readonly does: "call"; readonly who: Name; readonly kind: (typeof KINDS)[number] }
  | { readonly does: "next"; readonly who: Name; readonly fault: Fault }
  | { readonly does: "cut" | "break" | "mute" | "stall" | "heal" | "cancel" | "reload" | "visit"; readonly who: Name }
  | { readonly does: "server" }
  | { readonly does: "kill"; readonly at: KillPoint | undefined }
  | { readonly does: "wait"; readonly ms: number };

const FAULTS: Fault[] = ["lose", "lose answer", "silence", "cut answer", "twice", "late", "late answer", "gateway"];
const who = fc.constantFrom(...NAMES);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 9, arbitrary: fc.record({ does: fc.constant("call" as const), who, kind: fc.constantFrom(...KINDS) }) },
  { weight: 5, arbitrary: fc.record({ does: fc.constant("next" as const), who, fault: fc.constantFrom(...FAULTS) }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constantFrom("break" as const, "cut" as const, "mute" as const, "stall" as const, "heal" as const), who }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constantFrom("cancel" as const, "reload" as const, "visit" as const), who }) },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant("kill" as const),
      at: fc.constantFrom<KillPoint | undefined>(undefined, "append", "appended", "frame", "answer"),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ does: "server" as const }) },
  { weight: 5, arbitrary: fc.record({ does: fc.constant("wait" as const), ms: fc.constantFrom(3, 30, 300, 3000, 60_000, 150_000) }) },
);

/** What three nodes share. */
const nodes = () => lasting({ nodes: true });

type Place = "memory" | "lasting" | "sqlite" | "nodes";
const PLACES: Record<Place, () => Storage | ReturnType<typeof nodes>> = { memory, lasting, nodes, sqlite: () => sqlite(join(temporaryFolder(), "twin.db")) };

/** How streams come, and events go. */
const WAYS = { sse: {}, socket: { transport: "websocket" }, "socket with events": { transport: "websocket", socketEvents: true } } as const;
type Way = keyof typeof WAYS;

/** What happens, and on what. */
class Script {
  constructor(
    readonly seed: number,
    readonly storage: Place,
    readonly bounds: { readonly maxLog?: number; readonly maxQueued?: number; readonly idle?: number; readonly grace?: number },
    /** What befalls the first requests of `c`. */
    readonly opening: readonly Fault[],
    readonly steps: readonly Step[],
    readonly way: Way,
  ) {}

  [fc.toStringMethod](): string {
    let calls = 0;
    const lines = this.steps.map((step) => {
      switch (step.does) {
        case "call": {
          const id = `${step.who}${++calls}`;
          return `call.${step.who} = log.${step.who}.${step.kind}(${step.kind === "addAll" ? `["${id}.1", "${id}.2", "${id}.3"]` : `"${id}"`});`;
        }
        case "next":
          return `net.next(tab.${step.who}, "${step.fault}");`;
        case "cancel":
          return `call.${step.who}.cancel();`;
        case "reload":
          return `await reload("${step.who}"); // another tab in its browser, and this one closes`;
        case "visit":
          return `tab.${step.who}.log("other").then((log) => log.$leave());`;
        case "server":
          return `void net.server.log("room").add("server ${++calls}");`;
        case "kill":
          return step.at === undefined ? "net.kill();" : `net.kill("${step.at}");`;
        case "wait":
          return `await net.wait(${step.ms});`;
        default:
          return `net.${step.does}(tab.${step.who});`;
      }
    });
    return [
      "",
      `await using net = pair({ stores, storage: ${this.storage === "nodes" ? "lasting({ nodes: true })" : `${this.storage}()`}, ${Object.entries(this.bounds).map(([name, bytes]) => `${name}: ${bytes}, `)}${Object.entries(
        WAYS[this.way],
      )
        .map(([name, value]) => `${name}: ${JSON.stringify(value)}, `)
        .join("")}seed: ${this.seed} });`,
      "const a = net.client();",
      "const tab = { a, b: net.client(), c: net.tab(a) };",
      'const log = { a: await a.log("room") };',
      ...(this.opening.length > 0 ? [`net.next(tab.c, ${this.opening.map((fault) => `"${fault}"`).join(", ")});`] : []),
      '[log.b, log.c] = await Promise.all([tab.b.log("room"), tab.c.log("room")]);',
      ...lines,
      "await net.quiet();",
      "",
    ].join("\n");
  }
}

const scripts = (places: Place[], ways = Object.keys(WAYS) as Way[]) =>
  fc
    .tuple(
      fc.nat(1_000_000),
      fc.constantFrom(...places),
      fc.constantFrom({}, { maxLog: 200 }, { maxQueued: 300 }, { idle: 10, grace: 100 }),
      fc.array(fc.constantFrom(...FAULTS), { maxLength: 3 }),
      fc.array(step, { minLength: 1, maxLength: 25 }),
      fc.constantFrom(...ways),
    )
    .map((parts) => new Script(...parts));

// --- what must be so ---

interface Call {
  readonly who: Name;
  /** The client: a name has another one after a reload. */
  readonly client: object;
  readonly ids: readonly string[];
  readonly kind: (typeof KINDS)[number];
  /** How often the server had been killed. */
  readonly kills: number;
  readonly yields: unknown[];
  cancel(): void;
  /** Its caller did not want it any more: by cancelling it, or by leaving. */
  unwanted?: "cancelled" | "left";
  outcome?: { readonly value: unknown } | { readonly error: string };
}

/** Plants a bug, to see whether it is found. */
type Bug = (options: PairOptions<typeof stores, {}>) => PairOptions<typeof stores, {}>;

/** Plays a script, and looks whether all is as it must be. Gives what happened on the network. */
async function play({ seed, storage, bounds, opening, steps, way }: Script, bug: Bug = (options) => options): Promise<readonly string[]> {
  visits = [];
  typed = [];
  await using net = pair(bug({ stores, storage: PLACES[storage](), ...bounds, ...WAYS[way], log: () => {}, seed }));
  const a = net.client();
  const tabs = { a, b: net.client(), c: net.tab(a) };
  const calls: Call[] = [];
  const kills = () => net.trace.filter((line) => line.endsWith("is killed")).length;
  const torn: string[] = [];
  let added = 0;
  const open = async (who: Name) => {
    const [log, tally] = await Promise.all([tabs[who].log(ROOM), tabs[who].tally(ROOM)]);
    const look = () => {
      if (String(log.ids) !== String(tally.ids)) torn.push(`${who}: ${log.ids} beside ${tally.ids}`);
      // A server that has begun anew has noted nothing yet.
      const { last } = tally.volatile;
      if (log.last !== last || (last && last !== log.ids.at(-1))) torn.push(`${who}: ${log.last} and ${last} beside ${log.ids}`);
    };
    log.$subscribe(look);
    tally.$subscribe(look);
    return { log, tally };
  };
  // The first one gets the session: a page comes with it.
  const first = await open("a");
  net.next(tabs.c, ...opening);
  const [second, third] = await Promise.all([open("b"), open("c")]);
  const twins = { a: first, b: second, c: third };
  for (const step of steps) {
    switch (step.does) {
      case "call": {
        const { who, kind } = step;
        const id = `${who}${calls.length + 1}`;
        const ids = kind === "addAll" ? [1, 2, 3].map((n) => `${id}.${n}`) : kind === "type" ? [] : [id];
        const { log } = twins[who];
        const result = kind === "addAll" ? log.addAll([...ids]) : log[kind](id);
        const call: Call = { who, client: tabs[who], kind, ids, kills: kills(), yields: [], cancel: () => result.cancel() };
        calls.push(call);
        if (kind === "type")
          result.then(
            () => {
              // The caller's own twin shows it, or something later, unless a server has forgotten it.
              const shown = typed.lastIndexOf(twins[who].log.typing.at(-1) ?? "");
              if (shown < typed.indexOf(id) && kills() === call.kills) torn.push(`${who} has typed ${id}, and sees ${twins[who].log.typing}`);
            },
            () => {},
          );
        void follow(call, result);
        break;
      }
      case "next":
        net.next(tabs[step.who], step.fault);
        break;
      case "cancel": {
        const last = calls.findLast(({ who, outcome }) => who === step.who && !outcome);
        if (last) {
          last.unwanted ??= "cancelled";
          last.cancel();
        }
        break;
      }
      case "reload": {
        const { who } = step;
        const [before, after] = [tabs[who], net.tab(tabs[who])];
        for (const call of calls) if (call.who === who && !call.outcome) call.unwanted = "left";
        before.$close();
        tabs[who] = after;
        twins[who] = await open(who);
        break;
      }
      case "visit":
        void tabs[step.who].log("other").then((log) => log.$leave());
        break;
      case "server":
        void net.server.log(ROOM).add(`server ${++added}`);
        break;
      case "kill":
        net.kill(step.at);
        break;
      case "wait":
        await net.wait(step.ms);
        for (const who of NAMES) {
          const waiting = calls.filter((call) => call.who === who && !call.outcome).length;
          expect(tabs[who].$status.current.pending, `${who} has each call answered or in its outbox`).toBe(waiting);
        }
        break;
      default:
        net[step.does](tabs[step.who]);
    }
  }
  await net.quiet();
  // Until those who have left have been missed.
  await net.wait(25_000);
  const store = await net.server.log(ROOM).$snapshot();
  const other = await net.server.tally(ROOM).$snapshot();
  for (const who of NAMES) {
    expect(twins[who].log.$snapshot(), `the twin of ${who}`).toEqual(store);
    expect(twins[who].tally.$snapshot(), `the other twin of ${who}`).toEqual(other);
  }
  expect(torn, "both stores of a commit are shown at once").toEqual([]);
  const forgotten = storage === "memory" ? kills() : 0;
  judge(calls, store.ids, forgotten);
  attended();
  return [...net.trace];
}

/** Notes what becomes of a call. */
async function follow(call: Call, result: Promise<unknown>): Promise<void> {
  try {
    if (call.kind === "addAll") for await (const one of result as unknown as AsyncIterable<unknown>) call.yields.push(one);
    call.outcome = { value: await result };
  } catch (error) {
    call.outcome = { error: (error as { code?: string }).code ?? String(error) };
  }
}

/** `forgotten`: how often the server has lost all that it had. What a call from before has done may be gone with it. */
function judge(calls: readonly Call[], ids: readonly string[], forgotten: number): void {
  expect([...new Set(ids)], "nothing is there twice").toEqual(ids);
  for (const client of new Set(calls.map(({ client }) => client))) {
    const asked = calls.filter((call) => call.client === client).flatMap((call) => call.ids);
    const done = ids.filter((id) => asked.includes(id));
    expect(done, "what a client did is there in its order").toEqual(asked.filter((id) => done.includes(id)));
  }
  for (const call of calls) {
    const { ids: wanted, kind, outcome } = call;
    const lasts = call.kills >= forgotten;
    const unknown = forgotten > 0 ? "UNKNOWN_OUTCOME" : "an answer";
    const there = wanted.filter((id) => ids.includes(id));
    const label = `${kind} ${wanted}`;
    expect(outcome, `${label} has an outcome`).toBeDefined();
    expect(call.yields, `${label} yields once and in order`).toEqual(wanted.filter((id) => call.yields.includes(id)));
    expect(there, `${label} is done from its beginning on`).toEqual(lasts || kind !== "addAll" ? wanted.slice(0, there.length) : there);
    if (!outcome) continue;
    if (call.unwanted && "error" in outcome && outcome.error === "CANCELLED") {
      if (call.unwanted === "cancelled" && kind !== "addAll") expect(there, `${label} was cancelled`).toEqual([]);
      continue;
    }
    if (kind === "refuse") {
      expect(["NO", unknown], label).toContain((outcome as { error?: string }).error);
      expect(there, `${label} is undone`).toEqual([]);
    } else if ("value" in outcome) {
      expect(outcome.value, label).toBe(kind === "addAll" ? wanted.length : wanted[0]);
      if (lasts) expect(there, `${label} was acknowledged`).toEqual(wanted);
    } else if (outcome.error === "INTERRUPTED") {
      expect(kind, label).toBe("addAll");
      if (lasts) expect(there.length, label).toBeGreaterThan(0);
    } else expect(outcome.error, label).toBe(unknown);
  }
}

/** Each tab comes before it leaves, and once before it leaves again; in the end all three are here. */
function attended(): void {
  const here = new Map<object, Set<string>>();
  for (const [store, what, tab] of visits) {
    const tabs = here.get(store) ?? new Set();
    here.set(store, tabs);
    expect(tabs.has(tab), `a tab ${what} once`).toBe(what === "left");
    if (what === "came") tabs.add(tab);
    else tabs.delete(tab);
  }
  expect([...here.values()].at(-1)?.size, "all are here").toBe(3);
}

// --- the tests ---

test(
  `whatever befalls lines and servers, all is answered, done once and in order, and shown by every twin (${runs} scripts, SEED=${seed})`,
  {
    timeout: 3_600_000,
  },
  () =>
    fc.assert(
      fc.asyncProperty(scripts(["lasting", "memory"]), async (script) => void (await play(script))),
      { seed, numRuns: runs },
    ),
);

test("on sqlite too", { timeout: 3_600_000 }, () =>
  fc.assert(
    fc.asyncProperty(scripts(["sqlite"]), async (script) => void (await play(script))),
    { seed, numRuns: onSqlite },
  ),
);

test(`and with several nodes, each of which any request may reach (${overNodes} scripts, SEED=${seed})`, { timeout: 3_600_000 }, () =>
  fc.assert(
    fc.asyncProperty(scripts(["nodes"]), async (script) => void (await play(script))),
    { seed, numRuns: overNodes },
  ),
);

test("and where an answer brings volatile state to a page whose stream is at another node: both stores are asked for anew, not the one alone", async () => {
  const steps: Step[] = [
    { does: "call", who: "c", kind: "addAll" },
    { does: "next", who: "a", fault: "silence" },
    { does: "call", who: "a", kind: "refuse" },
    { does: "call", who: "b", kind: "add" },
    { does: "next", who: "c", fault: "lose" },
    { does: "next", who: "b", fault: "silence" },
    { does: "kill", at: "append" },
    { does: "call", who: "a", kind: "type" },
    { does: "break", who: "a" },
    { does: "call", who: "b", kind: "type" },
    { does: "call", who: "b", kind: "type" },
  ];
  await play(new Script(374_535, "nodes", { maxLog: 200 }, ["lose", "gateway"], steps, "socket"));
});

test("the same seed gives the same run", async () => {
  for (const script of fc.sample(scripts(["lasting", "memory"]), { seed, numRuns: 10 })) expect(await play(script)).toEqual(await play(script));
});

/** Says that commits are kept before they are. */
const early = (storage: Storage): Storage => ({
  ...storage,
  append(id, commits) {
    const write = async () => storage.append(id, commits);
    // What the next server has begun anew takes none of them.
    setTimeout(() => write().catch(() => {}), 100);
  },
});

/** Takes what each third frame brings. Its revision is there, so that nobody notices by that. */
const emptyFrames = (fetch: typeof globalThis.fetch): typeof globalThis.fetch => {
  let frames = 0;
  return async (input, init) => {
    const response = await fetch(input, init);
    if (init?.method === "POST" || !response.body) return response;
    const rob = new TransformStream<string, string>({
      transform: (text, out) => out.enqueue(text.replace(/^data: (\[\d+,\d+),.*$/gm, (line, head) => (++frames % 3 === 0 ? `data: ${head}]` : line))),
    });
    return new Response(response.body.pipeThrough(new TextDecoderStream()).pipeThrough(rob).pipeThrough(new TextEncoderStream()), response);
  };
};

test.each<[string, RegExp, Bug, Way[]?]>([
  ["a storage that forgets which events have run", /there twice/, (options) => ({ ...options, storage: withBug(lasting(), "dedupe off") })],
  [
    "a storage that forgets which events have run, where they go by socket",
    /there twice/,
    (options) => ({ ...options, storage: withBug(lasting(), "dedupe off") }),
    ["socket with events"],
  ],
  ["an answer before its commit is kept", /was acknowledged|UNKNOWN_OUTCOME|without an answer/, (options) => ({ ...options, storage: early(lasting()) })],
  ["a frame that is lost unnoticed", /twin of|both stores|without an answer/, (options) => ({ ...options, wrapFetch: emptyFrames })],
])("finds %s, and tells by a short script", async (_, told, bug, ways) => {
  const property = fc.asyncProperty(scripts(["lasting"], ways), async (script) => void (await play(script, bug)));
  const { failed, counterexample, errorInstance } = await fc.check(property, { seed, numRuns: 500 });
  expect(failed).toBe(true);
  expect(String(errorInstance)).toMatch(told);
  const [script] = counterexample as [Script];
  expect(script.steps.length).toBeLessThan(8);
  expect(fc.stringify(script)).toContain("await using net = pair(");
});
