import { computed, current, EventError, event, state } from "twinstate";
import { type LogEntry, scope } from "twinstate/server";
import { lasting, type Net, type PairOptions, pair as pairOver } from "twinstate/testing";
import { beforeEach, expect, test } from "vitest";
import { SOCKET_EVENTS, TRANSPORT } from "../kit/transport.js";

const pair = <S extends object, M extends object = {}>(options: PairOptions<S, M>): Net<S, M> =>
  pairOver({ transport: TRANSPORT, socketEvents: SOCKET_EVENTS, ...options } as never) as never;

/** A run of a getter: the test settles it. */
interface Run {
  readonly of: string;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}
let runs: Run[] = [];
const ask = <V>(of: string) =>
  new Promise<V>((resolve, reject) => {
    runs.push({ of, resolve: resolve as Run["resolve"], reject });
  });
/** Settles the last run. */
const settle = (value: unknown) => runs.at(-1)?.resolve(value);
const fail = (error: unknown) => runs.at(-1)?.reject(error);

beforeEach(() => {
  runs = [];
});

const isAdmin = (context: object) => (context as { admin: boolean }).admin;

class Sky {
  @state city = "Bern";
  @state visits = 0;
  @computed get weather(): Promise<{ degrees: number; days: readonly { name: string }[] }> {
    if (this.city === "") throw new EventError("INVALID", "No city.", { issues: [] });
    return ask(this.city);
  }
  @event move(city: string) {
    this.city = city;
  }
  @event visit() {
    return ++this.visits;
  }
  @event async moveAndFail(city: string) {
    this.city = city;
    await new Promise((resolve) => setTimeout(resolve, 50));
    throw new EventError("FORBIDDEN", "no");
  }
  @event async now() {
    return await this.weather;
  }
}
const stores = { sky: scope.shared(Sky) };
const day = (name: string) => ({ name });

test("is pending in the browser until its promise has settled, and keeps its last value meanwhile", async () => {
  await using net = pair({ stores });
  const sky = await net.client().sky();
  expect(sky.weather).toEqual({ value: undefined, pending: true, error: undefined });
  settle({ degrees: 20, days: [day("Monday")] });
  await net.quiet();
  expect(sky.weather).toEqual({ value: { degrees: 20, days: [day("Monday")] }, pending: false, error: undefined });
  const { value } = sky.weather;
  await sky.move("Basel");
  expect(sky.weather).toEqual({ value: { degrees: 20, days: [day("Monday")] }, pending: true, error: undefined });
  expect(sky.weather.value).toBe(value);
  settle({ degrees: 25, days: [day("Monday")] });
  await net.quiet();
  expect(sky.weather).toEqual({ value: { degrees: 25, days: [day("Monday")] }, pending: false, error: undefined });
  // Parts that are equal stay the same objects.
  expect(sky.weather.value?.days).toBe(value?.days);
});

test("runs again when what it has read before its first `await` changes, and only then", async () => {
  await using net = pair({ stores });
  const [sky, other] = [await net.client().sky(), await net.client().sky()];
  settle({ degrees: 20, days: [] });
  await sky.visit();
  await other.visit();
  await other.move("Bern");
  expect(runs.map(({ of }) => of)).toEqual(["Bern"]);
  await other.move("Basel");
  await other.visit();
  expect(runs.map(({ of }) => of)).toEqual(["Bern", "Basel"]);
});

