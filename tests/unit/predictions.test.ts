import { autorun } from "mobx";
import { computed, current, EventError, effect, event, newId, onDelta, state, toPlain, update } from "twinstate";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { AnyClass } from "../../lib/class/schema.js";
import { InstanceNode } from "../../lib/graph/instance.js";
import { type Node, nodeOf } from "../../lib/graph/node.js";
import { openFace } from "../../lib/live/faces.js";
import { createMirror } from "../../lib/mirror/mirror.js";
import { isPending, type Prediction, Predictions } from "../../lib/predict/predictions.js";
import { createStore } from "../../lib/store/store.js";
import { encodeValue } from "../../lib/wire/value-codec.js";
import { form, positive, text } from "../kit/schemas.js";

/** What crosses the wire. */
const sent = <T>(value: T): T => JSON.parse(JSON.stringify(value));

/** A store, and a twin of it that has its class. */
function twinOf<T extends object>(
  Class: new () => T,
  { models = {}, known = models, Server = Class }: { models?: Record<string, AnyClass>; known?: Record<string, AnyClass>; Server?: new () => T } = {},
) {
  const instance = new Server();
  const store = createStore({ name: "list", instance, models: models as never });
  const mirror = createMirror({ name: "list", models: known });
  mirror.applySnapshot(sent(store.snapshot()));
  const predictions = new Predictions(mirror, Class);
  return {
    mirror,
    predictions,
    /** The events that the twin shows and the server has not ended. */
    call: (name: string, ...args: unknown[]): Prediction | undefined => predictions.begin(name, sent(encodeValue(args)), false, "seed"),
    /** A form that is sent to an event. */
    submit: (name: string, fields: [name: string, value: string | null][], ...bound: unknown[]) =>
      predictions.begin(name, sent(encodeValue({ fields, bound })), false, "seed"),
    /** Runs something on the server; it ends the given events. */
    frame(run: (instance: T) => unknown, ...ended: (Prediction | undefined)[]) {
      const { next } = mirror;
      run(instance);
      const delta = store.commit();
      store.endTurn();
      for (const one of ended) one?.end(instancesOf(nodeOf(instance) as Node).filter((id) => id >= next));
      predictions.change(() => delta && mirror.applyDelta(sent(delta)));
    },
    snapshot(...ended: (Prediction | undefined)[]) {
      for (const one of ended) one?.end();
      predictions.change(() => mirror.applySnapshot(sent(store.snapshot())));
    },
    get view() {
      return mirror.view() as T;
    },
    get live() {
      mirror.graph.open ??= openFace;
      return mirror.live as T;
    },
    get store() {
      return store.plain() as T;
    },
  };
}

/** The numbers of the instances in a container. */
function instancesOf(root: Node): number[] {
  const found = new Set([root]);
  for (const node of found) node.children((child) => void found.add(child));
  return [...found].filter((node) => node instanceof InstanceNode).map(({ id }) => id);
}

interface Item {
  id: string;
  title: string;
  done: boolean;
}

class List {
  @state items: Item[] = [
    { id: "a", title: "milk", done: false },
    { id: "b", title: "bread", done: true },
  ];
  @state note = "";
  @state tags = new Set<string>();
  @state byDay = new Map<string, Item[]>();
  @state({ private: true }) private secret = 1;
  runs = 0;
  #hidden = 1;

  @computed get left() {
    return this.items.filter(({ done }) => !done).length;
  }
  @computed get open() {
    return this.items.filter(({ done }) => !done);
  }
  @computed get halves() {
    return [true, false].map((done) => ({ done, titles: this.items.filter((item) => item.done === done).map(({ title }) => title) }));
  }
  @computed get secretly() {
    return this.secret + this.items.length;
  }
  get first() {
    return this.items[0];
  }
  set heading(value: string) {
    this.note = `# ${value}`;
  }

