import { describe, expect, test, vi } from "vitest";
import { computed, event, state } from "../../lib/class/decorators.js";
import type { Classes } from "../../lib/class/view-registry.js";
import { type Node, nodeOf } from "../../lib/graph/node.js";
import { createMirror } from "../../lib/mirror/mirror.js";
import { createStore } from "../../lib/store/store.js";

const wire = <T>(value: T): T => JSON.parse(JSON.stringify(value));

class Card {
  static made = 0;
  @state title: string;
  @state tags: string[] = [];
  @state next: Card | undefined;
  @state({ private: true }) private secret = "hidden";

  constructor(title = "") {
    this.title = title;
    Card.made++;
  }

  @computed get loud(): string {
    return `${this.title}!`;
  }
  @computed({ visibleTo: () => false }) get cost(): number | undefined {
    return this.secret.length;
  }
  get words(): string[] {
    return this.title.split(" ");
  }
  get first(): string | undefined {
    return this.words[0];
  }
  count(): number {
    return this.words.length;
  }
  wipe(): void {
    this.title = "";
  }
  @event rename(title: string): void {
    this.title = title;
  }
}

class Special extends Card {
  override get words(): string[] {
    return ["special", ...super.words];
  }
}

class Shelf {
  @state cards: Card[] = [];
  @state byName = new Map<string, Card>();
  @state marked = new Set<Card | string>();
  @state seen = new Map<string, number>([["a", 1]]);
  @state names = new Set(["x"]);
  @state at = new Date(5);
  @state bytes = new Uint8Array([1, 2, 3]);
  @state loop: { self?: unknown; note: string } = { note: "round" };
  @state plain = { title: "plain" };
}

/** A store of cards, and a twin of it that knows these classes. */
function shelf(models: Classes = { Card, Special }) {
  const store = createStore({ name: "shelf", instance: new Shelf(), models: { Card, Special } });
  store.watch();
  const mirror = createMirror({ name: "shelf", models });
  mirror.applySnapshot(wire(store.snapshot()));
  const source = store.instance as Shelf;
  const change = (run: (shelf: Shelf) => void) => {
    run(source);
    const delta = store.commit();
    if (delta) mirror.applyDelta(wire(delta));
    store.endTurn();
    return mirror.view() as Shelf;
  };
  return { store, mirror, change };
}

