import fc from "fast-check";
import { autorun } from "mobx";
import {
  computed,
  current,
  EventError,
  effect,
  event,
  type Internal,
  newId,
  type Presence,
  presence,
  reset,
  schedule,
  state,
  update,
  type View,
} from "twinstate";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { type LocalPage, LocalStore } from "../../client/local-store.js";
import { type Provider, runningProvider, setProvider } from "../../lib/event/current.js";
import { TrackedView } from "../../react/tracked-view.js";
import { soon } from "../kit/soon.js";

class Item {
  @state title = "";
  @state done = false;
  @computed get label() {
    return `${this.done ? "x" : "-"} ${this.title}`;
  }
  @event toggle() {
    this.done = !this.done;
    return this;
  }
}

class Draft {
  @state items: Item[] = [];
  @state title = "";
  @state count = 0;
  @state({ private: true }) protected secret = new Map<string, number>();
  @state({ persist: false }) typed = "";
  log: string[] = [];

  @computed get left() {
    return this.items.filter(({ done }) => !done);
  }
  @computed get secrets() {
    return this.secret.size;
  }
  get shout() {
    return this.title.toUpperCase();
  }
  @event add(title: string) {
    const item = Object.assign(new Item(), { title });
    this.items.push(item);
    return item;
  }
  @event(z.string().min(2, "Too short"), z.coerce.number<number>().default(1)) rename(title: string, by = 1) {
    this.title = title;
    this.count += by;
    return { title, items: this.items };
  }
  @event hide(key: string) {
    this.secret.set(key, 1);
  }
  @event type(text: string) {
    this.typed = text;
  }
  @event fail() {
    this.title = "never";
    this.items.pop();
    effect.toast("never");
    throw new EventError("FORBIDDEN", "No");
  }
  @event bug() {
    throw new RangeError("Off by one");
  }
  @event async load(before: string, gate: Promise<string>) {
    this.title = before;
    this.count++;
    const title = await gate;
    this.title = title;
    this.count++;
    effect.toast(title);
    await null;
    await update(() => {
      this.count++;
    });
    return this.items;
  }
  @event *steps(n: number) {
    for (let i = 0; i < n; i++) {
      this.count++;
      yield this.count;
    }
    if (n > 2) {
      this.count = 99;
      throw new EventError("FORBIDDEN", "Too many");
    }
    return "done";
  }
  @event async *slowly(gates: Promise<unknown>[]) {
    try {
      for (const gate of gates) {
        await gate;
        this.count++;
        yield this.count;
      }
    } finally {
      this.title = "left";
    }
  }
  @event({ queue: "latest" }) async latest(gate: Promise<unknown>) {
    const { signal } = current();
    await gate;
    return signal.aborted;
  }
  @event({ queue: "drop" }) async only(gate: Promise<unknown>) {
    await gate;
    return "done";
  }
  @event who() {
    return current().session;
  }
  @event effects() {
    this.title = "changed";
    effect.toast("hello", { kind: "success" });
    return newId();
  }
  @event later() {
    schedule.at(new Date(), this.startOver);
  }
  @event everyone() {
    effect.everyone.toast("hello");
  }
  @event startOver() {
    reset(this);
  }
  @event takes(value: { list: number[] }) {
    value.list.push(4);
    return value;
  }
  @event({ internal: true }) inside(this: Internal<this>) {}
  protected onCreate() {
    this.log.push("create");
    this.count = 10;
  }
  protected onLoad() {
    this.log.push("load");
  }
  protected onDispose() {
    this.log.push("dispose");
  }
}

