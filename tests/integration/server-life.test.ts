import { type Connection, current, event, newId, state } from "twinstate";
import { memory, type Storage, scope } from "twinstate/server";
import { expect, test } from "vitest";
import { plainValue, serveTwin } from "../kit/app.js";
import { gate, reached, renew, wait } from "../kit/gate.js";

class Card {
  @state title = "";
  @state tags = new Set<string>();
}

/** A store with a bit of everything, to see that it comes back. */
class Box {
  @state cards: Card[] = [];
  @state first: Card | undefined = undefined;
  @state seen = new Map<string, Date>();
  @state big = 0n;
  @state({ private: true }) protected secret = "none";
  @event add(title: string) {
    const card = new Card();
    card.title = title;
    card.tags.add("new");
    this.cards.push(card);
    this.first ??= card;
    this.seen.set(title, new Date(5));
    this.big += 1n;
    this.secret = title;
    return this.cards.length;
  }
  @event reveal() {
    return this.secret;
  }
}

let hooks: string[] = [];

class Room {
  @state id = "";
  @state present: string[] = [];
  @state loads = 0;
  protected onCreate() {
    hooks.push("create");
    this.id = newId();
  }
  protected async onLoad() {
    hooks.push("load");
    await Promise.resolve();
    if (broken) throw new Error("the database is down");
    this.loads++;
  }
  protected onConnect({ id }: Connection) {
    hooks.push("connect");
    this.present.push(id);
  }
  protected onDisconnect({ id }: Connection) {
    hooks.push("disconnect");
    this.present = this.present.filter((one) => one !== id);
  }
  protected onDispose() {
    hooks.push("dispose");
  }
  @event touch() {
    return this.id;
  }
  @event async enter() {
    await wait();
    return (await current().get(Side)).value;
  }
}

class Side {
  @state value = 0;
  protected onLoad() {
    this.value++;
  }
}

let broken = false;

/** A storage that can be asked what it holds. */
function watched(): Storage & { ids(): Promise<string[]>; saved(id: string): Promise<void> } {
  const storage = memory();
  const waiting = new Map<string, () => void>();
  return {
    ...storage,
    save(id, record) {
      const result = storage.save(id, record);
      waiting.get(id)?.();
      return result;
    },
    saved: (id) => new Promise((resolve) => waiting.set(id, resolve)),
    async ids() {
      const ids: string[] = [];
      for await (const { id } of storage.list("")) ids.push(id);
      return ids;
    },
  };
}

const rooms = { room: scope.room(Room, { allow: () => true }), side: scope.room(Side, { allow: () => true }) };

test("a session takes no storage and no host before its first change", async () => {
  const storage = watched();
  const { visitor: arrive, twin } = await serveTwin({ stores: { box: Box }, models: { Card }, storage, idle: 0 });
  const visitor = arrive();
  expect(await visitor.call("box.reveal")).toBe("none");
  const live = visitor.live({ store: "box" });
  await live.state("box");
  live.stream.close();
  // A refused call leaves nothing either, numbered or not.
  expect((await visitor.ask("box.add", { args: [7] })).error?.code).toBe("INVALID");
  expect((await visitor.number("box.add", 1, [7])).error?.code).toBe("INVALID");
  const saved = storage.saved(`session/${visitor.session}`);
  const other = arrive();
  await other.call("box.reveal");
  expect(await storage.ids()).toEqual([]);
  await visitor.call("box.add", "milk");
  await saved;
  expect(await storage.ids()).toEqual([`session/${visitor.session}`]);
  await twin.close();
  expect(await storage.ids()).toEqual([`session/${visitor.session}`]);
});

