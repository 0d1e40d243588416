import fc from "fast-check";
import { current, event, type Presence, presence, state } from "twinstate";
import type { Connected } from "twinstate/client";
import { memory, scope } from "twinstate/server";
import { type Fault, lasting, pair } from "twinstate/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { conditions, killOrWait, trouble } from "../kit/trouble.js";

const runs = process.env.TEST_FULL === undefined ? 60 : 1500;
const overNodes = process.env.TEST_FULL === undefined ? 15 : 500;
const seed = Number(process.env.SEED ?? 1);

const Own = z.object({ cursor: z.object({ x: z.number(), y: z.number() }).optional(), tags: z.array(z.string()).optional() });
type Own = z.infer<typeof Own>;

/** The name of who has signed in with a session; `hidden` is not listed. */
const users = new Map<string, string>();
interface Context {
  readonly session: string;
  readonly user: { readonly id: string } | null;
}
const said = ({ session, user }: Context) => (user?.id === "hidden" ? null : { session, name: user?.id ?? "guest" });

class Board {
  @state title = "";
  @presence({ of: (context) => said(context as Context), input: Own }) people!: Presence<{ session: string; name: string }, Own>;
  @event async sign(name: string | undefined, rotate: boolean) {
    const { session } = current();
    if (name) users.set(session?.id ?? "", name);
    else users.delete(session?.id ?? "");
    if (rotate) await session?.rotate();
    this.title = name ?? "out";
  }
  @event rename(title: string) {
    this.title = title;
  }
  /** Holds the queue. */
  @event async hold(ms: number) {
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.title = `held with ${this.people.length}`;
  }
  @event fail() {
    this.title = "lost";
    throw new Error("no");
  }
}

const stores = { board: scope.room(Board, { allow: () => true }) };
type Client = Connected<typeof stores>;
/** Longer than a server needs to notice that a client has disappeared, and the grace time. */
const GONE = 25_000;

/** `a` and `b` are two browsers; `c` is another tab of `b`. */
const NAMES = ["a", "b", "c"] as const;
type Name = (typeof NAMES)[number];
const FAULTS: Fault[] = ["lose", "lose answer", "silence", "cut answer", "twice", "late", "late answer"];

const who = fc.constantFrom(...NAMES);
const own = fc.oneof(
  { weight: 5, arbitrary: fc.record({ cursor: fc.record({ x: fc.nat(9), y: fc.nat(9) }) }) },
  fc.record({ tags: fc.array(fc.constantFrom("p", "q"), { maxLength: 3 }) }),
  fc.record({ cursor: fc.record({ x: fc.nat(9), y: fc.constant(0) }), tags: fc.constant(["r"]) }),
  fc.constant(undefined),
);
const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ does: fc.constant("show" as const), who, own }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constantFrom("reload" as const, "close" as const, "recheck" as const), who }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant("call" as const), who, event: fc.constantFrom("rename" as const, "hold" as const, "fail" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constant("sign" as const), who, name: fc.constantFrom("ann", "bob", "hidden", undefined), rotate: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ does: fc.constant("next" as const), who, fault: fc.constantFrom(...FAULTS) }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constantFrom("break" as const, "cut" as const, "mute" as const, "stall" as const, "heal" as const), who }) },
  ...killOrWait,
);
const script = fc.record({
  ...conditions,
  steps: fc.array(step, { minLength: 1, maxLength: 30 }),
});
type Script = typeof script extends fc.Arbitrary<infer S> ? S : never;

const sorted = (people: readonly object[]) => people.map((one) => JSON.stringify(Object.entries(one).sort(([a], [b]) => a.localeCompare(b)))).sort();

function contextOf(session: string): Context {
  const id = users.get(session);
  return { session, user: id === undefined ? null : { id } };
}

/** `several`: nodes, each of which any request may reach. */
async function play({ seed, storage, transport, bounds, steps }: Script, several = false): Promise<void> {
  users.clear();
  await using net = pair({
    stores,
    storage: several ? lasting({ nodes: true }) : storage === "lasting" ? lasting() : memory(),
    ...bounds,
    transport,
    log: () => {},
    seed,
    context: ((request: { session: string }) => contextOf(request.session)) as never,
  });
  const b = net.client();
  const tabs: Record<Name, Client> = { a: net.client(), b, c: b };
  await b.board("x");
  tabs.c = net.tab(b);
  const boards = { a: await tabs.a.board("x"), b: await tabs.b.board("x"), c: await tabs.c.board("x") };
  const shown: Partial<Record<Name, Own>> = {};
  const open = async (name: Name, client: Client) => {
    tabs[name] = client;
    delete shown[name];
    boards[name] = await client.board("x");
  };
  for (const step of steps) {
    switch (step.does) {
      case "show":
        shown[step.who] = step.own as Own;
        boards[step.who].$present("people", step.own as Own);
        break;
      case "reload":
        await open(step.who, net.reload(tabs[step.who]));
        break;
      case "close":
        tabs[step.who].$close();
        await open(step.who, net.client());
        break;
      case "recheck":
        net.server.$recheck();
        break;
      case "sign":
        boards[step.who].sign(step.name, step.rotate).catch(() => {});
        break;
      case "call": {
        const board = boards[step.who];
        const call = step.event === "rename" ? board.rename("t") : step.event === "hold" ? board.hold(500) : board.fail();
        call.catch(() => {});
        break;
      }
      default: {
        const wait = trouble(net, tabs, step);
        if (wait) await wait;
      }
    }
  }
  await net.quiet();
  // A sign-in counts from the session's next request on.
  net.server.$recheck();
  await net.wait(GONE);
  await net.quiet();
  const { people } = await net.server.board("x").$snapshot();
  const expected = NAMES.flatMap((name) => {
    const one = said(contextOf(net.session(tabs[name])));
    return one ? [{ ...one, ...shown[name] }] : [];
  });
  const withoutIds = people.map(({ id: _, ...person }) => person);
  expect(sorted(withoutIds), "who is here, and what each shows").toEqual(sorted(expected));
  expect(new Set(people.map(({ id }) => id)).size).toBe(expected.length);
  for (const name of NAMES) expect(boards[name].$snapshot().people, `the twin of ${name}`).toEqual(people);
}

test(`after any troubles, all who are here are listed within the grace time, with what each shows last, and nobody else (${runs} scripts, SEED=${seed})`, {
  timeout: 3_600_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(script, (one) => play(one)),
    { seed, numRuns: runs },
  );
});

test(`and with several nodes (${overNodes} scripts, SEED=${seed})`, { timeout: 3_600_000 }, () =>
  fc.assert(
    fc.asyncProperty(script, (one) => play(one, true)),
    { seed, numRuns: overNodes },
  ),
);
