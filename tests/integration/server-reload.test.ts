import { computed, event, type Presence, presence, resume, state, step, type Tasks, tasks, until, update } from "twinstate";
import { createTwin, memory, type StoreClass, scope } from "twinstate/server";
import { expect, onTestFinished, test, vi } from "vitest";
import { SECRET, serveTwin } from "../kit/app.js";
import { gate, reached, renew, wait } from "../kit/gate.js";
import { soon } from "../kit/soon.js";

/** A module's class, as each evaluation of the module makes it. */
function evaluate() {
  class Counter {
    @state count = 0;
    @state({ private: true }) protected calls = 0;
    @event add(n: number) {
      this.calls++;
      this.count += n;
      return this.calls;
    }
    @event async slowly(n: number) {
      await wait();
      this.count += n;
    }
  }
  return Counter;
}

/** The module after the developer has changed it. */
function edited() {
  class Counter {
    @state count = 0;
    @state({ private: true }) protected calls = 0;
    @state unit = "clicks";
    @computed get label(): string {
      return `${this.count} ${this.unit}`;
    }
    @event add(n: number) {
      this.calls++;
      this.count += 10 * n;
      return this.calls;
    }
    @event reset() {
      this.count = 0;
    }
  }
  return Counter;
}

async function start(first: StoreClass = evaluate()) {
  renew();
  const name = `reload ${Math.random()}`;
  const served = await serveTwin({ name, stores: { counter: first as ReturnType<typeof evaluate> } });
  const again = (Class: StoreClass) =>
    createTwin({ name, stores: { counter: Class as ReturnType<typeof evaluate> }, session: { secret: SECRET }, log: (entry) => void served.logs.push(entry) });
  return { ...served, name, again, visitor: served.visitor() };
}

test("a module that is evaluated again talks to the same state", async () => {
  const { again, twin } = await start();
  await twin.counter("s").add(1);
  const second = again(evaluate());
  expect(await second.counter("s").add(1)).toBe(2);
  expect(await twin.counter("s").$snapshot()).toEqual({ count: 2 });
});

test("a second copy of all our modules, as Next makes them, shares state, errors and current() with the first", async () => {
  const { name, twin, visitor } = await start();
  await visitor.call("counter.add", 1);
  const live = visitor.live({ store: "counter" });
  await live.state("counter");
  vi.resetModules();
  const second = await import("twinstate");
  const server = await import("twinstate/server");
  expect(second.state).not.toBe(state);
  class Counter {
    @second.state count = 0;
    @second.event add(n: number) {
      this.count += n;
      return second.current().session?.id;
    }
    @second.event async slowly(n: number) {
      if (n === 0) throw new second.EventError("SOLD_OUT", "Nothing is left.", { left: 0 });
      this.count += n;
    }
  }
  const copy = server.createTwin({ name, stores: { counter: Counter }, session: { secret: SECRET } });
  expect(await visitor.call("counter.add", 1)).toBe(visitor.session);
  expect(await copy.counter(visitor.session).add(1)).toBe(visitor.session);
  expect(await twin.counter(visitor.session).$snapshot()).toEqual({ count: 3 });
  expect(await live.state("counter", (counter) => counter.count === 3)).toEqual({ count: 3 });
  await expect(visitor.call("counter.slowly", 0)).rejects.toMatchObject({ code: "SOLD_OUT", data: { left: 0 } });
  await expect(copy.counter(visitor.session).slowly(0)).rejects.toMatchObject({ code: "SOLD_OUT" });
  const { status } = await copy.handlers.POST(
    new Request("http://127.0.0.1/api/twin/counter.add", { method: "POST", body: `{"args":[1]}`, headers: { "content-type": "application/json" } }),
  );
  expect(status).toBe(200);
});

test("in production the first evaluation's classes stay", async () => {
  const { again, twin } = await start();
  vi.stubEnv("NODE_ENV", "production");
  onTestFinished(() => void vi.unstubAllEnvs());
  const second = again(edited());
  await second.counter("s").add(1);
  expect(await twin.counter("s").$snapshot()).toEqual({ count: 1 });
});

test("in production a twin of other stores under the same name is refused", async () => {
  const { name } = await start();
  vi.stubEnv("NODE_ENV", "production");
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(() => createTwin({ name, stores: { other: evaluate() } })).toThrow(/Another twin, with other stores/);
});

