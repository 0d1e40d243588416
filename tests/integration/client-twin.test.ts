import { autorun } from "mobx";
import { computed, EventError, effect, event, state } from "twinstate";
import { scope } from "twinstate/server";
import { expect, test } from "vitest";
import type { StreamCall } from "../../lib/event/call-types.js";
import { serveTwin } from "../kit/app.js";
import { call, liveOf, openClient, openTwin, shown } from "../kit/client.js";
import { gate, reached, renew, wait } from "../kit/gate.js";
import { Jar } from "../kit/http.js";

interface Item {
  id: number;
  title: string;
}

class Todo {
  @state items: Item[] = [];
  @state note = "";
  @computed get left() {
    return this.items.length;
  }
  @event add(title: string) {
    this.items.push({ id: this.items.length + 1, title });
    return this.items.at(-1);
  }
  @event addTo(title: string) {
    this.add(title);
    return { first: this.items[0], when: new Date(5), all: new Set(this.items) };
  }
  @event *addAll(...titles: string[]) {
    for (const title of titles) {
      this.items.push({ id: this.items.length + 1, title });
      yield this.items.at(-1);
    }
    return titles.length;
  }
  @event *count(to: number) {
    for (let n = 1; n <= to; n++) yield n;
    return "done";
  }
  @event fail() {
    throw new EventError("SOLD_OUT", "Nothing is left.", { left: 0 });
  }
  @event crash() {
    throw new Error("secret");
  }
  @event async slow() {
    await wait();
    this.note = "slow";
    return "slow";
  }
  @event({ queue: "drop" }) async once() {
    await wait();
  }
  @event({ volatile: true }) ping(n: number) {
    this.note = `ping ${n}`;
    return n + 1;
  }
  @event({ debounce: 5 }) search(text: string) {
    this.note = text;
    return text;
  }
  @event cheer(n: number) {
    this.note = `cheer ${n}`;
    (effect as unknown as { confetti(n: number): void }).confetti(n);
  }
  helper() {}
}

class Settings {
  @state theme = "light";
  @event set(theme: string) {
    this.theme = theme;
  }
}

class Board {
  @state cards: string[] = [];
  @event add(card: string) {
    this.cards.push(card);
    return card;
  }
}

const app = () =>
  serveTwin({
    stores: {
      todo: Todo,
      settings: Settings,
      draft: scope.tab(Settings),
      stats: scope.shared(Settings),
      board: scope.room(Board, { allow: (_, key) => key !== "secret" }),
    },
  });
interface View {
  items: Item[];
  note: string;
  left: number;
  cards: string[];
}

test("a twin shows what the server has, and an event resolves when the twin shows it", async () => {
  const { site } = await app();
  const todo = await openTwin(openClient(site.url), "todo");
  expect(todo.mirror.view()).toEqual({ items: [], note: "", left: 0 });
  const item = await call(todo, "add", "milk");
  expect(todo.mirror.view()).toEqual({ items: [{ id: 1, title: "milk" }], note: "", left: 1 });
  expect(item).toBe((todo.mirror.view() as View).items[0]);
});

test("a value holds the twin's own views of what stands in the store", async () => {
  const { site } = await app();
  const todo = await openTwin(openClient(site.url), "todo");
  const value = (await call(todo, "addTo", "milk")) as { first: Item; when: Date; all: Set<Item> };
  const [item] = (todo.mirror.view() as View).items;
  expect(value.first).toBe(item);
  expect(value.all.has(item as Item)).toBe(true);
  expect(value.when).toEqual(new Date(5));
});

test("calls made before the state has come are run, in order", async () => {
  const { site } = await app();
  const client = openClient(site.url);
  const todo = client.twin("todo");
  const calls = ["a", "b", "c"].map((title) => call(todo, "add", title));
  expect(client.status.current.pending).toBe(3);
  expect(await Promise.all(calls)).toEqual([
    { id: 1, title: "a" },
    { id: 2, title: "b" },
    { id: 3, title: "c" },
  ]);
  expect(client.status.current).toEqual({ status: "online", pending: 0 });
});

test("two tabs of a session show the same, another session does not", async () => {
  const { site } = await app();
  const jar = new Jar();
  const one = await openTwin(openClient(site.url, { line: jar }), "todo");
  const two = await openTwin(openClient(site.url, { line: jar }), "todo");
  const other = await openTwin(openClient(site.url), "todo");
  await Promise.all([call(one, "add", "a"), call(two, "add", "b"), call(one, "add", "c")]);
  const view = await shown<View>(two, ({ items }) => items.length === 3);
  expect(await shown<View>(one, ({ items }) => items.length === 3)).toEqual(view);
  expect((other.mirror.view() as View).items).toEqual([]);
});