test("of 100 overlapping runs only the last is shown, in whatever order they settle", async () => {
  await using net = pair({ stores, eventRate: 1e4 });
  const sky = await net.client().sky();
  const shown: unknown[] = [];
  sky.$subscribe(() => void shown.push(sky.weather));
  for (let n = 1; n <= 100; n++) await sky.move(`city ${n}`);
  expect(runs.map(({ of }) => of)).toEqual(["Bern", ...Array.from({ length: 100 }, (_, n) => `city ${n + 1}`)]);
  // Every third one first, backwards, then the last, then the rest.
  const [last, ...earlier] = [...runs].reverse();
  for (const [i, run] of earlier.entries()) if (i % 3 === 0) run.resolve({ degrees: -i, days: [] });
  await net.quiet();
  expect(sky.weather).toEqual({ value: undefined, pending: true, error: undefined });
  last?.resolve({ degrees: 100, days: [] });
  await net.quiet();
  for (const [i, run] of earlier.entries()) if (i % 2 === 0) run.reject(new Error("late"));
  for (const [i, run] of earlier.entries()) run.resolve({ degrees: i, days: [] });
  await net.quiet();
  expect(sky.weather).toEqual({ value: { degrees: 100, days: [] }, pending: false, error: undefined });
  expect(shown.every((one) => [undefined, 100].includes((one as { value?: { degrees: number } }).value?.degrees))).toBe(true);
});

test("an error arrives with its code and data, beside the last value, until a run ends well", async () => {
  await using net = pair({ stores });
  const sky = await net.client().sky();
  settle({ degrees: 20, days: [] });
  await sky.move("Basel");
  fail(new EventError("NO_STATION", "There is no station.", { near: new Map([["Bern", 1n]]) }));
  await net.quiet();
  const { value, pending, error } = sky.weather;
  expect([value, pending]).toEqual([{ degrees: 20, days: [] }, false]);
  expect(error).toBeInstanceOf(EventError);
  expect(EventError.is(error, "NO_STATION") && error.data).toEqual({ near: new Map([["Bern", 1n]]) });
  expect([error?.message, error?.name, error?.is("NO_STATION"), error?.is("INTERNAL"), String(error)]).toEqual([
    "There is no station.",
    "EventError",
    true,
    false,
    "EventError: There is no station.",
  ]);
  // It stays the same object as long as nothing has changed, while the next run is under way too.
  await sky.visit();
  await sky.move("Chur");
  expect([sky.weather.pending, sky.weather.error === error]).toEqual([true, true]);
  settle({ degrees: 10, days: [] });
  await net.quiet();
  expect(sky.weather).toEqual({ value: { degrees: 10, days: [] }, pending: false, error: undefined });
});

test("any other error is INTERNAL, without a detail of the server's, and the log has it with the path of the computed", async () => {
  const logs: LogEntry[] = [];
  await using net = pair({ stores, log: (entry) => void logs.push(entry) });
  const sky = await net.client().sky();
  fail(new Error("password of the weather service: SECRET"));
  await net.quiet();
  expect(sky.weather).toMatchObject({ value: undefined, pending: false, error: { code: "INTERNAL" } });
  expect(JSON.stringify(sky.weather)).not.toContain("SECRET");
  expect(logs).toHaveLength(1);
  expect(logs[0]).toMatchObject({ level: "error", event: "sky.weather", error: { message: expect.stringContaining("SECRET") } });
});

test("a getter that throws before it has a promise is like one that rejects, and it is not run again and again", async () => {
  await using net = pair({ stores });
  const sky = await net.client().sky();
  settle({ degrees: 20, days: [] });
  await sky.move("");
  await net.quiet();
  const { error } = sky.weather;
  expect(sky.weather).toMatchObject({ value: { degrees: 20 }, pending: false, error: { code: "INVALID", message: "No city." } });
  await sky.visit();
  await net.quiet();
  expect(sky.weather.error).toBe(error);
  await sky.move("Bern");
  settle({ degrees: 21, days: [] });
  await net.quiet();
  expect(sky.weather).toEqual({ value: { degrees: 21, days: [] }, pending: false, error: undefined });
});