test("a scope instance that nobody uses leaves memory, and comes back equal, private state and numbers too", async () => {
  const storage = watched();
  const app = await serveTwin({ stores: { box: Box }, models: { Card }, storage, idle: 0 });
  const visitor = app.visitor();
  await visitor.call("box.reveal");
  const id = `session/${visitor.session}`;
  let saved = storage.saved(id);
  const first = await visitor.number("box.add", 1, ["milk"]);
  await saved;
  const view = await app.twin.box(visitor.session).$snapshot();
  expect(view.cards).toEqual([{ title: "milk", tags: new Set(["new"]) }]);
  expect(view.first).toBe(view.cards[0]);
  expect([view.seen, view.big]).toEqual([new Map([["milk", new Date(5)]]), 1n]);
  expect(await visitor.call("box.reveal")).toBe("milk");
  // The first answer again, not a second card.
  const again = await visitor.number("box.add", 1, ["milk"]);
  expect(again.value).toEqual(first.value);
  saved = storage.saved(id);
  expect(plainValue(await visitor.number("box.add", 2, ["bread"], { seen: 1 }))).toBe(2);
  await saved;
  expect((await app.twin.box(visitor.session).$snapshot()).cards.length).toBe(2);
});

test("who has watched a scope instance that left memory resumes where it was", async () => {
  const storage = watched();
  const { visitor: arrive } = await serveTwin({ stores: { box: Box }, models: { Card }, storage, idle: 0 });
  const visitor = arrive();
  await visitor.call("box.add", "milk");
  const live = visitor.live({ store: "box" });
  await live.state("box");
  await visitor.call("box.add", "bread");
  await live.state("box", (box) => box.cards.length === 2);
  const have = live.have("box");
  const saved = storage.saved(`session/${visitor.session}`);
  live.stream.close();
  await saved;
  const back = visitor.live({ store: "box", have });
  const [, host, ...resumed] = await back.until(([kind]) => kind === "resume");
  expect(resumed).toEqual(["box", null, ...have]);
  await visitor.call("box.add", "eggs");
  const frame = await back.until(([kind]) => typeof kind === "number");
  expect(frame.slice(0, 3)).toEqual([host, have[1] + 1, "box"]);
  expect(back.all("snapshot")).toEqual([]);
});

test("hooks run once for each life and for each tab that comes and goes", async () => {
  hooks = [];
  broken = false;
  const storage = watched();
  const { visitor: arrive } = await serveTwin({ stores: rooms, storage, idle: 0, grace: 1000 });
  const [one, two] = [arrive(), arrive()];
  const first = await one.connect(1, { store: "room", key: "a" });
  await first.state("room", (room) => room.present.length === 1);
  const second = await two.connect(1, { store: "room", key: "a" });
  const both = await second.state("room", (room) => room.present.length === 2);
  expect(new Set(both.present as string[]).size).toBe(2);
  // A reload, which is back within the grace time, is no departure.
  first.stream.close();
  const reloaded = await one.connect(2, { store: "room", key: "a" });
  await reloaded.state("room");
  expect(hooks).toEqual(["create", "load", "connect", "connect"]);
  second.stream.close();
  await reloaded.state("room", (room) => room.present.length === 1);
  const saved = storage.saved("room/a");
  reloaded.stream.close();
  await saved;
  expect(hooks).toEqual(["create", "load", "connect", "connect", "disconnect", "disconnect", "dispose"]);
  const live = one.live({ store: "room", key: "a" });
  expect(await live.state("room")).toMatchObject({ id: both.id, loads: 2 });
  expect(hooks.slice(7)).toEqual(["load", "connect"]);
});

class Lobby {
  @state here = new Map<string, string>();
  protected onConnect({ id }: Connection) {
    this.here.set(id, nameOf(current()));
  }
  protected onDisconnect({ id }: Connection) {
    this.here.delete(id);
    hooks.push(`${nameOf(current())} left`);
  }
}
const nameOf = (caller: object) => (caller as { user?: { id: string } }).user?.id ?? "a guest";

