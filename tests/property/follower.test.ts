import fc from "fast-check";
import { memory, scope } from "twinstate/server";
import { type Fault, lasting, pair } from "twinstate/testing";
import { expect, test } from "vitest";
import { commitsOf } from "../../lib/wire/frame-commits.js";
import type { FrameMessage } from "../../lib/wire/protocol.js";
import { Board, Item, rights } from "../kit/hidden-board.js";
import { followInAll, NodeLines } from "../kit/node-lines.js";
import { Random } from "../kit/random.js";
import { conditions, killOrWait, trouble } from "../kit/trouble.js";

// All streams of a server watch by followers of its hosts, as those of another node do. The lines between them lose messages, delay them, and are cut.

const runs = Number(process.env.RUNS ?? (process.env.TEST_FULL === undefined ? 60 : 2000));
const seed = Number(process.env.SEED ?? 1);

const stores = { board: scope.room(Board, { allow: () => true }) };
const ROOM = "room";
/** `a` never sees what is hidden, `c` always does, and the rights of `b` come and go. */
const NAMES = ["a", "b", "c"] as const;
type Name = (typeof NAMES)[number];
const KINDS = ["add", "add", "write", "hide", "reveal", "total", "each", "tell", "bump", "bump", "touch", "touch", "discount"] as const;
const FAULTS: Fault[] = ["lose", "lose answer", "cut answer", "twice", "late"];

const who = fc.constantFrom(...NAMES);
const step = fc.oneof(
  { weight: 14, arbitrary: fc.record({ does: fc.constant("call" as const), who, kind: fc.constantFrom(...KINDS), by: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("next" as const), who, fault: fc.constantFrom(...FAULTS) }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constantFrom("break" as const, "cut" as const, "stall" as const, "heal" as const), who }) },
  { weight: 1, arbitrary: fc.constant({ does: "rights" as const }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant("nodes" as const), how: fc.constantFrom("cut" as const, "part" as const, "meet" as const) }) },
  ...killOrWait,
);
const script = fc.record({
  ...conditions,
  /** The share of messages between the nodes that are lost. */
  loss: fc.constantFrom(0, 0, 0.02, 0.1),
  slow: fc.boolean(),
  steps: fc.array(step, { minLength: 1, maxLength: 40, size: "max" }),
});
type Script = typeof script extends fc.Arbitrary<infer S> ? S : never;

/** The lines of the script that runs. */
let lines = new NodeLines();
followInAll(() => lines);

/** What went wrong in a stream. */
let wrong: string[] = [];
/** How often streams went on from what was there, and began anew. */
const seen = { resume: 0, snapshot: 0, frame: 0 };

/** Looks at the revisions that a stream brings: each comes once, behind the one before it. */
function counted(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (...request) => {
    const response = await fetch(...request);
    if (!response.body || !response.headers.get("content-type")?.includes("event-stream")) return response;
    const last = new Map<number, number>();
    const decoder = new TextDecoder();
    let rest = "";
    const look = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        const events = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
        rest = events.pop() as string;
        for (const event of events) if (event.startsWith("data: [")) note(JSON.parse(event.slice(6)), last);
        controller.enqueue(chunk);
      },
    });
    return new Response(response.body.pipeThrough(look), response);
  };
}

function note(message: unknown[], last: Map<number, number>): void {
  const [head, host] = message as [unknown, number];
  if (head === "snapshot" || head === "resume") {
    seen[head]++;
    const revision = message[5] as number;
    const before = last.get(host) ?? 0;
    if (revision < before) wrong.push(`${head} at ${revision} after ${before}`);
    last.set(host, revision);
  } else if (typeof head === "number") {
    const commits = commitsOf(message as unknown as FrameMessage);
    const before = last.get(head);
    // A merged frame leaves out commits that have changed nothing for its reader.
    if (before === undefined || message[1] !== before + 1) wrong.push(`revision ${message[1]} after ${before}`);
    seen.frame += commits.length;
    last.set(head, commits.at(-1)?.revision as number);
  }
}

/** A view as those see it who see nothing hidden. */
function shown(value: unknown, audits: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => shown(item, audits));
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, shown(item, audits)]));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([name, item]) => (name.startsWith("hidden") && !audits ? [] : [[name, shown(item, audits)]])));
}

async function play({ seed, storage, transport, bounds, loss, slow, steps }: Script): Promise<void> {
  rights.clear();
  wrong = [];
  lines = new NodeLines();
  const random = new Random(seed);
  await using net = pair({
    stores,
    models: { Item },
    browser: { stores: { board: Board }, models: { Item } },
    storage: storage === "lasting" ? lasting() : memory(),
    ...bounds,
    transport,
    log: () => {},
    seed,
    context: ({ headers }) => ({ audits: rights.get(/twin_session=([\w-]+)\./.exec(headers.get("cookie") ?? "")?.[1] ?? "") === true }),
    wrapFetch: counted,
  });
  if (slow) lines.later = (run) => void setTimeout(run, random.int(2));
  await net.server.board(ROOM).add(0);
  const tabs = { a: net.client(), b: net.client(), c: net.client() };
  const lists = { a: await tabs.a.board(ROOM), b: await tabs.b.board(ROOM), c: await tabs.c.board(ROOM) };
  lines.loses = () => random.chance(loss);
  const allow = (who: Name, audits: boolean) => {
    rights.set(net.session(tabs[who]), audits);
    net.server.$recheck({ session: net.session(tabs[who]) });
  };
  allow("c", true);
  let given = false;
  for (const step of steps) {
    switch (step.does) {
      case "call": {
        const list = lists[step.who];
        const item = list.items[step.by % (list.items.length || 1)];
        const called =
          step.kind === "bump" || step.kind === "touch" || step.kind === "discount"
            ? item?.[step.kind]()
            : (list[step.kind] as (by: number) => Promise<unknown>)(step.by);
        called?.then(
          () => {},
          () => {},
        );
        break;
      }
      case "rights":
        given = !given;
        allow("b", given);
        break;
      case "nodes":
        lines.reachable = step.how !== "part";
        if (step.how !== "meet") lines.cut();
        break;
      default: {
        const wait = trouble(net, tabs, step);
        if (wait) await wait;
      }
    }
  }
  lines.reachable = true;
  lines.loses = () => false;
  await net.quiet();
  // A loss is noticed by silence at last.
  await net.wait(60_000);
  await net.quiet();
  const store = await net.server.board(ROOM).$snapshot();
  expect(shown(lists.a.$snapshot(), true), "the twin of one who never sees it").toEqual(shown(store, false));
  expect(shown(lists.b.$snapshot(), true), `the twin of one who ${given ? "sees it now" : "does not see it now"}`).toEqual(shown(store, given));
  expect(shown(lists.c.$snapshot(), true), "the twin of one who always sees it").toEqual(shown(store, true));
  expect(wrong).toEqual([]);
}

test(`twins that are fed by another node equal what they may see, and get each revision once, whatever lines do between nodes (${runs} scripts, SEED=${seed})`, {
  timeout: 3_600_000,
}, async () => {
  await fc.assert(fc.asyncProperty(script, play), { seed, numRuns: runs });
  console.log(`seed ${seed}: ${JSON.stringify(seen)}`);
  expect(Math.min(seen.frame, seen.resume, seen.snapshot)).toBeGreaterThan(5);
});