test("a value that cannot be state is an error, which the log explains, and nothing of the value is shown", async () => {
  const logs: LogEntry[] = [];
  await using net = pair({ stores, log: (entry) => void logs.push(entry) });
  const sky = await net.client().sky();
  settle({ degrees: 20, days: [day("Monday"), day("Tuesday")] });
  await sky.move("Basel");
  settle({ degrees: 30, days: [day("Friday"), { name: () => "a function" }] });
  await net.quiet();
  expect(sky.weather).toMatchObject({ value: { degrees: 20, days: [day("Monday"), day("Tuesday")] }, pending: false, error: { code: "INTERNAL" } });
  expect(logs.map(({ message }) => message)).toEqual([expect.stringContaining("`sky.weather.value.days[1].name` cannot hold the function `name`")]);
  await sky.move("Chur");
  settle({ degrees: 31, days: [] });
  await net.quiet();
  expect(sky.weather).toEqual({ value: { degrees: 31, days: [] }, pending: false, error: undefined });
});

test("does not hold up events, and one that awaits it gets the promise itself", async () => {
  await using net = pair({ stores });
  const sky = await net.client().sky();
  expect(await sky.visit()).toBe(1);
  const now = sky.now();
  await net.wait(50);
  settle({ degrees: 20, days: [] });
  expect(await now).toEqual({ degrees: 20, days: [] });
  // The value is kept as long as its inputs are the same.
  expect(runs).toHaveLength(1);
});

test("what an event has changed and not committed is neither read nor shown", async () => {
  await using net = pair({ stores });
  const sky = await net.client().sky();
  const failing = sky.moveAndFail("Atlantis").catch((error: EventError) => error.code);
  await net.wait(30);
  settle({ degrees: 20, days: [] });
  // The event is still running. What has come is shown, and does not make it run again.
  await net.wait(15);
  expect([sky.weather.value?.degrees, runs.length]).toEqual([20, 1]);
  await net.wait(100);
  expect(await failing).toBe("FORBIDDEN");
  await sky.visit();
  settle({ degrees: 20, days: [] });
  await net.quiet();
  expect(new Set(runs.map(({ of }) => of))).toEqual(new Set(["Bern"]));
  expect(sky.weather).toEqual({ value: { degrees: 20, days: [] }, pending: false, error: undefined });
});

test("its getter may not write, before its first `await` and after it, and has no caller", async () => {
  const tried: [string, unknown][] = [];
  const attempt = (what: string, run: () => unknown) => {
    try {
      tried.push([what, run()]);
    } catch (error) {
      tried.push([what, (error as EventError).code]);
    }
  };
  class Writer {
    @state n = 0;
    @state city = "Bern";
    @computed get sum(): Promise<number> {
      const { n } = this;
      attempt("before", () => ++this.n);
      attempt("caller before", () => current());
      return (async () => {
        await ask("sum");
        attempt("after", () => ++this.n);
        attempt("event after", () => this.add());
        attempt("caller after", () => current());
        return n;
      })();
    }
    @event add() {
      return ++this.n;
    }
    @event async *slow() {
      this.n++;
      yield "committed";
      await ask("slow");
    }
  }
  await using net = pair({ stores: { writer: Writer } });
  const writer = await net.client().writer();
  const slow = writer.slow();
  await net.wait(50);
  // The event that has caused the run goes on, and may write itself.
  const [first, second, awaited] = runs;
  first?.resolve(undefined);
  second?.resolve(undefined);
  await net.wait(50);
  awaited?.resolve(undefined);
  await slow;
  const once: [string, string][] = [
    ["before", "READ_ONLY"],
    ["caller before", "OUTSIDE_EVENT"],
  ];
  const later: [string, string][] = [
    ["after", "OUTSIDE_EVENT"],
    ["event after", "OUTSIDE_EVENT"],
    ["caller after", "OUTSIDE_EVENT"],
  ];
  expect(tried).toEqual([...once, ...once, ...later, ...later]);
  await net.quiet();
  expect([writer.n, writer.sum]).toEqual([1, { value: 1, pending: false, error: undefined }]);
});

// --- instances, viewers, server code ---

