import { event, schedule, state } from "twinstate";
import { scope } from "twinstate/server";
import { lasting, pair } from "twinstate/testing";
import { beforeEach, describe, expect, test } from "vitest";

const minute = 60_000;
let ran: string[] = [];
let logs: string[] = [];
/** What a running event waits for. */
let gates: Record<string, { readonly open: Promise<void>; release(): void }>;

function gate() {
  let release = () => {};
  const open = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { open, release };
}

beforeEach(() => {
  ran = [];
  logs = [];
  gates = { turn: gate(), beside: gate() };
});

class Auction {
  @state open = true;

  @event closeIn(ms: number) {
    schedule.after(ms, this.close, [], { id: "close" });
  }
  @event closeEvery(every: string) {
    schedule.every(every, this.close, [], { id: "close" });
  }
  @event close() {
    ran.push("close");
    this.open = false;
  }
  @event async bid() {
    await gates.turn?.open;
    schedule.after(minute, this.close, [], { id: "close" });
  }
  @event async stop() {
    await gates.turn?.open;
    schedule.cancel("close");
  }
  @event async fail() {
    schedule.after(minute, this.close, [], { id: "close" });
    await gates.turn?.open;
    throw new Error("It has failed");
  }
  @event({ background: true }) async failBeside() {
    await gates.beside?.open;
    throw new Error("It has failed beside the queue");
  }
  @event failBesideLater() {
    schedule.after(1000, this.failBeside);
  }
}

const start = (storage?: ReturnType<typeof lasting>) =>
  pair({
    stores: { auction: scope.room(Auction, { allow: () => true }) },
    ...(storage && { storage }),
    log: ({ level, message }) => level === "error" && void logs.push(message),
  });

describe.each([
  ["memory", undefined],
  ["a durable storage", lasting],
] as const)("with %s", (_, storage) => {
  test.each([
    ["bid", ["close"]],
    ["stop", []],
  ] as const)("a scheduled event that waits for its turn does not run if the one before it replaces or cancels it: %s", async (how, later) => {
    await using net = start(storage?.());
    const auction = net.server.auction("a");
    await auction.closeIn(1000);
    const running = auction[how]();
    await net.wait(2000);
    gates.turn?.release();
    await running;
    await net.wait(minute - 2000);
    expect(ran).toEqual([]);
    expect((await auction.$snapshot()).open).toBe(true);
    await net.wait(minute);
    expect(ran).toEqual(later);
    expect(await auction.$schedules()).toEqual([]);
    expect(logs).toEqual([]);
  });

  test("an every that is replaced while its run waits begins anew", async () => {
    await using net = start(storage?.());
    const auction = net.server.auction("a");
    await auction.closeEvery("1s");
    const running = auction.bid();
    await net.wait(2000);
    gates.turn?.release();
    await running;
    await net.wait(2 * minute);
    expect(ran).toEqual(["close"]);
  });

  test("server code cancels one whose run waits", async () => {
    await using net = start(storage?.());
    const auction = net.server.auction("a");
    await auction.closeIn(1000);
    const running = auction.stop();
    await net.wait(2000);
    expect(await auction.$unschedule("close")).toBe(true);
    gates.turn?.release();
    await running;
    await net.wait(minute);
    expect(ran).toEqual([]);
  });

  test("a scheduled event that fails beside the queue commits no schedule of the event that has its turn", async () => {
    await using net = start(storage?.());
    const auction = net.server.auction("a");
    await auction.failBesideLater();
    await net.wait(2000);
    const failing = expect(auction.fail()).rejects.toThrow("It has failed");
    await net.wait(100);
    gates.beside?.release();
    await net.wait(100);
    gates.turn?.release();
    await failing;
    expect(await auction.$schedules()).toEqual([]);
    await net.wait(2 * minute);
    expect(ran).toEqual([]);
    expect(logs).toContainEqual(expect.stringContaining("It has failed beside the queue"));
  });
});