function open<T extends object>(instance: T, store: LocalStore = new LocalStore(instance, page())) {
  const told: number[] = [];
  store.subscribe(() => told.push(store.version));
  return {
    store,
    told,
    instance,
    get view() {
      return new TrackedView(store).view as View<T>;
    },
    page: store.page as ReturnType<typeof page>,
  };
}
function pledge<V>() {
  let resolve!: (value: V) => void;
  const promise = new Promise<V>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
const page = () => ({ effect: vi.fn<LocalPage["effect"]>(), unheard: vi.fn<LocalPage["unheard"]>() });

describe("an event of a local store", () => {
  test("runs at once, shows as a whole, and gives what it returns as a view", async () => {
    const { view, told, store } = open(new Draft());
    const before = [view.title, view.count];
    const call = view.rename("milk", 2);
    expect([[view.title, view.count], told]).toEqual([before, [1]]);
    const now = new TrackedView(store).view as View<Draft>;
    expect([now.title, now.count, now.shout]).toEqual(["milk", 2, "MILK"]);
    expect(await call).toEqual({ title: "milk", items: [] });
    expect((await call).items).toBe(now.items);
    await call.local;
  });

  test("that throws is undone, with its effects, and rejects with the app's own error", async () => {
    const draft = open(new Draft());
    await draft.view.add("one");
    const { items } = draft.view;
    await expect(draft.view.fail()).rejects.toMatchObject({ code: "FORBIDDEN", message: "No" });
    expect([draft.view.title, draft.view.items === items]).toEqual(["", true]);
    expect(draft.page.effect).not.toHaveBeenCalled();
    const error = await draft.view.bug().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "INTERNAL", message: "Off by one", cause: expect.any(RangeError) });
    expect(draft.told).toEqual([1]);
  });

  test("that fails and that nobody awaits is told to the page", async () => {
    const draft = open(new Draft());
    void draft.view.fail();
    await soon(() => expect(draft.page.unheard).toHaveBeenCalledWith(expect.objectContaining({ code: "FORBIDDEN" })));
  });

  test("has its arguments checked by schemas, at once, and given as they make them", async () => {
    const { view, told } = open(new Draft());
    const error = await view.rename("x").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "INVALID", message: "Too short", data: { event: "Draft.rename", issues: [{ message: "Too short", path: [0] }] } });
    expect(told).toEqual([]);
    await view.rename("xy", "7" as never);
    expect(told).toEqual([1]);
  });

  test("waits for a schema that is async", async () => {
    class Slow {
      @state title = "";
      @event(z.string().refine(async (title) => title !== "no", "Taken")) rename(title: string) {
        this.title = title;
      }
    }
    const slow = open(new Slow());
    const call = slow.view.rename("yes");
    expect(slow.view.title).toBe("");
    await call;
    expect(slow.view.title).toBe("yes");
    await expect(slow.view.rename("no")).rejects.toMatchObject({ code: "INVALID" });
  });

  test("that is cancelled while its schema is at work does not run", async () => {
    const gate = pledge<boolean>();
    class Slow {
      @state title = "";
      @event(z.string().refine(() => gate.promise)) rename(title: string) {
        this.title = title;
      }
    }
    const slow = open(new Slow());
    const call = slow.view.rename("yes");
    call.cancel();
    await expect(call).rejects.toMatchObject({ code: "CANCELLED" });
    gate.resolve(true);
    await slow.view.rename("later");
    expect(slow.told.length).toBe(1);
    expect(slow.view.title).toBe("later");
  });

  test("that is async shows each stretch between two waits as a whole", async () => {
    const draft = open(new Draft());
    const gate = pledge<string>();
    const seen: unknown[] = [];
    draft.store.subscribe(() => seen.push([draft.view.title, draft.view.count]));
    const call = draft.view.load("loading", gate.promise);
    expect(seen).toEqual([["loading", 1]]);
    gate.resolve("loaded");
    expect(await call).toBe(draft.view.items);
    expect(seen).toEqual([
      ["loading", 1],
      ["loaded", 2],
      ["loaded", 3],
    ]);
    expect(draft.page.effect.mock.calls).toEqual([["toast", ["loaded"]]]);
  });

  test("that is async leaves to a server in the same process what the server provides", async () => {
    const before = runningProvider();
    const scheduled: unknown[] = [];
    setProvider({ ...(before as Provider), schedule: (request) => void scheduled.push(request) });
    onTestFinished(() => setProvider(before as Provider));
    vi.resetModules();
    const { LocalStore: Fresh } = await import("../../client/local-store.js");
    await (new TrackedView(new Fresh(new Draft(), page())).view as View<Draft>).load("", Promise.resolve(""));
    runningProvider()?.schedule?.({} as never);
    expect(scheduled).toEqual([{}]);
  });

  test("that is a generator commits at each yield, and is undone to the last one", async () => {
    const draft = open(new Draft());
    const yields: number[] = [];
    const call = draft.view.steps(2);
    for await (const n of call) yields.push(n);
    expect([yields, await call, draft.told]).toEqual([[1, 2], "done", [1, 2]]);
    await expect(draft.view.steps(3)).rejects.toMatchObject({ message: "Too many" });
    expect(draft.view.count).toBe(5);
  });

  test("that is an async generator gives its yields as they come, and ends with the loop that is left", async () => {
    const draft = open(new Draft());
    const gates = [Promise.resolve(), Promise.resolve(), Promise.resolve()];
    for await (const n of draft.view.slowly(gates)) if (n === 2) break;
    await soon(() => expect(draft.view.title).toBe("left"));
    expect(draft.view.count).toBeLessThan(4);
  });

  test("with `queue` aborts the call before it, or is refused", async () => {
    const { view } = open(new Draft());
    const gate = pledge<void>();
    const first = view.latest(gate.promise);
    const second = view.latest(gate.promise);
    await expect(first).rejects.toMatchObject({ code: "SUPERSEDED" });
    const kept = view.only(gate.promise);
    await expect(view.only(gate.promise)).rejects.toMatchObject({ code: "DROPPED" });
    gate.resolve();
    expect([await second, await kept]).toEqual([false, "done"]);
    const cancelled = view.latest(new Promise(() => {}));
    cancelled.cancel();
    await expect(cancelled).rejects.toMatchObject({ code: "CANCELLED" });
  });

  test("has effects in this page, after what it changes shows, and ids", async () => {
    const draft = open(new Draft());
    draft.page.effect.mockImplementation(() => void seen.push(draft.view.title));
    const seen: string[] = [];
    expect(await draft.view.effects()).toHaveLength(22);
    expect(draft.page.effect.mock.calls).toEqual([["toast", ["hello", { kind: "success" }]]]);
    expect(seen).toEqual(["changed"]);
  });

  test("has no caller, no audience and no schedules, and is told so", async () => {
    const { view } = open(new Draft());
    await expect(view.later()).rejects.toMatchObject({ message: expect.stringContaining("`schedule` in the local store `Draft`") });
    await expect(view.who()).rejects.toMatchObject({ message: expect.stringContaining("`current().session` in an event of the local store `Draft`") });
    await expect(view.everyone()).rejects.toMatchObject({ message: expect.stringContaining("`effect.toast(…)`") });
  });

  test("cannot change what its caller has", async () => {
    const { view } = open(new Draft());
    const given = { list: [1, 2, 3] };
    expect(await view.takes(given)).toEqual({ list: [1, 2, 3, 4] });
    expect(await view.takes(Object.freeze({ list: Object.freeze([1]) as number[] }))).toEqual({ list: [1, 4] });
    expect(given).toEqual({ list: [1, 2, 3] });
  });
});