test("hot reload of a class keeps the state, private state too, and open pages get the new fields", async () => {
  const { again, visitor } = await start();
  await visitor.call("counter.add", 1);
  const live = visitor.live({ store: "counter" });
  expect(await live.state("counter")).toEqual({ count: 1 });
  const before = live.have("counter");
  again(edited());
  expect(await live.state("counter", (counter) => counter.unit === "clicks")).toEqual({ count: 1, unit: "clicks", label: "1 clicks" });
  const hellos = live.all("hello").map(([, hello]) => (hello as { schema: { hash: string; stores: { counter: object } } }).schema);
  expect(hellos).toHaveLength(2);
  expect(hellos[0]?.hash).not.toBe(hellos[1]?.hash);
  expect(hellos[1]?.stores.counter).toMatchObject({ fields: ["count", "unit"], computeds: ["label"], events: { add: {}, reset: {} } });
  const after = live.have("counter");
  expect([after[0], after[1]]).toEqual([before[0], before[1] + 1]);
  expect(await visitor.call("counter.add", 1)).toBe(2);
  expect(await live.state("counter", (counter) => counter.count === 11)).toMatchObject({ label: "11 clicks" });
  // What a page had from before cannot be resumed.
  const back = visitor.live({ store: "counter", have: before });
  expect(await back.state("counter")).toEqual({ count: 11, unit: "clicks", label: "11 clicks" });
  expect(back.all("resume")).toEqual([]);
});

test("an event that runs while its class is replaced ends as it began", async () => {
  const { again, visitor } = await start();
  const live = visitor.live({ store: "counter" });
  await live.state("counter");
  const call = visitor.call("counter.slowly", 5);
  await reached();
  again(edited());
  gate().open();
  await call;
  expect(await live.state("counter", (counter) => counter.unit === "clicks")).toMatchObject({ count: 5 });
});

test("a class that cannot be made leaves the old one running", async () => {
  const { again, visitor, logs } = await start();
  await visitor.call("counter.add", 1);
  const live = visitor.live({ store: "counter" });
  await live.state("counter");
  class Broken {
    @state count: unknown = () => {};
    @event add(n: number) {
      this.count = n;
    }
  }
  again(Broken);
  await soon(() => expect(logs.map(({ message }) => message).join()).toContain("`counter.count` cannot hold"));
  expect(await visitor.call("counter.add", 1)).toBe(2);
  expect(await live.state("counter", (counter) => counter.count === 2)).toEqual({ count: 2 });
});

test("the old instance is disposed of, and the new one loaded", async () => {
  const log: string[] = [];
  const hooked = (name: string) => {
    class Counter {
      @state count = 0;
      @state loads = 0;
      protected onCreate() {
        log.push(`${name} created`);
      }
      protected async onLoad() {
        log.push(`${name} loaded`);
        await Promise.resolve();
        this.loads++;
      }
      protected onDispose() {
        log.push(`${name} disposed of`);
      }
      @event add(n: number) {
        this.count += n;
        return n;
      }
      @event async slowly(n: number) {
        this.count += n;
      }
    }
    return Counter;
  };
  const { again, visitor } = await start(hooked("old"));
  await visitor.call("counter.add", 1);
  const live = visitor.live({ store: "counter" });
  await live.state("counter");
  again(hooked("new"));
  expect(await live.state("counter", (counter) => counter.loads === 2)).toEqual({ count: 1, loads: 2 });
  expect(log).toEqual(["old created", "old loaded", "old disposed of", "new loaded"]);
  await visitor.call("counter.add", 1);
  expect(await live.state("counter", (counter) => counter.count === 2)).toEqual({ count: 2, loads: 2 });
});

test("a replaced class keeps what no storage keeps: who is here is here still", async () => {
  const room = (greeting: string) => {
    class Room {
      @state({ persist: false }) people: { id: string }[] = [];
      protected onConnect(connection: { id: string }) {
        this.people.push({ id: connection.id });
      }
      @event greet() {
        return `${greeting} ${this.people.length}`;
      }
    }
    return Room;
  };
  const { again, visitor } = await start(room("hello"));
  const live = visitor.live({ store: "counter" });
  const before = await live.state("counter", (counter) => counter.people.length === 1);
  again(room("welcome"));
  await soon(async () => expect((await visitor.call("counter.greet")) as unknown).toBe("welcome 1"));
  expect(await live.state("counter")).toEqual(before);
});