describe("the view of an instance whose class the browser has", () => {
  test("stands on the class, and nobody's constructor has run", () => {
    const { change } = shelf();
    const card = new Card("one two");
    const special = new Special("three");
    const { made } = Card;
    const { cards } = change((shelf) => shelf.cards.push(card, special));
    expect([cards[0] instanceof Card, cards[0] instanceof Special, cards[1] instanceof Special]).toEqual([true, false, true]);
    expect(Card.made).toBe(made);
    expect(Object.keys(cards[0] as Card)).toEqual(["title", "tags", "next", "loud"]);
    expect(structuredClone(cards[0])).toEqual({ title: "one two", tags: [], next: undefined, loud: "one two!" });
    expect(JSON.stringify(cards[1])).toBe('{"title":"three","tags":[],"loud":"three!"}');
  });

  test("has its getters, evaluated once for each view, and methods that read", () => {
    const { change } = shelf();
    const [card, special] = change((shelf) => shelf.cards.push(new Card("one two"), new Special("three"))).cards as [Card, Special];
    expect(card.words).toEqual(["one", "two"]);
    expect(card.words).toBe(card.words);
    expect([card.first, card.count(), special.words, special.count()]).toEqual(["one", 2, ["special", "three"], 2]);
    const { words } = card;
    const after = change((shelf) => shelf.cards[1]!.rename("four")).cards as [Card, Special];
    expect(after[0]).toBe(card);
    expect(after[0].words).toBe(words);
    expect([after[1].words, special.words]).toEqual([
      ["special", "four"],
      ["special", "three"],
    ]);
  });

  test("has none of what the browser is not told", () => {
    const { change } = shelf();
    const [card] = change((shelf) => shelf.cards.push(new Card("one"))).cards as [Card];
    expect([card.cost, (card as unknown as { secret: unknown }).secret]).toEqual([undefined, undefined]);
    expect(card.loud).toBe("one!");
  });

  test("refuses its events, and methods that write", () => {
    const { change } = shelf();
    const [card] = change((shelf) => shelf.cards.push(new Card("one"))).cards as [Card];
    expect(() => card.rename("two")).toThrow(
      "`rename` is an event of `Card`, and this object cannot have it called: it is in no store of a client or a server, or the event is internal.",
    );
    expect(() => card.wipe()).toThrow("`Card.wipe` changes state, and is no event: a page cannot run it. Did you forget `@event`?");
    expect(card.title).toBe("one");
  });

  test("has the events of the server's class, that of the browser's, a base of it, lacks too", () => {
    const events = { rename: {}, archive: {} };
    const store = createStore({ name: "shelf", instance: new Shelf(), models: { Card, Special } });
    const named = (models: Classes) => {
      const mirror = createMirror({ name: "shelf", models, eventsOf: () => events, eventOf: (node, name) => `${name} of ${node.id}` });
      mirror.applySnapshot(wire(store.snapshot()));
      return (mirror.view() as Shelf).cards[0] as Card & { archive: unknown };
    };
    (store.instance as Shelf).cards.push(new Card("one"));
    store.commit();
    for (const models of [{ Card }, {}, { Card }]) {
      const card = named(models);
      const { id } = nodeOf((store.instance as Shelf).cards[0]) as Node;
      expect([card.rename, card.archive, card instanceof Card, card.words]).toEqual([
        `rename of ${id}`,
        `archive of ${id}`,
        "Card" in models,
        "Card" in models ? ["one"] : undefined,
      ]);
      expect(Object.keys(card)).toEqual(["title", "tags", "next", "loud"]);
    }
  });

  test("has its events where another copy of the module knows its class, as where Next renders a page", async () => {
    vi.resetModules();
    const other = await import("../../lib/mirror/mirror.js");
    expect(other.createMirror).not.toBe(createMirror);
    const instance = new Shelf();
    instance.cards.push(new Card("one"));
    const store = createStore({ name: "shelf", instance, models: { Card, Special } });
    const mirror = other.createMirror({ name: "shelf", models: { Card }, eventsOf: () => ({ rename: {} }), eventOf: (_, name) => name });
    mirror.applySnapshot(wire(store.snapshot()));
    const [card] = (mirror.view() as Shelf).cards as [Card];
    expect([card.rename, card instanceof Card, card.words]).toEqual(["rename", true, ["one"]]);
  });

  test("is plain where the browser lacks the class, or the class has no decorators", () => {
    for (const models of [{}, { Card: class {} }]) {
      const { change } = shelf(models);
      const [card] = change((shelf) => shelf.cards.push(new Card("one"))).cards as [Card];
      expect([Object.getPrototypeOf(card), card.title]).toEqual([Object.prototype, "one"]);
    }
  });
});