test("stores of one scope instance share its numbers, and tabs have their own", async () => {
  const { site } = await app();
  const jar = new Jar();
  const client = openClient(site.url, { line: jar });
  const [todo, settings, draft] = await Promise.all(["todo", "settings", "draft"].map((name) => openTwin(client, name)));
  await Promise.all([call(todo!, "add", "a"), call(settings!, "set", "dark"), call(todo!, "add", "b"), call(draft!, "set", "mine")]);
  expect(todo!.mirror.read("left")).toBe(2);
  expect(settings!.mirror.read("theme")).toBe("dark");
  expect(draft!.mirror.read("theme")).toBe("mine");
  const other = await openTwin(openClient(site.url, { line: jar }), "draft");
  expect(other.mirror.read("theme")).toBe("light");
});

test("rooms are told apart by key, and a refused one says why", async () => {
  const { site } = await app();
  const client = openClient(site.url);
  const a = await openTwin(client, "board", "a");
  const b = await openTwin(client, "board", "b");
  expect(await call(a, "add", "x")).toBe("x");
  expect(a.mirror.read("cards")).toEqual(["x"]);
  expect(b.mirror.read("cards")).toEqual([]);
  const secret = await openTwin(client, "board", "secret");
  expect(secret.state).toBe("refused");
  expect(EventError.is(secret.error, "FORBIDDEN")).toBe(true);
  await expect(call(secret, "add", "y")).rejects.toMatchObject({ code: "FORBIDDEN" });
});

test("errors arrive with code and data, and without what the server keeps to itself", async () => {
  const { site } = await app();
  const todo = await openTwin(openClient(site.url), "todo");
  await expect(call(todo, "fail")).rejects.toMatchObject({ name: "EventError", code: "SOLD_OUT", message: "Nothing is left.", data: { left: 0 } });
  const crash = (await call(todo, "crash").catch((error: unknown) => error)) as Error;
  expect(EventError.is(crash, "INTERNAL")).toBe(true);
  expect(crash.message).not.toContain("secret");
  expect(await call(todo, "add", "goes on")).toEqual({ id: 1, title: "goes on" });
});

test("a failure that nobody awaits goes to onError, and one that somebody awaits does not", async () => {
  const { site } = await app();
  const client = openClient(site.url);
  const told: string[] = [];
  client.onError((error) => told.push(error.code));
  const todo = await openTwin(client, "todo");
  await expect(call(todo, "fail")).rejects.toThrow();
  call(todo, "crash");
  await call(todo, "add", "after");
  await expect.poll(() => told).toEqual(["INTERNAL"]);
});

test("a generator's yields are iterated, each once its change is shown, and its call is its value", async () => {
  const { site } = await app();
  const todo = await openTwin(openClient(site.url), "todo");
  const importing = call(todo, "addAll", "a", "b", "c") as unknown as StreamCall<Item, number>;
  const titles: string[] = [];
  for await (const item of importing) {
    expect((todo.mirror.view() as View).items).toContain(item);
    titles.push(item.title);
  }
  expect(titles).toEqual(["a", "b", "c"]);
  expect(await importing).toBe(3);
});

test("yields without a change arrive all, before the call ends", async () => {
  const { site } = await app();
  const todo = await openTwin(openClient(site.url), "todo");
  const counting = call(todo, "count", 200) as unknown as StreamCall<number, string>;
  const seen: number[] = [];
  for await (const n of counting) seen.push(n);
  expect(seen).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
});

test("a running event is cancelled, and one that waits for its state is never sent", async () => {
  renew();
  const { site } = await app();
  const client = openClient(site.url);
  const early = call(client.twin("todo"), "add", "never");
  early.cancel();
  await expect(early).rejects.toMatchObject({ code: "CANCELLED" });
  const todo = await openTwin(client, "todo");
  const slow = call(todo, "slow");
  await reached();
  slow.cancel();
  // It sees the signal when it goes on: here, by the answer.
  gate().open();
  const outcome = await slow.catch((error: EventError) => error.code);
  expect(["slow", "CANCELLED"]).toContain(outcome);
  expect((todo.mirror.view() as View).items).toEqual([]);
});

test("a dropped call says so, and is no failure to report", async () => {
  renew();
  const { site } = await app();
  const client = openClient(site.url);
  const told: string[] = [];
  client.onError((error) => told.push(error.code));
  const todo = await openTwin(client, "todo");
  const first = call(todo, "once");
  await reached();
  await expect(call(todo, "once")).rejects.toMatchObject({ code: "DROPPED" });
  call(todo, "once");
  gate().open();
  await first;
  expect(told).toEqual([]);
});