class City {
  @state name = "";
  @computed get weather(): Promise<number> {
    return ask(this.name);
  }
  @event rename(name: string) {
    this.name = name;
  }
}
class Atlas {
  @state cities: City[] = [];
  @computed({ visibleTo: isAdmin }) get cost(): Promise<number> | undefined {
    return ask(`cost of ${this.cities.length}`);
  }
  @event add(name: string) {
    this.cities.push(Object.assign(new City(), { name }));
  }
  @event remove() {
    this.cities.pop();
  }
}
const atlas = { stores: { atlas: scope.shared(Atlas) }, models: { City } };

test("instances in a store have theirs, each for itself, and the outcome for one that has left is dropped", async () => {
  await using net = pair(atlas);
  const map = await net.client().atlas();
  await map.add("Bern");
  await map.add("Basel");
  expect(map.cities.map(({ weather }) => weather.pending)).toEqual([true, true]);
  const [bern, basel] = runs;
  basel?.resolve(2);
  await net.quiet();
  expect(map.cities.map(({ weather }) => [weather.value, weather.pending])).toEqual([
    [undefined, true],
    [2, false],
  ]);
  await map.cities[1]?.rename("Chur");
  await map.remove();
  runs.at(-1)?.resolve(3);
  bern?.resolve(1);
  await net.quiet();
  expect(map.cities.map(({ name, weather }) => [name, weather.value])).toEqual([["Bern", 1]]);
});

test("with `visibleTo` it runs for those who may see it, and nobody else learns of it", async () => {
  const admins = new Set<string>();
  const context = ({ headers }: { headers: Headers }) => ({ admin: admins.has(/twin_session=([\w-]+)\./.exec(headers.get("cookie") ?? "")?.[1] ?? "") });
  await using net = pair({ ...atlas, context });
  const guest = net.client();
  const seen = await guest.atlas();
  await seen.add("Bern");
  expect(runs.map(({ of }) => of)).toEqual(["Bern"]);
  const admin = net.client();
  await (await admin.atlas()).add("Basel");
  admins.add(net.session(admin));
  net.server.$recheck();
  await net.quiet();
  const all = await admin.atlas();
  expect(all.cost).toEqual({ value: undefined, pending: true, error: undefined });
  expect(runs.at(-1)?.of).toBe("cost of 2");
  settle(100);
  await net.quiet();
  expect(all.cost).toEqual({ value: 100, pending: false, error: undefined });
  expect(seen.cost).toBe(undefined);
  expect(JSON.stringify(seen.$snapshot())).not.toContain("cost");
  // Nobody who sees it is there any more: its outcome is dropped.
  await seen.add("Chur");
  admins.clear();
  net.server.$recheck();
  await net.quiet();
  expect((await admin.atlas()).cost).toBe(undefined);
  settle(200);
  await net.quiet();
});

test("server code gets it as browsers do", async () => {
  await using net = pair(atlas);
  await net.server.atlas().add("Bern");
  expect(await net.server.atlas().$snapshot()).toEqual({
    cities: [{ name: "Bern", weather: { value: undefined, pending: true, error: undefined } }],
    cost: { value: undefined, pending: true, error: undefined },
  });
  runs.find(({ of }) => of === "Bern")?.reject(new EventError("NO_STATION", "None."));
  await net.wait(1);
  const { cities } = await net.server.atlas().$snapshot();
  expect(cities[0]?.weather.error).toBeInstanceOf(EventError);
  expect(cities[0]?.weather.error).toMatchObject({ code: "NO_STATION", message: "None." });
});

// --- the end of stores ---