describe("the view of a local store", () => {
  test("has public fields, computeds, also those of instances, and events of instances; and nothing private or internal", async () => {
    const draft = open(new Draft());
    const item = await draft.view.add("milk");
    expect([item.label, item instanceof Item]).toEqual(["- milk", true]);
    expect(Object.keys(draft.view).sort()).toEqual(["count", "items", "left", "secrets", "title", "typed"]);
    expect(await item.toggle()).toBe(draft.view.items[0]);
    expect([draft.view.items[0]?.label, draft.view.left]).toEqual(["x milk", []]);
    await draft.view.hide("a");
    await draft.view.type("abc");
    expect([draft.view.secrets, draft.view.typed]).toEqual([1, "abc"]);
    expect([(draft.view as { secret?: unknown }).secret, (draft.view as { inside?: unknown }).inside]).toEqual([undefined, undefined]);
  });

  test("keeps the references of what has not changed", async () => {
    const draft = open(new Draft());
    await draft.view.add("one");
    await draft.view.add("two");
    const { items } = draft.view;
    await items[0]?.toggle();
    expect([draft.view.items === items, draft.view.items[0] === items[0], draft.view.items[1] === items[1]]).toEqual([false, false, true]);
  });

  test("has the value of a computed that is a promise once that has come: of the last one, with what reads it, and its error", async () => {
    const gates = new Map<string, ReturnType<typeof pledge<string>>>();
    class City {
      @state name = "";
      @computed get weather(): Promise<string> {
        if (this.name === "") return Promise.resolve("none");
        const gate = pledge<string>();
        gates.set(this.name, gate);
        return gate.promise.then((text) => (text === "lost" ? Promise.reject(new Error("No such city")) : text));
      }
      @event go(name: string) {
        this.name = name;
      }
    }
    const city = open(new City());
    expect(city.view.weather).toMatchObject({ value: undefined, pending: true });
    await soon(() => expect(city.view.weather).toMatchObject({ value: "none", pending: false }));
    await city.view.go("Rome");
    await city.view.go("Oslo");
    expect(city.view.weather).toMatchObject({ value: "none", pending: true });
    gates.get("Oslo")?.resolve("snow");
    gates.get("Rome")?.resolve("sun");
    await soon(() => expect(city.view.weather).toMatchObject({ value: "snow", pending: false }));
    const { version } = city.store;
    await city.view.go("Atlantis");
    gates.get("Atlantis")?.resolve("lost");
    await soon(() => expect(city.view.weather).toMatchObject({ pending: false, error: { code: "INTERNAL", message: "No such city" } }));
    expect(city.told.at(-1)).toBeGreaterThan(version);
  });

  test("begins as the class does, and does so again after `reset`", async () => {
    const draft = open(new Draft());
    await draft.view.rename("milk");
    await draft.view.add("x");
    await draft.view.startOver();
    expect([draft.view.title, draft.view.count, draft.view.items]).toEqual(["", 0, []]);
  });
});