describe("a view", () => {
  test("shares what has not changed: instances, Maps, Sets, dates, bytes", () => {
    const { change } = shelf();
    const card = new Card("one");
    const before = change((shelf) => {
      shelf.cards.push(card, new Card("two"));
      shelf.byName.set("one", card);
      shelf.marked.add(card).add("text");
    });
    const after = change((shelf) => shelf.cards[1]!.rename("zwei"));
    expect(after.cards).not.toBe(before.cards);
    expect(after.cards[0]).toBe(before.cards[0]);
    for (const key of ["byName", "marked", "seen", "names", "at", "bytes", "loop", "plain"] as const) expect(after[key]).toBe(before[key]);
    const last = change((shelf) => shelf.cards[0]!.rename("eins"));
    expect([last.byName.get("one"), last.byName === after.byName, last.marked === after.marked]).toEqual([last.cards[0], false, false]);
    expect([...last.marked]).toEqual([last.cards[0], "text"]);
    expect([before.byName.get("one")?.title, after.byName.get("one")?.title, last.byName.get("one")?.title]).toEqual(["one", "one", "eins"]);
  });

  test("is the same when all has changed and changed back", () => {
    const { store, mirror } = shelf();
    const before = mirror.view() as Shelf;
    const source = store.instance as Shelf;
    for (const n of [2, 1]) {
      source.seen.set("a", n);
      source.names[n === 2 ? "add" : "delete"]("y");
      source.plain.title = n === 2 ? "other" : "plain";
      mirror.applyDelta(wire(store.commit()) as never);
    }
    expect(mirror.view()).toBe(before);
  });

  test("keeps identity and cycles, through instances too", () => {
    const { change } = shelf();
    const view = change((shelf) => {
      const [one, two] = [new Card("one"), new Card("two")];
      one.next = two;
      two.next = one;
      shelf.cards.push(one, two, one);
      shelf.loop.self = shelf.loop;
    });
    const [one, two, again] = view.cards as [Card, Card, Card];
    expect([one === again, one.next === two, two.next === one, view.loop.self === view.loop]).toEqual([true, true, true, true]);
    expect([one.next?.next?.words, one instanceof Card, two instanceof Card]).toEqual([["one"], true, true]);
    const after = change((shelf) => shelf.cards[1]!.rename("zwei")).cards as [Card, Card, Card];
    expect([after[0] === after[2], after[0].next?.title, after[1].next === after[0], one.next?.title]).toEqual([true, "zwei", true, "two"]);
  });

  test("throws where it is changed, in development: Maps, Sets and dates too, and stays as it is", () => {
    const { change } = shelf();
    const card = new Card("one");
    const view = change((shelf) => {
      shelf.cards.push(card);
      shelf.byName.set("one", card);
      shelf.marked.add(card);
    });
    const told = /^`\w+` on (an array|a Map|a Set) in a view of `shelf`: views cannot be changed\. Call an event of the store/;
    for (const map of [view.byName, view.seen] as Map<string, unknown>[]) {
      expect(() => map.set("b", 2)).toThrow(told);
      expect(() => map.delete("a")).toThrow(told);
      expect(() => map.clear()).toThrow(told);
    }
    for (const set of [view.marked, view.names] as Set<unknown>[]) {
      expect(() => set.add("b")).toThrow(told);
      expect(() => set.delete("x")).toThrow(told);
      expect(() => set.clear()).toThrow(told);
    }
    const cards = view.cards as Card[];
    for (const write of [() => cards.push(card), () => cards.pop(), () => cards.sort(), () => cards.splice(0), () => cards.reverse()])
      expect(write).toThrow(told);
    expect([structuredClone([...view.names]), Object.keys(cards), cards.slice().concat(card).length]).toEqual([["x"], ["0"], 2]);
    expect(() => view.at.setFullYear(2000)).toThrow("`setFullYear` on a date of a store");
    for (const write of [() => (view.plain.title = "x"), () => (view.cards[0]!.title = "x"), () => (cards[0] = card), () => (view.at = new Date())]) {
      expect(write).toThrow(TypeError);
    }
    expect([view.seen.size, view.names.size, view.byName.size, view.marked.size]).toEqual([1, 1, 1, 1]);
    expect([new Map(view.seen).set("b", 2).size, new Set(view.names).add("y").size]).toEqual([2, 2]);
    expect(structuredClone({ ...view, cards: [], byName: 0, marked: 0 })).toMatchObject({ seen: new Map([["a", 1]]), names: new Set(["x"]), at: new Date(5) });
    // What the twin is told of later still arrives.
    const after = change((shelf) => {
      shelf.seen.set("b", 2);
      shelf.names.clear();
    });
    expect([[...after.seen], after.names.size, [...view.seen]]).toEqual([
      [
        ["a", 1],
        ["b", 2],
      ],
      0,
      [["a", 1]],
    ]);
  });
});