test("an outcome that comes when its store is gone does nothing: evicted, deleted, or lost with a failed commit", async () => {
  const logs: LogEntry[] = [];
  let broken = false;
  const storage = lasting();
  const { append } = storage;
  storage.append = async (...given) => {
    if (broken) throw new Error("the disk is full");
    return append.apply(storage, given);
  };
  await using net = pair({ stores: { sky: scope.room(Sky, { allow: () => true }) }, storage, idle: 100, log: (entry) => void logs.push(entry) });
  const client = net.client();
  const gone = net.client();
  await (await gone.sky("evicted")).visit();
  gone.$close();
  await net.wait(60_000);
  const deleted = await client.sky("deleted");
  await deleted.visit();
  await net.server.sky.delete("deleted");
  const lost = await client.sky("lost");
  await lost.visit();
  broken = true;
  const visit = lost.visit();
  await net.wait(100);
  broken = false;
  await visit;
  // The call may have been sent again while the storage failed, and lost another life. The stream is back in the last one.
  await net.wait(5000);
  logs.length = 0;
  for (const run of runs.slice(0, -1)) run.resolve({ degrees: 1, days: [] });
  await net.quiet();
  expect(lost.weather).toEqual({ value: undefined, pending: true, error: undefined });
  settle({ degrees: 2, days: [] });
  await net.quiet();
  expect(lost.weather).toMatchObject({ value: { degrees: 2 }, pending: false });
  expect(logs).toEqual([]);
});

test("after a kill it runs again, and what the earlier process asked for is never shown", async () => {
  await using net = pair({ stores, storage: lasting() });
  const sky = await net.client().sky();
  await sky.move("Basel");
  const earlier = [...runs];
  net.kill();
  await net.quiet();
  expect(runs.length).toBeGreaterThan(earlier.length);
  for (const run of earlier) run.resolve({ degrees: -1, days: [] });
  await net.quiet();
  expect([sky.city, sky.weather.pending]).toEqual(["Basel", true]);
  settle({ degrees: 2, days: [] });
  await net.quiet();
  expect(sky.weather).toEqual({ value: { degrees: 2, days: [] }, pending: false, error: undefined });
});

// --- behaviours of other systems ---

class Dashboard {
  @state user = "ann";
  @computed get orders(): Promise<string> {
    return ask(`orders of ${this.user}`);
  }
  @computed get friends(): Promise<string> {
    return ask(`friends of ${this.user}`);
  }
  @computed get inbox(): Promise<string> {
    return ask(`inbox of ${this.user}`);
  }
  @event as(user: string) {
    this.user = user;
  }
}

test("behaviour 30: all computeds that are promises run at once; unlike there, none holds up the commit, so the browser sees them pending", async () => {
  await using net = pair({ stores: { dashboard: Dashboard } });
  const dashboard = await net.client().dashboard();
  const all = () => [dashboard.orders, dashboard.friends, dashboard.inbox];
  expect(runs.map(({ of }) => of)).toEqual(["orders of ann", "friends of ann", "inbox of ann"]);
  for (const run of runs.splice(0)) run.resolve(run.of);
  await net.quiet();
  await dashboard.as("bob");
  expect(runs.map(({ of }) => of)).toEqual(["orders of bob", "friends of bob", "inbox of bob"]);
  expect(dashboard.user).toBe("bob");
  expect(all().map(({ value, pending }) => [value, pending])).toEqual([
    ["orders of ann", true],
    ["friends of ann", true],
    ["inbox of ann", true],
  ]);
  const [orders, friends, inbox] = runs;
  inbox?.resolve("inbox of bob");
  await net.quiet();
  expect(all().map(({ pending }) => pending)).toEqual([true, true, false]);
  orders?.resolve("orders of bob");
  friends?.resolve("friends of bob");
  await net.quiet();
  expect(all()).toEqual(["orders", "friends", "inbox"].map((of) => ({ value: `${of} of bob`, pending: false, error: undefined })));
});

// --- predictions ---

class Basket {
  @state city = "Bern";
  @state items: City[] = [];
  @computed get price(): Promise<number> {
    asked.push(where());
    return ask(this.city);
  }
  @computed get label(): string {
    return this.city.toUpperCase();
  }
  @event({ optimistic: true }) move(city: string) {
    this.city = city;
  }
  @event({ optimistic: true }) add(name: string) {
    this.items.push(Object.assign(new City(), { name }));
  }
  @event({ optimistic: true }) peek() {
    this.city = (this.price as unknown) ? "asked" : "none";
  }
}
const asked: string[] = [];
let where = () => "server";

