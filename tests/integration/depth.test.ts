import { event, state } from "twinstate";
import { lasting, pair } from "twinstate/testing";
import { expect, test } from "vitest";
import { toPlain } from "../../lib/view/view.js";

/** More than a stack takes. */
const LEVELS = 30_000;
const FEWER = 10_000;

interface Link {
  n: number;
  next: Link | null;
  back?: Link;
}

class Item {
  @state n = 0;
  @state next: Item | null = null;
}

class Chain {
  @state head: Link | null = null;
  @state items: Item | null = null;
  @state map = new Map<string, unknown>();

  @event push(count: number): void {
    for (let i = 0; i < count; i++) {
      const link: Link = { n: i, next: this.head };
      this.head = link;
      if (this.head.next) this.head.next.back = this.head;
    }
  }
  @event pushItems(count: number): void {
    for (let i = 0; i < count; i++) {
      const item = new Item();
      item.next = this.items;
      this.items = item;
    }
  }
  @event nest(count: number): void {
    for (let i = 0; i < count; i++) this.map = new Map([["inside", this.map]]);
  }
  @event setLast(n: number): void {
    let link = this.head as Link;
    while (link.next) link = link.next;
    link.n = n;
  }
  @event({ optimistic: true }) setLastAtOnce(n: number): void {
    this.setLast(n);
  }
  @event list(): Link | null {
    return this.head;
  }
  @event wrapped(): unknown {
    return { list: [this.head], items: this.items, map: this.map };
  }
  @event *links(): Generator<Link | null> {
    yield this.head;
  }
  @event own(count: number): unknown {
    let list: unknown = null;
    for (let i = 0; i < count; i++) list = { next: list };
    return list;
  }
}

function countOf(list: unknown, next: (one: never) => unknown = (one: Link) => one.next): number {
  let count = 0;
  for (let one = list; one; one = next(one as never)) count++;
  return count;
}
const inside = (map: Map<string, unknown>) => map.get("inside");

test("what is linked step by step may be as deep as it likes: sent, viewed, answered, undone, kept", async () => {
  await using net = pair({
    stores: { chain: Chain },
    models: { Item },
    storage: lasting(),
    log: () => {},
    browser: { stores: { chain: Chain }, models: { Item } },
  });
  const client = net.client();
  const chain = await client.chain();
  await chain.push(LEVELS);
  await chain.pushItems(FEWER);
  await chain.nest(FEWER);
  const server = () => net.server.chain(net.session(client));
  const look = async () => {
    for (const state of [chain, chain.$snapshot(), await server().$snapshot(), toPlain(chain)] as unknown as Chain[]) {
      expect(countOf(state.head)).toBe(LEVELS);
      expect(countOf(state.items)).toBe(FEWER);
      expect(countOf(state.map, inside)).toBe(FEWER + 1);
      expect(state.head?.next?.next?.back === state.head?.next).toBe(true);
    }
  };
  await look();
  expect(countOf(await chain.list())).toBe(LEVELS);
  expect(countOf(await server().list())).toBe(LEVELS);
  const { list, items, map } = (await chain.wrapped()) as { list: [Link]; items: Item; map: Map<string, unknown> };
  expect([countOf(list[0]), countOf(items), countOf(map, inside)]).toEqual([LEVELS, FEWER, FEWER + 1]);
  for await (const link of chain.links()) expect(countOf(link)).toBe(LEVELS);
  expect(countOf(await chain.own(LEVELS))).toBe(LEVELS);
  expect(countOf(await server().own(LEVELS))).toBe(LEVELS);

  const before = chain.$snapshot() as unknown as Chain;
  await chain.setLast(-5);
  // The matchers of deep equality have a depth of their own.
  expect(chain.$snapshot().head === before.head).toBe(false);
  const numberOfLast = () => {
    let link = chain.$snapshot().head as Link;
    while (link.next) link = link.next;
    return link.n;
  };
  expect(numberOfLast()).toBe(-5);
  const call = chain.setLastAtOnce(-6);
  expect(numberOfLast(), "as predicted").toBe(-6);
  await call;
  expect(numberOfLast()).toBe(-6);
  net.kill();
  await net.quiet();
  await look();
});