  @event add(title: string) {
    const id = newId();
    this.items.push({ id, title, done: false });
    return id;
  }
  @event toggle(id: string) {
    const item = this.find(id);
    if (!item) throw new EventError("NOT_FOUND", id);
    item.done = !item.done;
  }
  @event remove(id: string) {
    this.items = this.items.filter((item) => item.id !== id);
  }
  @event clear() {
    this.items = [];
    this.note = "cleared";
  }
  @event head(title: string) {
    this.heading = title;
    this.first!.title = title;
  }
  @event sort() {
    this.items.sort((a, b) => (a.title < b.title ? -1 : 1));
  }
  @event file(day: string, id: string) {
    const item = this.find(id) as Item;
    this.byDay.set(day, [...(this.byDay.get(day) ?? []), item]);
    this.tags.add(day);
  }
  @event(text, text) write(first: string, second: string) {
    this.note += first + second;
  }
  @event(form) writeAll({ first, more }: { first: string; more: string[] }) {
    this.note += `${first}${more}`;
  }
  @event due(id: string, at: Date) {
    (this.find(id) as Item & { due: Date }).due = at;
  }
  @event(positive) raise(by: number) {
    this.note += by;
  }

  // What cannot be known in a browser.
  @event async waits() {
    this.note = "waited";
  }
  @event *steps() {
    this.note = "stepped";
    yield 1;
  }
  @event promises() {
    this.note = "promised";
    return Promise.reject(new Error("nobody shall hear of it"));
  }
  @event starts() {
    this.note = "started";
    void this.later();
  }
  @event asks() {
    this.note = "asked";
    return current().key;
  }
  @event updates() {
    this.note = "updated";
    return void update(() => {});
  }
  @event reads() {
    this.note = `${this.secret}`;
  }
  @event writes() {
    this.note = "written";
    this.runs++;
  }
  @event hides() {
    this.note = "hidden";
    return this.#hidden;
  }
  @event helps() {
    this.note = "helped";
    (this as unknown as { mailer: { send(): void } }).mailer.send();
  }
  @event swallows() {
    try {
      this.note = `${this.secret}`;
    } catch {
      this.note = "swallowed";
    }
  }
  @event fails() {
    this.note = "failed";
    this.items.pop();
    throw new EventError("NO", "no");
  }
  @event greets() {
    effect.toast("Hello");
    this.note = "greeted";
  }
  private async later() {
    this.note = "later";
  }
  private find(id: string) {
    return this.items.find((item) => item.id === id);
  }
}