test("behaviour 95: two local stores of one class are independent", async () => {
  const [one, two] = [open(new Draft()), open(new Draft())];
  await one.view.rename("one");
  await two.view.add("two");
  expect([one.view.title, one.view.items.length, two.view.title, two.view.items.length]).toEqual(["one", 0, "", 1]);
  expect([one.told, two.told]).toEqual([[1], [1]]);
});

test("`onCreate` runs once, with the first mount; `onLoad` and `onDispose` with each mount and its end", () => {
  const { store, instance, view } = open(new Draft());
  expect(view.count).toBe(0);
  const unmount = store.use();
  unmount();
  store.use()();
  expect(instance.log).toEqual(["create", "load", "dispose", "load", "dispose"]);
  expect((new TrackedView(store).view as View<Draft>).count).toBe(10);
});

test("MobX reacts to the fields of the class's own code, and sees an event as a whole", async () => {
  const { view, instance } = open(new Draft());
  const seen: unknown[] = [];
  const stop = autorun(() => seen.push([instance.title, instance.count]));
  await view.rename("milk", 3);
  await view.fail().catch(() => {});
  stop();
  expect(new Set(seen.map(String))).toEqual(new Set([",0", "milk,3"]));
});

test("an instance that is removed is not evaluated any more, and is again once it is back", async () => {
  let evaluated = 0;
  class Row {
    @state n = 0;
    @computed get twice() {
      evaluated++;
      return this.n * 2;
    }
  }
  class Rows {
    @state rows: Row[] = [];
    @state n = 0;
    away: Row[] = [];
    @event push() {
      this.rows.push(new Row());
    }
    @event takeOut() {
      this.away = this.rows.splice(0);
    }
    @event putBack() {
      for (const row of this.away) row.n = 4;
      this.rows.push(...this.away);
    }
    @event change() {
      for (const row of this.away) row.n++;
      this.n++;
    }
  }
  const rows = open(new Rows());
  await rows.view.push();
  await rows.view.takeOut();
  evaluated = 0;
  await rows.view.change();
  expect(evaluated).toBe(0);
  await rows.view.putBack();
  expect(rows.view.rows.map(({ twice }) => twice)).toEqual([8]);
});

