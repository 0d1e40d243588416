import { computed, event, newId, reset, state } from "twinstate";
import { lasting, type PairOptions, pair } from "twinstate/testing";
import { expect, test } from "vitest";

class Card {
  @state title = "first";
  @state tags: string[] = ["a"];
  notState = 1;

  @event({ optimistic: true }) restore(): void {
    reset(this);
  }
}

class Titled {
  @state title: string;
  constructor(title: string) {
    this.title = title;
  }
}

/** A constructor that reaches for state that is there already. */
let reached: List | undefined;
class Reaching {
  @state n = 1;
  constructor() {
    if (reached) reached.note = "written by a constructor";
  }
}

class Base {
  @state inherited = 1;
}

class List extends Base {
  @state items: { id: string; title: string }[] = [{ id: "a", title: "milk" }];
  @state note = "";
  @state days = new Map([["mon", 1]]);
  @state card = new Card();
  @state titled = new Titled("kept");
  @state reaching = new Reaching();
  @state optional?: string;
  @state({ private: true }) private secret = 1;
  counter = 0;

  @computed get count() {
    return this.items.length;
  }
  @event({ optimistic: true }) change(): void {
    this.inherited = 2;
    this.items.push({ id: newId(), title: "bread" });
    this.note = "changed";
    this.days.set("tue", 2);
    this.card.title = "changed";
    this.card.tags = [];
    this.optional = "there";
  }
  @event hide(): void {
    this.secret = 2;
    this.counter = 5;
    this.card.notState = 2;
  }
  @event({ optimistic: true }) restore(): void {
    reset(this);
  }
  @event({ optimistic: true }) restoreSome(): void {
    reset(this, "items", "note");
  }
  @event({ optimistic: true }) restoreCard(): void {
    reset(this.card);
  }
  @event look(): unknown[] {
    return [this.secret, this.counter, this.card.notState];
  }
  @event unknown(name: string): void {
    reset(this, name as "note");
  }
  @event needsArguments(): void {
    reset(this.titled);
  }
  @event reaches(): void {
    reached = this;
    try {
      reset(this.reaching);
    } finally {
      reached = undefined;
    }
  }
  @event throwsAfterwards(): void {
    reset(this);
    throw new Error("no");
  }
}

const models = { Card, Titled, Reaching };
const FRESH = {
  inherited: 1,
  items: [{ id: "a", title: "milk" }],
  note: "",
  days: new Map([["mon", 1]]),
  card: { title: "first", tags: ["a"] },
  optional: undefined,
  count: 1,
};

const open = async (browser?: PairOptions<{ list: typeof List }, typeof models>["browser"]) => {
  const net = pair({ stores: { list: List }, models, storage: lasting(), latency: [200, 200], log: () => {}, ...(browser && { browser }) });
  return { net, list: await net.client().list(), [Symbol.asyncDispose]: () => net[Symbol.asyncDispose]() };
};

test("behaviour 29: `reset(this)` sets all state fields as the class began, inherited and private ones too, and nothing else", async () => {
  await using page = await open();
  const { net, list } = page;
  await list.change();
  await list.hide();
  expect(list).toMatchObject({ inherited: 2, note: "changed", count: 2, optional: "there" });
  await list.restore();
  expect(list).toMatchObject(FRESH);
  expect(await list.look()).toEqual([1, 5, 1]);
  net.kill();
  await net.quiet();
  expect(list).toMatchObject(FRESH);
  expect(await list.look()).toEqual([1, 0, 1]);
});

test("with names, and on an instance, `reset` leaves the rest as it is", async () => {
  await using page = await open();
  const { list } = page;
  await list.change();
  await list.restoreSome();
  expect(list).toMatchObject({
    ...FRESH,
    inherited: 2,
    days: new Map([
      ["mon", 1],
      ["tue", 2],
    ]),
    card: { title: "changed", tags: [] },
    optional: "there",
  });
  await list.restoreCard();
  expect(list.card).toMatchObject(FRESH.card);
  expect(list.days.size).toBe(2);
});

test("a predicted `reset` shows at once what the server will say", async () => {
  await using page = await open({ stores: { list: List }, models });
  const { list } = page;
  await list.change();
  const seen: string[] = [];
  list.$subscribe(() => {
    const now = `${list.note}|${list.count}|${list.card.title}`;
    if (seen.at(-1) !== now) seen.push(now);
  });
  const call = list.restore();
  expect(list).toMatchObject(FRESH);
  await call;
  expect(seen).toEqual(["|1|first"]);
  await list.change();
  const some = list.restoreCard();
  expect(list.card).toMatchObject(FRESH.card);
  await some;
  expect(list).toMatchObject({ note: "changed", card: FRESH.card });
});

test("a `reset` that cannot be is refused, says why, and changes nothing", async () => {
  const logged: string[] = [];
  await using net = pair({ stores: { list: List }, models, log: ({ error }) => logged.push(String((error as Error).message)) });
  const list = await net.client().list();
  await list.change();
  for (const attempt of ["needsArguments", "reaches", "throwsAfterwards"] as const) await expect(list[attempt]()).rejects.toMatchObject({ code: "INTERNAL" });
  await expect(list.unknown("nothing")).rejects.toMatchObject({ code: "INTERNAL" });
  await expect(list.unknown("count")).rejects.toMatchObject({ code: "INTERNAL" });
  expect(logged).toEqual([
    "`reset()` cannot make a new `Titled`: its constructor takes arguments. Give them defaults, or assign the fields.",
    expect.stringMatching(/^`reset\(\)` cannot make a new `Reaching`: its constructor throws: .*changed outside an event/),
    "no",
    expect.stringMatching(/^`reset\(…, "nothing"\)`: `List` has no `@state` field of that name\. It has `inherited`, `items`, /),
    expect.stringMatching(/^`reset\(…, "count"\)`/),
  ]);
  expect(list).toMatchObject({ inherited: 2, note: "changed", count: 2 });
});

test("on a plain instance, outside of any store, `reset` works as on state", () => {
  const list = new List();
  list.note = "changed";
  list.items.push({ id: "b", title: "bread" });
  reset(list);
  expect(list).toMatchObject({ note: "", items: FRESH.items });
});