describe("an event that the browser has the body of", () => {
  test("is shown at once, with what is computed from it", () => {
    const twin = twinOf(List);
    twin.call("add", "tea");
    expect(twin.view.items.map(({ title }) => title)).toEqual(["milk", "bread", "tea"]);
    expect(twin.view.left).toBe(2);
    expect(twin.view.open.map(({ title }) => title)).toEqual(["milk", "tea"]);
    expect(twin.view.halves).toEqual([
      { done: true, titles: ["bread"] },
      { done: false, titles: ["milk", "tea"] },
    ]);
    expect(twin.store.items.length).toBe(2);
  });

  test("keeps what the server says of a computed that reads what is private", () => {
    const twin = twinOf(List);
    twin.call("add", "tea");
    expect(twin.view.secretly).toBe(3);
  });

  test("uses getters, setters, private methods, Maps, Sets and sorting", () => {
    const twin = twinOf(List);
    twin.call("head", "apples");
    twin.call("file", "monday", "a");
    twin.call("sort");
    twin.call("greets");
    const { items, note, byDay, tags } = twin.view;
    expect(note).toBe("greeted");
    expect(items.map(({ title }) => title)).toEqual(["apples", "bread"]);
    expect(byDay.get("monday")?.[0]).toBe(items[0]);
    expect([...tags]).toEqual(["monday"]);
  });

  test("gets its arguments as its schema makes them, and is not shown where the schema refuses them", () => {
    const twin = twinOf(List);
    expect(twin.call("raise", -1)).toBeUndefined();
    expect(twin.call("raise", 1, 2)).toBeUndefined();
    twin.call("raise", 2);
    expect(twin.view.note).toBe("2");
  });

  test("may be sent a form: its fields are the arguments, or one object, as on the server", () => {
    const twin = twinOf(List);
    twin.submit("write", [["text", "a "]], "b ");
    twin.submit("writeAll", [
      ["first", "c "],
      ["more", "d "],
      ["more", "e "],
    ]);
    expect(twin.view.note).toBe("b a c d ,e ");
    expect(twin.submit("write", [["text", null]], "b "), "a file").toBeUndefined();
    // Where a compiler tells the types of parameters, as here.
    twin.submit("add", [["title", "tea"]]);
    expect(twin.view.items.at(-1)?.title).toBe("tea");
  });

  test("is no reader of the reaction that calls it", () => {
    const twin = twinOf(List);
    let runs = 0;
    const stop = autorun(() => {
      runs++;
      twin.call("toggle", "a");
    });
    twin.call("toggle", "a");
    expect(runs).toBe(1);
    stop();
  });

  test("leaves the twin read-only for everybody else", () => {
    const twin = twinOf(List);
    const { items } = twin.live;
    twin.call("add", "tea");
    expect(() => items.push(items[0] as Item)).toThrow("is a twin");
    expect(() => Object.assign(items[2] as Item, { done: true })).toThrow("is a twin");
  });
});

describe("is not shown, and leaves no trace:", () => {
  test.each(["waits", "steps", "promises", "starts", "asks", "updates", "reads", "writes", "helps", "swallows", "nothing"])("%s", (name) => {
    const twin = twinOf(List);
    const before = twin.view;
    expect(twin.call(name)).toBeUndefined();
    expect(twin.view).toBe(before);
    expect(twin.predictions.open).toBe(false);
  });

  test("an event that waits, which is told once, by its name, in development", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    const twin = twinOf(List);
    for (const name of ["waits", "steps", "promises", "asks", "waits", "steps", "promises"]) twin.call(name);
    expect(warn.mock.calls.map(([message]) => message)).toEqual([
      expect.stringMatching(/^`.*waits` is `optimistic: true` and is async or a generator, so it is not shown before the server's answer\./),
      expect.stringMatching(/steps` .* async or a generator/),
      expect.stringMatching(/promises` .* returns a promise/),
    ]);
  });

  test("one that asks for what is private by its name's #", () => {
    const twin = twinOf(List);
    const before = twin.view;
    twin.call("hides");
    expect(twin.view).toBe(before);
  });

  test("an event that throws, until it does not", () => {
    const twin = twinOf(List);
    const before = twin.view;
    expect(twin.call("fails")).toBeDefined();
    twin.call("toggle", "c");
    expect(twin.view).toBe(before);
    twin.frame((list) => list.items.push({ id: "c", title: "tea", done: false }));
    expect(twin.view.items[2]?.done).toBe(true);
  });
});

