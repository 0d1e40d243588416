import fc from "fast-check";
import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { type Fault, type KillPoint, lasting } from "twinstate/testing";
import { expect, test } from "vitest";
import { openBrowser } from "../kit/offline-pages.js";

const runs = process.env.TEST_FULL === undefined ? 60 : 600;
const seed = Number(process.env.SEED ?? 1);

class Log {
  @state ids: string[] = [];
  @event({ optimistic: true }) add(id: string) {
    this.ids.push(id);
  }
  @event({ optimistic: true }) addOther(id: string) {
    this.ids.push(id);
    return this.ids.length;
  }
  @event addSlowly(id: string) {
    return new Promise((resolve) => setTimeout(resolve, 700)).then(() => this.add(id));
  }
}
const stores = { log: Log, room: scope.room(Log, { allow: () => true }) };
const KINDS = ["add", "addOther", "addSlowly"] as const;

type Step =
  | { readonly does: "call"; readonly tab: number; readonly kind: (typeof KINDS)[number]; readonly room: boolean }
  | { readonly does: "wait"; readonly ms: number }
  | { readonly does: "next"; readonly tab: number; readonly fault: Fault }
  | { readonly does: "cut" | "heal" | "reload" | "close" | "open"; readonly tab: number }
  /** A call, and then the end of its page, so many ms later. */
  | {
      readonly does: "strike";
      readonly tab: number;
      readonly kind: (typeof KINDS)[number];
      readonly room: boolean;
      readonly ms: number;
      readonly fault?: Fault;
    }
  | { readonly does: "die"; readonly at: KillPoint | undefined };

const tab = fc.nat(1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant("call" as const), tab, kind: fc.constantFrom(...KINDS), room: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant("wait" as const), ms: fc.constantFrom(1, 5, 30, 500, 5000, 40_000) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant("next" as const),
      tab,
      fault: fc.constantFrom<Fault>("lose", "lose answer", "twice", "late", "late answer", "cut answer"),
    }),
  },
  { weight: 4, arbitrary: fc.record({ does: fc.constantFrom("cut" as const, "heal" as const, "reload" as const, "close" as const, "open" as const), tab }) },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant("die" as const), at: fc.constantFrom<KillPoint | undefined>(undefined, "append", "appended", "frame", "answer") }),
  },
);

async function run(steps: readonly Step[], netSeed: number): Promise<void> {
  await using browser = openBrowser({ stores, storage: lasting(), seed: netSeed, browser: { stores: { log: Log, room: Log } } });
  const { net } = browser;
  type Page = ReturnType<typeof browser.open>;
  const first = browser.open();
  // A host that was never changed is not stored.
  await (await first.log()).add("log");
  await (await first.room("r")).add("room");
  await net.wait(2000);
  const session = net.session(first);
  const pages: (Page | undefined)[] = [first, browser.tab(first)];
  await (await pages[1]!.log()).add("other tab");
  await (await pages[1]!.room("r")).add("other tab");
  let made = 0;
  /** The calls that were made before time passed: all of them are in the database, or answered. */
  const kept = new Set<string>();
  const fresh = new Set<string>();
  const opened = new Map<Page, Record<"log" | "room", Awaited<ReturnType<Page["log"]>> | undefined>>();
  const see = async (page: Page) => {
    const seen: Record<"log" | "room", Awaited<ReturnType<Page["log"]>> | undefined> = { log: undefined, room: undefined };
    opened.set(page, seen);
    void page.log().then(
      (log) => void (seen.log = log),
      () => {},
    );
    void page.room("r").then(
      (room) => void (seen.room = room as never),
      () => {},
    );
    await net.wait(200);
  };
  for (const page of pages) await see(page!);
  const pass = async (ms: number) => {
    await net.wait(ms);
    for (const id of fresh) kept.add(id);
    fresh.clear();
  };
  for (const one of steps) {
    const page = "tab" in one ? pages[one.tab] : undefined;
    if (one.does === "wait") await pass(one.ms);
    if (one.does === "die") net.kill(one.at);
    if (one.does === "open" && !page) {
      const next = browser.tab(pages.find(Boolean) ?? first);
      pages[one.tab] = next;
      await see(next);
    }
    if (!page) continue;
    if (one.does === "strike" && one.fault) net.next(page, one.fault);
    if (one.does === "call" || one.does === "strike") {
      const id = `${one.tab} ${made++}`;
      const twin = opened.get(page)?.[one.room ? "room" : "log"];
      if (!twin) continue;
      fresh.add(id);
      twin[one.kind](id).catch((error: { code: string }) => {
        if (error.code !== "CANCELLED") throw error;
      });
    }
    if (one.does === "next") net.next(page, one.fault);
    if (one.does === "cut") net.cut(page);
    if (one.does === "heal") net.heal(page);
    if (one.does === "strike" && one.ms > 0) await pass(one.ms);
    if (one.does === "reload" || one.does === "close") fresh.clear();
    if (one.does === "reload" || one.does === "strike") {
      const cut = made % 2 === 0;
      const next = browser.reload(page, cut);
      pages[one.tab] = next;
      await see(next);
    }
    if (one.does === "close" && pages.filter(Boolean).length > 1) {
      browser.kill(page);
      pages[one.tab] = undefined;
    }
  }
  await pass(50);
  // Whoever is left takes over from the others.
  const last = browser.tab(pages.find(Boolean) as Page);
  await see(last);
  await net.quiet();
  const ran = [...(await net.server.log(session).$snapshot()).ids, ...(await net.server.room("r").$snapshot()).ids];
  const told = [...kept].filter((id) => ran.filter((other) => other === id).length !== 1);
  expect(told, "kept calls that did not run once").toEqual([]);
  expect(
    ran.filter((id, i) => /\d/.test(id) && ran.indexOf(id) !== i),
    "calls that ran twice",
  ).toEqual([]);
  for (const twin of Object.values(opened.get(last)!)) {
    expect(twin).toBeDefined();
  }
  expect(opened.get(last)!.log!.$snapshot().ids).toEqual((await net.server.log(session).$snapshot()).ids);
  expect(opened.get(last)!.room!.$snapshot().ids).toEqual((await net.server.room("r").$snapshot()).ids);
  for (const page of pages) expect(page?.$status.current.pending ?? 0).toBe(0);
}

test(`each call that was kept runs once, whatever pages are killed or closed, and whatever is lost (seed ${seed})`, async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 20, size: "max" }), fc.nat(), run), { numRuns: runs, seed });
});