test("a prediction does not run its getter: the twin shows what the server has said of it", async () => {
  asked.length = 0;
  await using net = pair({ stores: { basket: Basket }, models: { City }, browser: { stores: { basket: Basket }, models: { City } } });
  const client = net.client();
  const basket = await client.basket();
  settle(10);
  await net.quiet();
  net.cut(client);
  where = () => "browser";
  const move = basket.move("Basel");
  await move.local;
  expect([basket.city, basket.label, basket.price]).toEqual(["Basel", "BASEL", { value: 10, pending: false, error: undefined }]);
  const add = basket.add("Chur");
  await add.local;
  expect(basket.items[0]?.weather).toEqual({ value: undefined, pending: true, error: undefined });
  // An event that asks for it is left to the server.
  const peek = basket.peek();
  await peek.local;
  expect(basket.city).toBe("Basel");
  where = () => "server";
  net.heal(client);
  await Promise.all([move, add, peek]);
  await net.quiet();
  expect([basket.city, basket.price.pending]).toEqual(["asked", true]);
  expect(asked).not.toContain("browser");
});

// --- promises of libraries ---

/** As the query of a database client: it runs when it is awaited, each time. */
class Query<V> implements PromiseLike<V> {
  readonly #run: () => Promise<V>;
  constructor(run: () => Promise<V>) {
    this.#run = run;
  }
  // biome-ignore lint/suspicious/noThenProperty: this is what it is about.
  get then(): Promise<V>["then"] {
    return (...given) => this.#run().then(...given);
  }
}
class Library {
  @state shelf = "a";
  @computed get books(): Promise<string[]> {
    const { shelf } = this;
    return new Query(() => ask<string[]>(shelf)) as unknown as Promise<string[]>;
  }
  @event move(shelf: string) {
    this.shelf = shelf;
  }
  @event async count() {
    return (await this.books).length;
  }
}

test("what can only be awaited is a promise, too, and runs once, whoever wants its value", async () => {
  await using net = pair({ stores: { library: Library } });
  const library = await net.client().library();
  expect(library.books).toEqual({ value: undefined, pending: true, error: undefined });
  const count = library.count();
  await net.wait(20);
  settle(["one", "two"]);
  expect(await count).toBe(2);
  await net.quiet();
  expect([library.books, runs.length]).toEqual([{ value: ["one", "two"], pending: false, error: undefined }, 1]);
  await library.move("b");
  fail(new EventError("NOT_FOUND", "no"));
  await net.quiet();
  expect(library.books).toMatchObject({ value: ["one", "two"], pending: false, error: { code: "NOT_FOUND" } });
  expect(runs).toHaveLength(2);
});

// --- misuse ---

test("a promise that stands in state, or in a computed's value, is refused with the way out", async () => {
  const logs: LogEntry[] = [];
  class Misused {
    @state value: unknown = 1;
    @computed get nested(): unknown {
      return { inner: [Promise.resolve(1)] };
    }
    @computed get steps(): unknown {
      return (async function* () {})();
    }
    @computed get once(): Promise<number> {
      return new Promise((resolve) => resolve(1));
    }
    @event assign() {
      this.value = Promise.reject(new Error("nobody awaits it"));
    }
  }
  await using net = pair({ stores: { misused: Misused }, log: (entry) => void logs.push(entry) });
  const misused = await net.client().misused();
  await expect(misused.assign()).rejects.toMatchObject({ code: "INTERNAL" });
  expect([misused.nested, misused.steps, misused.value]).toEqual([undefined, undefined, 1]);
  const messages = logs.map(({ message }) => message).join("\n");
  expect(messages).toMatch(/`misused\.value` cannot hold a promise\. `await` it first, or return it from a `@computed` getter/);
  expect(messages).toMatch(/`misused\.nested\.inner\[0\]` cannot hold a promise\. `await` it first, or return it from a `@computed` getter/);
  expect(messages).toMatch(
    /`misused\.steps` cannot hold a generator\. Return one value, or a promise of it; values that come one by one are an event's `yield`s/,
  );
});