describe("when the server speaks", () => {
  test("what is pending is shown on top of what it says", () => {
    const twin = twinOf(List);
    twin.call("toggle", "a");
    twin.call("add", "tea");
    twin.frame((list) => list.items.unshift({ id: "c", title: "salt", done: false }));
    expect(twin.view.items.map(({ title, done }) => [title, done])).toEqual([
      ["salt", false],
      ["milk", true],
      ["bread", true],
      ["tea", false],
    ]);
    expect(twin.view.left).toBe(2);
  });

  test("what has ended is shown once, and what is equal stays the same", () => {
    const twin = twinOf(List);
    const call = twin.call("add", "tea");
    const { items, open } = twin.view;
    const face = twin.live.items[2];
    const id = items[2]?.id as string;
    twin.frame((list) => list.items.push({ id, title: "tea", done: false }), call);
    expect(twin.view.items).toBe(items);
    expect(twin.view.open).toEqual(open);
    expect(twin.live.items[2]).toBe(face);
    expect(twin.view).toEqual(twin.store);
  });

  test("a date of the same time is the same", () => {
    const twin = twinOf(List);
    const call = twin.call("due", "a", new Date(5));
    const { items } = twin.view;
    twin.frame((list) => {
      list.note = "x";
    });
    expect(twin.view.items).toBe(items);
    twin.frame((list) => list.due("a", new Date(5)), call);
    expect(twin.view.items).toBe(items);
    expect(twin.view).toEqual(twin.store);
  });

  test("several calls that end one after the other leave every row that is as it was", () => {
    const twin = twinOf(List);
    const calls = ["tea", "salt", "rice"].map((title) => twin.predictions.begin("add", encodeValue([title]), false, title));
    const rows = twin.view.items;
    for (const [i, call] of calls.entries()) {
      const { id, title } = rows[i + 2] as Item;
      twin.frame((list) => list.items.push({ id, title, done: false }), call);
      expect(twin.view.items).toBe(rows);
    }
    expect(twin.view).toEqual(twin.store);
  });

  test("one that is refused is gone, and those after it stay", () => {
    const twin = twinOf(List);
    const [a, , c] = ["a", "b", "a"].map((id) => twin.call("toggle", id));
    a?.drop();
    expect(twin.view.items.map(({ done }) => done)).toEqual([true, false]);
    c?.drop();
    expect(twin.view.items.map(({ done }) => done)).toEqual([false, false]);
  });

  test("a snapshot takes the place of what was said before", () => {
    const twin = twinOf(List);
    const [one] = [twin.call("add", "tea"), twin.call("toggle", "b")];
    const row = twin.view.items[2];
    const id = row?.id as string;
    twin.frame((list) => list.items.push({ id, title: "tea", done: false }), one);
    twin.snapshot();
    expect(twin.view.items[2]).toBe(row);
    expect(twin.view.items.map(({ done }) => done)).toEqual([false, false, false]);
  });

  test("a snapshot that has what was pending shows it once", () => {
    const twin = twinOf(List);
    const call = twin.call("add", "tea");
    const { items } = twin.view;
    twin.frame((list) => list.items.push({ ...(items[2] as Item) }), call);
    twin.snapshot(call);
    expect(twin.view.items).toBe(items);
    expect(twin.view).toEqual(twin.store);
  });

  test("rows that the server has replaced are those of the server", () => {
    const twin = twinOf(List);
    twin.call("toggle", "a");
    twin.frame((list) => {
      list.items = [{ id: "c", title: "salt", done: false }];
    });
    expect(twin.view.items).toEqual([{ id: "c", title: "salt", done: false }]);
    twin.call("remove", "c");
    expect(twin.view.items).toEqual([]);
  });

  test("a call that waits comes after those that are sent", () => {
    const twin = twinOf(List);
    const waiting = twin.predictions.begin("add", encodeValue(["last"]), true);
    twin.call("add", "first");
    expect(twin.view.items.map(({ title }) => title).slice(2)).toEqual(["first", "last"]);
    waiting?.sent("other");
    twin.call("add", "third");
    expect(twin.view.items.map(({ title }) => title).slice(2)).toEqual(["first", "last", "third"]);
  });

  test("the same ids come again, and others where the call has got another number", () => {
    const twin = twinOf(List);
    const call = twin.call("add", "tea");
    const { id } = twin.view.items[2] as Item;
    twin.frame((list) => list.items.pop());
    expect(twin.view.items[1]?.id).toBe(id);
    call?.sent("another");
    expect(twin.view.items[1]?.id).not.toBe(id);
  });
});