test("a tab that comes back within the grace time with another user has left, and comes anew", async () => {
  hooks = [];
  const { visitor: arrive } = await serveTwin({
    stores: { lobby: scope.room(Lobby, { allow: () => true }) },
    context: ({ headers }) => ({ user: [/name=(\w+)/.exec(headers.get("cookie") ?? "")?.[1]].map((id) => id && { id })[0] }),
    grace: 60_000,
  });
  const visitor = arrive();
  const here = (store: { here?: unknown }) => [...(store.here as Map<string, string>).values()].join();
  const first = await visitor.connect(1, { store: "lobby", key: "a" });
  await first.state("lobby", (lobby) => here(lobby) === "a guest");
  first.stream.close();
  visitor.jar.cookie += "; name=ann";
  const second = await visitor.connect(2, { store: "lobby", key: "a" });
  await second.state("lobby", (lobby) => here(lobby) === "ann");
  second.stream.close();
  const third = await visitor.connect(3, { store: "lobby", key: "a" });
  await third.state("lobby", (lobby) => here(lobby) === "ann");
  expect(hooks).toEqual(["a guest left"]);
});

test("an onLoad that throws refuses the store, loses nothing of it, and is tried again", async () => {
  hooks = [];
  broken = false;
  const storage = watched();
  const { visitor: arrive } = await serveTwin({ stores: rooms, storage, idle: 0, grace: 0 });
  const visitor = arrive();
  const live = visitor.live({ store: "room", key: "a" });
  const { id } = await live.state("room", (room) => room.present.length === 1);
  let saved = storage.saved("room/a");
  live.stream.close();
  await saved;
  broken = true;
  expect((await visitor.ask("room.touch", { key: "a", args: [] })).error?.code).toBe("INTERNAL");
  const refused = await visitor.live({ store: "room", key: "a" }).until(([kind]) => kind === "refused");
  expect(refused.slice(0, 4)).toEqual(["refused", "room", "a", "INTERNAL"]);
  broken = false;
  saved = storage.saved("room/a");
  expect(await visitor.callIn("a", "room.touch")).toBe(id);
  await saved;
  expect(await visitor.callIn("a", "room.touch")).toBe(id);
});

test("a store whose onLoad never ends is refused by the deadline, and those who wait for it are told", async () => {
  class Stuck {
    @state value = 0;
    protected async onLoad() {
      await wait();
    }
    @event get() {
      return this.value;
    }
  }
  renew();
  const { visitor: arrive } = await serveTwin({ stores: { stuck: scope.shared(Stuck) }, eventTimeout: 500 });
  const visitor = arrive();
  const live = visitor.live({ store: "stuck" });
  await reached();
  expect((await live.until(([kind]) => kind === "refused")).slice(1, 4)).toEqual(["stuck", null, "INTERRUPTED"]);
  gate().open();
  expect(await visitor.call("stuck.get")).toBe(0);
});

test("what an event loads with get() is loaded as part of it", async () => {
  renew();
  broken = false;
  const { visitor: arrive, twin } = await serveTwin({ stores: rooms });
  const visitor = arrive();
  const call = visitor.callIn("a", "room.enter");
  await reached();
  gate().open();
  expect(await call).toBe(1);
  expect(await twin.side("a").$snapshot()).toEqual({ value: 1 });
});

test("the state of a room is deleted with it, and what comes back under its key is another incarnation", async () => {
  broken = false;
  const storage = watched();
  const { visitor: arrive, twin } = await serveTwin({ stores: rooms, storage });
  const visitor = arrive();
  const live = visitor.live({ store: "room", key: "a" });
  const before = await live.state("room");
  const [incarnation] = live.have("room");
  await visitor.callIn("b", "room.touch");
  const keys = async () => {
    const found: string[] = [];
    for await (const key of twin.room.keys()) found.push(key);
    return found;
  };
  await live.state("room", (room) => room.present.length === 1);
  expect(await keys()).toEqual(["a"]);
  await twin.room.delete("a");
  expect((await live.until(([kind]) => kind === "refused")).slice(1, 4)).toEqual(["room", "a", "NOT_FOUND"]);
  expect(await keys()).toEqual([]);
  const again = visitor.live({ store: "room", key: "a", have: [incarnation, 1] });
  expect((await again.state("room")).id).not.toBe(before.id);
  expect(again.have("room")[0]).not.toBe(incarnation);
  const late = await visitor.number("room.touch", 2, [], { key: "a", i: incarnation, seen: 1 });
  expect(late.error).toMatchObject({ code: "UNKNOWN_OUTCOME", data: { incarnation: again.have("room")[0] } });
});
