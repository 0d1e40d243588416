import { current, event, state, update } from "twinstate";
import { type RoomHandle, scope } from "twinstate/server";
import { type Net, pair as pairOver } from "twinstate/testing";
import { expect, test } from "vitest";
import { SOCKET_EVENTS, TRANSPORT } from "../kit/transport.js";

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Events of all policies, in the queue and beside it. */
class Desk {
  @state found: string[] = [];

  @event({ queue: "latest" }) async search(text: string) {
    await sleep(1);
    this.found.push(text);
    return text;
  }
  @event({ queue: "latest", background: true }) async look(text: string) {
    await sleep(20);
    current().signal.throwIfAborted();
    await update(() => void this.found.push(text));
    return text;
  }
  @event({ queue: "latest", per: "instance", background: true }) async lookAlone(text: string) {
    await sleep(20);
    current().signal.throwIfAborted();
    return text;
  }
  @event({ queue: "drop", background: true }) async fetchAll(text: string) {
    await sleep(20);
    return text;
  }
  @event({ queue: "drop", per: "instance", background: true }) async fetchAlone(text: string) {
    await sleep(20);
    return text;
  }
  /** Calls as another event of this room: the caller stays the same. */
  @event({ background: true }) async searchAgain(text: string, other: string): Promise<string> {
    const [first, second] = await Promise.allSettled([twin().desk("a").look(text), twin().desk("a").look(other)]);
    return `${first.status} ${second.status}`;
  }
}

const stores = { desk: scope.room(Desk, { allow: () => true }) };
let twin: () => { desk: RoomHandle<Desk> };
function pair(): Net<typeof stores> {
  const net = pairOver({ stores, eventRate: 1e6, transport: TRANSPORT, socketEvents: SOCKET_EVENTS });
  twin = () => net.server;
  return net;
}
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => "OK",
    (error: { code: string }) => error.code,
  );

test.each(["search", "look"] as const)("in a room of 50, `latest` calls end no other caller's: %s", async (name) => {
  await using net = pair();
  const PEOPLE = 50;
  const each = process.env.TEST_FULL ? 200 : 6;
  const desks = await Promise.all(Array.from({ length: PEOPLE }, () => net.client().desk("a")));
  const outcomes = desks.map(() => [] as Promise<string>[]);
  for (let n = 0; n < each; n++) {
    for (const [i, desk] of desks.entries()) outcomes[i]?.push(codeOf(desk[name](`${i}.${n}`)));
    if (n % 4 === 3) await net.wait(7);
  }
  await net.quiet();
  const found = desks[0]?.found ?? [];
  for (const [i, calls] of outcomes.entries()) {
    const codes = await Promise.all(calls);
    // Nobody but its caller makes later calls: the last one always ends well.
    expect(codes.at(-1)).toBe("OK");
    for (const [n, code] of codes.entries()) {
      expect(["OK", "SUPERSEDED"]).toContain(code);
      expect(found.includes(`${i}.${n}`)).toBe(code === "OK");
    }
  }
});

test("`drop` refuses a second call of the same tab, not one of another", async () => {
  await using net = pair();
  const a = await net.client().desk("a");
  const b = await net.client().desk("a");
  const calls = [a.fetchAll("1"), a.fetchAll("2"), b.fetchAll("3"), net.server.desk("a").fetchAll("4")].map(codeOf);
  expect(await Promise.all(calls)).toEqual(["OK", "DROPPED", "OK", "OK"]);
});

test("two tabs of one session are two callers", async () => {
  await using net = pair();
  const first = net.client();
  const a = await first.desk("a");
  const b = await net.tab(first).desk("a");
  expect(await Promise.all([a.look("1"), b.look("2"), a.look("3")].map(codeOf))).toEqual(["SUPERSEDED", "OK", "OK"]);
});

test('`per: "instance"` looks at the calls of everybody in the scope instance', async () => {
  await using net = pair();
  const a = await net.client().desk("a");
  const b = await net.client().desk("a");
  const elsewhere = await net.client().desk("b");
  const calls = [codeOf(a.lookAlone("1")), codeOf(a.fetchAlone("1"))];
  await net.wait(15);
  calls.push(codeOf(b.lookAlone("2")), codeOf(b.fetchAlone("2")), codeOf(elsewhere.lookAlone("3")), codeOf(elsewhere.fetchAlone("3")));
  expect(await Promise.all(calls)).toEqual(["SUPERSEDED", "OK", "OK", "DROPPED", "OK", "OK"]);
});

test("a call from an event has the caller of that event", async () => {
  await using net = pair();
  const a = await net.client().desk("a");
  const b = await net.client().desk("a");
  const mine = codeOf(a.look("0"));
  const others = codeOf(b.look("other"));
  await net.wait(12);
  expect(await a.searchAgain("1", "2")).toBe("rejected fulfilled");
  expect(await mine).toBe("SUPERSEDED");
  expect(await others).toBe("OK");
});

test("server code is one caller", async () => {
  await using net = pair();
  const desk = net.server.desk("a");
  const calls = [desk.look("1"), desk.look("2")].map(codeOf);
  await net.quiet();
  await net.wait(30);
  expect(await Promise.all(calls)).toEqual(["SUPERSEDED", "OK"]);
});