describe("reactions", () => {
  test("see the prediction, and nothing of what comes to the same", () => {
    const twin = twinOf(List);
    const { items } = twin.live;
    const seen: unknown[] = [];
    const stop = autorun(() => seen.push(twin.live.items.map(({ title, done }) => `${title} ${done}`).join()));
    const call = twin.call("toggle", "a");
    expect(seen).toEqual(["milk false,bread true", "milk true,bread true"]);
    twin.frame((list) => {
      list.items[0]!.done = true;
    }, call);
    twin.call("toggle", "b");
    twin.frame((list) => {
      list.note = "x";
    });
    expect(seen).toEqual(["milk false,bread true", "milk true,bread true", "milk true,bread false"]);
    expect(twin.live.items).toBe(items);
    stop();
  });

  test("listeners can follow", () => {
    const twin = twinOf(List);
    const follow: Item[] = toPlain(twin.live.items);
    onDelta(twin.live.items, (delta) => {
      if (delta.type === "splice") follow.splice(delta.index, delta.removed().length, ...(toPlain(delta.added()) as Item[]));
    });
    const titles = () => expect(follow.map(({ title }) => title)).toEqual(twin.view.items.map(({ title }) => title));
    const call = twin.call("add", "tea");
    titles();
    const { id } = twin.view.items[2] as Item;
    twin.frame((list) => list.items.unshift({ id: "c", title: "salt", done: false }));
    titles();
    twin.frame((list) => list.items.push({ id, title: "tea", done: false }), call);
    titles();
    twin.call("sort");
    titles();
  });
});

describe("what is pending", () => {
  test("is a row that an event has changed, and what holds it, until it has ended", () => {
    const twin = twinOf(List);
    const { items } = twin.view;
    expect(isPending(items[0] as Item)).toBe(false);
    const call = twin.call("toggle", "a");
    const [a, b] = twin.view.items as [Item, Item];
    expect([a, b, twin.view.items, twin.view].map(isPending)).toEqual([true, false, true, true]);
    expect([twin.live.items[0] as Item, twin.live.items[1] as Item, twin.live].map(isPending)).toEqual([true, false, true]);
    twin.frame((list) => {
      list.items[0]!.done = true;
    }, call);
    const now = twin.view.items;
    expect(isPending(now[0] as Item)).toBe(false);
    expect(now[0]).toEqual(a);
    expect(now[0], "who has asked is told").not.toBe(a);
    expect(now).not.toBe(items);
    expect(now[1]).toBe(b);
  });

  test("keeps its view where nobody has asked", () => {
    const twin = twinOf(List);
    const call = twin.call("toggle", "a");
    const { items } = twin.view;
    twin.frame((list) => {
      list.items[0]!.done = true;
    }, call);
    expect(twin.view.items).toBe(items);
  });

  test("tells reactions", () => {
    const twin = twinOf(List);
    const seen: boolean[] = [];
    const stop = autorun(() => seen.push(isPending(twin.live.items[0] as Item)));
    const call = twin.call("toggle", "a");
    call?.drop();
    expect(seen).toEqual([false, true, false]);
    stop();
  });
});

class Card {
  @state title: string;
  @state votes: string[] = [];
  @state({ private: true }) private log: string[] = [];
  constructor(title = "") {
    this.title = title;
  }
  @computed get count() {
    return this.votes.length;
  }
  vote(who: string) {
    this.votes.push(who);
  }
  audit() {
    this.log.push("audited");
    this.votes.push("auditor");
  }
}

class Board {
  @state cards: Card[] = [new Card("one")];
  @computed get total() {
    return this.cards.reduce((sum, card) => sum + card.count, 0);
  }
  @event add(title: string) {
    const card = new Card(title);
    this.cards.push(card);
    card.vote("me");
    if (this.cards.at(-1) !== card || !(this.cards[0] instanceof Card)) throw new Error("not the same");
  }
  @event vote(index: number, who: string) {
    this.cards[index]?.vote(who);
  }
  @event audit() {
    this.cards[0]?.audit();
  }
}