test("importing the app's module does no I/O", async () => {
  const storage = memory();
  const load = vi.spyOn(storage, "load");
  const twin = createTwin({ name: "no I/O", stores: { counter: evaluate() }, storage });
  expect(load).not.toHaveBeenCalled();
  await twin.close();
});

test("what a promise of the class before gives is dropped: the new class's own is awaited", async () => {
  const settle: ((by: string) => void)[] = [];
  const evaluate = (by: string) => {
    class Sky {
      @state visits = 0;
      @computed get weather(): Promise<string> {
        return new Promise((resolve) => settle.push(() => resolve(by)));
      }
      @event visit() {
        this.visits++;
      }
    }
    return Sky;
  };
  const name = `reload ${Math.random()}`;
  const { logs, twin } = await serveTwin({ name, stores: { sky: scope.shared(evaluate("the first")) } });
  await twin.sky().visit();
  expect(await twin.sky().$snapshot()).toEqual({ visits: 1, weather: { value: undefined, pending: true, error: undefined } });
  const second = createTwin({
    name,
    stores: { sky: scope.shared(evaluate("the second")) },
    session: { secret: SECRET },
    log: (entry) => void logs.push(entry),
  });
  await second.sky().visit();
  expect((await second.sky().$snapshot()).weather.pending).toBe(true);
  const [first, last] = settle;
  first?.("");
  await second.sky().visit();
  expect((await second.sky().$snapshot()).weather).toEqual({ value: undefined, pending: true, error: undefined });
  last?.("");
  await expect.poll(async () => (await second.sky().$snapshot()).weather).toEqual({ value: "the second", pending: false, error: undefined });
  expect(logs).toEqual([]);
});

test("who is here is said anew by the new class, also where the old one had no such list", async () => {
  class Alone {
    @state title = "a";
  }
  const listing = (name: string) => {
    class Listing {
      @state title = "a";
      @presence({ of: () => ({ name }) }) people!: Presence<{ name: string }>;
    }
    return Listing;
  };
  renew();
  const name = `reload ${Math.random()}`;
  const options = (Class: StoreClass) => ({ name, stores: { room: scope.room(Class as ReturnType<typeof listing>, { allow: () => true }) } });
  const served = await serveTwin(options(Alone));
  const again = (Class: StoreClass) => createTwin({ ...options(Class), session: { secret: SECRET }, log: (entry) => void served.logs.push(entry) });
  const people = async () => (await served.twin.room("x").$snapshot()).people?.map((one) => one.name);
  const visitor = served.visitor();
  await visitor.live({ store: "room", key: "x" }).state("room");
  again(listing("first"));
  await soon(async () => expect(await people()).toEqual(["first"]));
  again(listing("second"));
  await soon(async () => expect(await people()).toEqual(["second"]));
  expect(served.logs).toEqual([]);
});

test("a durable event goes on in the new class, where it was", async () => {
  const did: string[] = [];
  const jobs = (what: string) => {
    class Jobs {
      @state log: string[] = [];
      @tasks tasks!: Tasks;
      @event({ background: true, durable: true }) async run() {
        const first = await step("one", () => {
          did.push(what);
          return what;
        });
        await update(() => {
          this.log.push(first);
        });
        const second = await until<string>("go");
        await update(() => {
          this.log.push(`${second} in the ${what} class`);
        });
        return second;
      }
      @event go() {
        return resume("go", "went on");
      }
    }
    return Jobs;
  };
  const name = `reload ${Math.random()}`;
  const served = await serveTwin({ name, stores: { jobs: jobs("old") } });
  const running = served.twin.jobs("s").run();
  await soon(async () => expect((await served.twin.jobs("s").$snapshot()).tasks).toMatchObject([{ step: "go" }]));
  const second = createTwin({ name, stores: { jobs: jobs("new") }, session: { secret: SECRET }, log: (entry) => void served.logs.push(entry) });
  await soon(async () => expect((await second.jobs("s").$snapshot()).tasks).toMatchObject([{ step: "go" }]));
  expect(await second.jobs("s").go()).toBe(1);
  expect(await running).toBe("went on");
  expect(did).toEqual(["old"]);
  expect(await second.jobs("s").$snapshot()).toMatchObject({ log: ["old", "went on in the new class"], tasks: [] });
});