describe("what cannot be a local store is refused", () => {
  class Bare {
    title = "";
  }
  class Seen {
    @state({ visibleTo: () => true }) title: string | undefined = "";
  }
  class Kept {
    @state({ keep: "cookie" }) theme = "light";
  }
  class Guarded {
    @event({ guard: () => true }) add() {}
  }
  class There {
    @presence({ of: () => ({ name: "" }) }) people!: Presence<{ name: string }>;
  }
  class Here {
    @state people: string[] = [];
    protected onConnect() {}
  }
  class Wrong {
    @state now = () => 1;
  }
  test.each([
    [Bare, "the class `Bare` has neither `@state` nor `@event`"],
    [Seen, "`Seen.title` has `visibleTo`, which a local store cannot have"],
    [Kept, "`Kept.theme` has `keep`"],
    [Guarded, "`Guarded.add` has a `guard`"],
    [There, "`There.people` has `@presence`"],
    [Here, "`Here.onConnect` is called when tabs connect to a server"],
    [Wrong, "`Wrong.now` cannot hold"],
  ])("%o", (Class, message) => {
    expect(() => open(new Class())).toThrow(message);
  });

  test("also a model that enters later, in the event that puts it in", async () => {
    class Holder {
      @state one: object | null = null;
      @event put() {
        this.one = new Seen();
      }
    }
    const holder = open(new Holder());
    await expect(holder.view.put()).rejects.toMatchObject({ message: expect.stringContaining("`Seen.title` has `visibleTo`") });
    expect(holder.view.one).toBe(null);
  });
});

// --- the same class, without any store ---

const title = fc.string({ maxLength: 3 });
const step = fc.oneof(
  fc.record({ event: fc.constant("add" as const), args: fc.tuple(title) }),
  fc.record({ event: fc.constant("rename" as const), args: fc.tuple(fc.string({ minLength: 2, maxLength: 4 }), fc.integer()) }),
  fc.record({ event: fc.constant("hide" as const), args: fc.tuple(title) }),
  fc.record({ event: fc.constant("fail" as const), args: fc.constant([] as const) }),
  fc.record({ event: fc.constant("toggle" as const), args: fc.tuple(fc.nat(5)) }),
  fc.record({ event: fc.constant("startOver" as const), args: fc.constant([] as const) }),
);

const plain = ({ items, title, count, left, secrets }: View<Draft> | Draft) => ({
  items: items.map(({ title, done, label }) => ({ title, done, label })),
  title,
  count,
  left: left.map((item) => item.title),
  secrets,
});

test("a local store shows what the class itself becomes by the same events", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const draft = open(new Draft());
      const oracle = new Draft();
      for (const { event, args } of steps) {
        const before = draft.view.items;
        if (event === "toggle") {
          await draft.view.items[args[0]]?.toggle();
          oracle.items[args[0]]?.toggle();
        } else if (event === "fail") await draft.view.fail().catch(() => {});
        else {
          await (draft.view[event] as (...given: readonly unknown[]) => Promise<unknown>)(...args);
          (oracle[event] as (...given: readonly unknown[]) => unknown)(...args);
        }
        expect(plain(draft.view)).toEqual(plain(oracle));
        if (event === "fail" || event === "rename") expect(draft.view.items).toBe(before);
      }
    }),
  );
});