describe("instances of models", () => {
  test("have their methods, and their computeds are right", () => {
    const twin = twinOf(Board, { models: { Card } });
    const add = twin.call("add", "two");
    const vote = twin.call("vote", 0, "you");
    expect(twin.view.cards.map(({ title, count }) => [title, count])).toEqual([
      ["one", 1],
      ["two", 1],
    ]);
    expect(twin.view.total).toBe(2);
    const { cards } = twin.view;
    twin.frame((board) => board.add("two"), add);
    expect(twin.view.cards).toEqual(cards);
    expect(twin.view.cards[1]).toBe(cards[1]);
    twin.frame((board) => board.vote(0, "you"), vote);
    expect(twin.view.cards).toBe(cards);
    expect(twin.view).toEqual(twin.mirror.view());
  });

  test("are plain where the browser has no class of theirs", () => {
    const twin = twinOf(Board, { models: { Card }, known: {} });
    expect(twin.call("vote", 0, "you")).toBeUndefined();
    expect(twin.view.total).toBe(0);
  });

  test("end a prediction that needs what is private to them", () => {
    const twin = twinOf(Board, { models: { Card } });
    expect(twin.call("audit")).toBeUndefined();
    expect(twin.view.cards[0]?.votes).toEqual([]);
  });
});

describe("an event of an instance that a pending event has made", () => {
  class Row {
    @state title: string;
    constructor(title = "") {
      this.title = title;
    }
    @event rename(title: string) {
      this.title = title;
    }
  }
  class Rows {
    @state names = ["a", "b"];
    @state note = "";
    @state rows: Row[] = [];
    @event make() {
      for (const name of this.names) this.rows.push(new Row(name));
    }
  }
  function renamed() {
    const twin = twinOf(Rows, { models: { Row } });
    const make = twin.call("make");
    const rows = [...twin.live.rows];
    const call = twin.predictions.begin("rename", sent(encodeValue(["x"])), false, "other", nodeOf(rows[0]) as InstanceNode);
    expect(twin.view.rows.map(({ title }) => title)).toEqual(["x", "b"]);
    return { twin, make, rows, call, titles: () => twin.view.rows.map(({ title }) => title) };
  }

  test("stays on it when both run again", () => {
    const { twin, rows, titles } = renamed();
    twin.frame((store) => (store.note = "x"));
    expect([titles(), [...twin.live.rows]]).toEqual([["x", "b"], rows]);
    expect(twin.live.rows[0]).toBe(rows[0]);
  });

  test("stays on it when the server has made it", () => {
    const { twin, make, rows, titles } = renamed();
    twin.frame((store) => store.make(), make);
    expect([titles(), twin.live.rows[0] === rows[0], twin.mirror.numberOf(nodeOf(rows[0]) as Node)]).toEqual([["x", "b"], true, expect.any(Number)]);
  });

  test("ends where the event makes others as it runs again, so that it is on no other one", () => {
    const { twin, rows, call, titles } = renamed();
    twin.frame((store) => store.names.shift());
    expect([titles(), call?.look?.().run, rows.includes(twin.live.rows[0] as Row)]).toEqual([["b"], undefined, false]);
    twin.frame((store) => store.names.unshift("a"));
    expect(titles()).toEqual(["a", "b"]);
  });

  test("ends where that event is refused", () => {
    const { make, call, titles } = renamed();
    make?.drop();
    expect([titles(), call?.look?.().run]).toEqual([[], undefined]);
  });
});

test("a server's subclass keeps its own to itself", () => {
  class Server extends List {
    override greets() {
      this.note = "by the server";
    }
  }
  const twin = twinOf<List>(List, { Server });
  const call = twin.call("greets");
  expect(twin.view.note).toBe("greeted");
  twin.frame((list) => list.greets(), call);
  expect(twin.view.note).toBe("by the server");
});