test("a volatile event runs while connected, and fails at once when not", async () => {
  const { site } = await app();
  const client = openClient(site.url);
  const todo = await openTwin(client, "todo");
  expect(await call(todo, "ping", 1)).toBe(2);
  await shown<View>(todo, ({ note }) => note === "ping 1");
  await site.close();
  await expect(call(todo, "ping", 2)).rejects.toMatchObject({ code: "OFFLINE" });
});

test("an event that declares debounce runs for the last of a burst", async () => {
  const { site } = await app();
  const todo = await openTwin(openClient(site.url), "todo");
  const calls = ["a", "ab", "abc"].map((text) => call(todo, "search", text));
  expect(await Promise.allSettled(calls)).toMatchObject([{ reason: { code: "SUPERSEDED" } }, { reason: { code: "SUPERSEDED" } }, { value: "abc" }]);
  expect(todo.mirror.read("note")).toBe("abc");
});

test("an effect comes after what its event changed is shown", async () => {
  const { site } = await app();
  const client = openClient(site.url);
  const todo = await openTwin(client, "todo");
  const seen: unknown[] = [];
  client.onEffect((name, args) => seen.push([name, args, todo.mirror.read("note")]));
  await call(todo, "cheer", 3);
  await expect.poll(() => seen).toEqual([["confetti", [3], "cheer 3"]]);
});

test("the live mirror tells MobX, and its events are functions that stay the same", async () => {
  const { site } = await app();
  const todo = await openTwin(openClient(site.url), "todo");
  const live = liveOf(todo) as Todo;
  const seen: number[] = [];
  const stop = autorun(() => seen.push(live.items.length));
  await live.add("milk");
  expect(seen).toEqual([0, 1]);
  stop();
  expect(live.add).toBe(live.add);
  expect(live.add).toBe(todo.event("add"));
});

test("a method that is no event throws where it is called, and promises and JSON see a plain object", async () => {
  const { site } = await app();
  const todo = await openTwin(openClient(site.url), "todo");
  const live = liveOf(todo) as Todo & Record<string, unknown>;
  expect(() => live.helper()).toThrow("`todo` has no event `helper`");
  expect(todo.event("helper")).toBeUndefined();
  expect(await Promise.resolve(live)).toBe(live);
  expect(JSON.stringify(live)).toBe('{"items":[],"note":"","left":0}');
  expect(live.then).toBeUndefined();
});

test("an event of an instance in a store is always the same function, on live mirrors and on views; other methods say that they are none", async () => {
  class Card {
    @state title = "";
    @event rename(title: string) {
      this.title = title;
    }
  }
  class Deck {
    @state cards: Card[] = [];
    @event add(title: string) {
      const card = new Card();
      card.title = title;
      this.cards.push(card);
    }
  }
  const { site } = await serveTwin({ stores: { deck: scope.shared(Deck) }, models: { Card } });
  const deck = await openTwin(openClient(site.url), "deck");
  await call(deck, "add", "ace");
  await call(deck, "add", "king");
  const [ace, king] = (liveOf(deck) as Deck).cards as [Card, Card];
  expect(ace.title).toBe("ace");
  const { rename } = ace;
  expect(rename).toBeTypeOf("function");
  expect(ace.rename).toBe(rename);
  expect(king.rename).not.toBe(rename);
  const { cards } = deck.mirror.view() as Deck;
  expect(cards.map((card) => card.rename)).toEqual([rename, king.rename]);
  expect(() => (ace as unknown as { wipe(): void }).wipe()).toThrow("`Card` has no event `wipe`");
});

test("arguments that cannot be sent are refused at the call", async () => {
  const { site } = await app();
  const todo = await openTwin(openClient(site.url), "todo");
  await expect(call(todo, "add", () => {})).rejects.toMatchObject({ code: "INVALID" });
  await call(todo, "addAll", new Event("click"), "a");
  expect(todo.mirror.read("left")).toBe(1);
});

test("a call that is too large is refused alone, and those with it run", async () => {
  const { site } = await app();
  const todo = await openTwin(openClient(site.url), "todo");
  const outcomes = await Promise.allSettled([call(todo, "add", "a"), call(todo, "add", "x".repeat(2_000_000)), call(todo, "add", "c")]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(outcomes[1]).toMatchObject({ reason: { code: "INVALID" } });
  expect((todo.mirror.view() as View).items.map(({ title }) => title)).toEqual(["a", "c"]);
});
