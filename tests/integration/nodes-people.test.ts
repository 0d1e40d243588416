import { effect, event, type Presence, presence, state } from "twinstate";
import { scope } from "twinstate/server";
import { lasting, pair } from "twinstate/testing";
import { expect, test } from "vitest";
import { z } from "zod";

// Who is here, and effects for one tab, where pages and the state that they watch are at several nodes.

const Own = z.looseObject({ typing: z.boolean().optional() });
class Room {
  @state lines: string[] = [];
  @presence({ of: ({ session }: { session?: string }) => ({ name: session ?? "" }), input: Own }) people!: Presence<{ name: string }, { typing?: boolean }>;
  @event say(line: string) {
    this.lines.push(line);
  }
  @event count() {
    return this.people.length;
  }
  @event wave(id: string, text: string) {
    effect.to(id).toast(text);
  }
}
const stores = { room: scope.room(Room, { allow: () => true }) };
const GRACE = 3000;
const LEASE = 2000;
const open = () =>
  pair({
    stores,
    storage: lasting({ nodes: true }),
    nodes: 3,
    leaseTime: LEASE,
    grace: GRACE,
    context: ({ session }) => ({ session }),
    log: () => {},
  });

/** The room is at `a`, and three people watch it from the three nodes. */
async function three(net: ReturnType<typeof open>) {
  await net.node("a").room("x").say("begin");
  const clients = ["a", "b", "c"].map((node) => {
    const client = net.client();
    net.stick(client, node);
    return client;
  });
  const rooms = await Promise.all(clients.map((client) => client.room("x")));
  await net.wait(200);
  return { clients, rooms };
}

test("people are in one list, whichever nodes their streams are at, and all see what one shows", async () => {
  await using net = open();
  const { clients, rooms } = await three(net);
  expect(rooms.map(({ people }) => people.length)).toEqual([3, 3, 3]);
  rooms[2]?.$present("people", { typing: true });
  await net.wait(500);
  const [, , id] = clients.map((client) => net.session(client));
  expect(rooms.map(({ people }) => people.filter(({ typing }) => typing).map(({ name }) => name))).toEqual([[id], [id], [id]]);
});

test("who was at a node that is killed is gone after the grace time; who comes back by another node in it has never left", async () => {
  await using net = open();
  const { clients, rooms } = await three(net);
  const [, gone, back] = clients;
  if (!gone || !back) throw new Error("no clients");
  net.cut(gone);
  net.kill("b");
  net.stick(back, "a");
  net.break(back);
  const seen = new Set<number>();
  for (let at = 0; at < GRACE - 500; at += 250) {
    await net.wait(250);
    seen.add(rooms[0]?.people.length ?? 0);
  }
  expect([...seen]).toEqual([3]);
  await net.wait(2 * GRACE + LEASE);
  expect(rooms[0]?.people.map(({ name }) => name).sort()).toEqual([clients[0], back].map((client) => client && net.session(client)).sort());
});

test("behaviour 82: an effect for one tab goes to the node that has its stream; while it has none it waits, and comes by the node where it comes back", async () => {
  await using net = open();
  const { clients, rooms } = await three(net);
  const [one, , to] = clients;
  if (!one || !to) throw new Error("no clients");
  const told: unknown[] = [];
  to.$onEffect((name, args) => void told.push([name, args[0]]));
  const id = rooms[0]?.people.find(({ name }) => name === net.session(to))?.id ?? "";
  await rooms[0]?.wave(id, "here");
  await net.wait(500);
  expect(told).toEqual([["toast", "here"]]);
  net.cut(to);
  await net.wait(500);
  await rooms[0]?.wave(id, "away");
  await net.wait(500);
  net.heal(to);
  net.stick(to, "b");
  await net.quiet();
  expect(told).toEqual([
    ["toast", "here"],
    ["toast", "away"],
  ]);
});
