import { computed, event, type Presence, presence, state, type Tasks, tasks } from "twinstate";
import { createTwin, memory, scope } from "twinstate/server";
import { expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { checkOptions } from "../../server/twin-options.js";
import { serveTwin } from "../kit/app.js";

class Todo {
  @state items: string[] = [];
  @event add(title: string) {
    this.items.push(title);
  }
}
class Empty {
  value = 1;
}
class WithInterrupted {
  @event onInterrupted() {}
}
class WithHook {
  @state value = 1;
  @event onLoad() {}
}
class WithThen {
  @state value = 1;
  // biome-ignore lint/suspicious/noThenProperty: it is to be refused
  @event then() {}
}
class WithDollarField {
  @state $snapshot = 1;
}
class WithDollarComputed {
  @computed get $pending() {
    return 1;
  }
}
class WithDollar {
  @state value = 1;
  @event $snapshot() {}
}
class DurableInQueue {
  @event({ durable: true } as {}) async run() {}
}
class DurableOptimistic {
  @event({ background: true, durable: true, optimistic: true } as {}) async run() {}
}
class DurableTimed {
  @event({ background: true, durable: true, timeout: 5 } as {}) async run() {}
}
class DurableGenerator {
  @event({ background: true, durable: true }) async *run() {
    yield 1;
  }
}
class DurableModel {
  @event({ background: true, durable: true }) async run() {}
}
class TasksModel {
  @tasks tasks!: Tasks;
}
class Prefs {
  @state({ keep: "localStorage" }) theme: string = "light";
}
class Unchecked {
  @state({ keep: "cookie" } as never) theme: string | undefined = undefined;
}
class InSession {
  @state({ keep: "sessionStorage" }) tab: string = "first";
}
class InCookie {
  @state({ keep: "cookie" }) theme: string = "light";
}
class PrivateKept {
  @state({ keep: "cookie", private: true } as never) theme: string = "light";
}
class HiddenKept {
  @state({ keep: "cookie", visibleTo: () => true } as never) theme: string = "light";
}
class VolatileKept {
  @state({ keep: "cookie", persist: false } as never) theme: string = "light";
}
class LostKept {
  @state({ keep: "localStorage", input: z.any() }) marks: unknown = { of: new Map() };
}
class Unmade {
  @state({ keep: "cookie" }) theme: string = "light";
  constructor() {
    throw new Error("not now");
  }
}
class Figures {
  @(state({ visibleTo: () => true, private: true } as never) as PropertyDecorator) revenue: number | undefined = 5;
}
class Here {
  @state title = "";
  @presence people!: Presence;
}
class OnlyComputed {
  @computed get one(): number {
    return 1;
  }
}

const start = (options: object) => () => {
  const twin = createTwin({ name: `start ${Math.random()}`, log: () => {}, ...options } as never);
  onTestFinished(() => (twin as { close(): Promise<void> }).close());
  return twin;
};
const stores = { todo: Todo };

test.for([
  ["no stores", {}, /needs stores/],
  ["an empty list of stores", { stores: {} }, /needs stores/],
  ["a store that is no class", { stores: { todo: {} } }, /The store `todo` is neither a class nor/],
  ["a store that is undefined, as an import in a circle is", { stores: { todo: undefined } }, /The store `todo` is neither a class nor/],
  ["a scope without a class", { stores: { todo: scope.shared(undefined as never) } }, /The store `todo` is neither a class nor/],
  ["a class without decorators", { stores: { todo: Empty } }, /The class `Empty` of the store `todo` has neither `@state` nor `@event`/],
  ["a store named as a tool of twin's", { stores: { handlers: Todo } }, /`handlers` is a name of twin's own/],
  ["a store named as a promise's method", { stores: Object.fromEntries(["then"].map((name) => [name, Todo])) }, /`then` is a name of twin's own/],
  ["a store named with a dollar", { stores: { $live: Todo } }, /`\$live` is a name of twin's own/],
  ["a store with a dot in its name", { stores: { "to.do": Todo } }, /The store `to\.do` is no name that a client could use/],
  ["a store named __proto__", { stores: Object.fromEntries([["__proto__", Todo]]) }, /The store `__proto__` is no name/],
  ["a room without allow", { stores: { board: scope.room(Todo, undefined as never) } }, /The room `board` needs `allow`/],
  ["a guard that is no function", { stores: { wall: scope.shared(Todo, { guard: true as never }) } }, /The store `wall` has a `guard` that is not a function/],
  [
    "a guard of a session's store that is no function",
    { stores: { todo: scope.session(Todo, { guard: "admin" as never }) } },
    /The store `todo` has a `guard` that is not/,
  ],
  ["a guard of the app that is no function", { stores, guard: { todo: true } }, /`guard` is not a function/],
  [
    "an unknown option of a scope",
    { stores: { todo: scope.user(Todo, { gaurd: () => true } as never) } },
    /The store `todo` has an option `gaurd`, which `scope\.user\(\)` does not know: it takes `guard`/,
  ],
  [
    "`allow` of a store that is no room",
    { stores: { todo: scope.session(Todo, { allow: () => true } as never) } },
    /`todo` has an option `allow`, which `scope\.session/,
  ],
  [
    "an unknown option of a room",
    { stores: { todo: scope.room(Todo, { allow: () => true, deny: () => true } as never) } },
    /an option `deny`, which `scope\.room\(\)` does not know: it takes `allow` and `guard`/,
  ],
  ["the hook of events that were cut off, as event", { stores: { todo: WithInterrupted } }, /`todo\.onInterrupted` is a lifecycle method/],
  ["a lifecycle method as event", { stores: { todo: WithHook } }, /`todo\.onLoad` is a lifecycle method/],
  ["an event named then", { stores: { todo: WithThen } }, /`todo` has an event `then`/],
  ["an event with a dollar", { stores: { todo: WithDollar } }, /`todo` has an event `\$snapshot`/],
  ["a field with a dollar", { stores: { todo: WithDollarField } }, /`todo` has a field `\$snapshot`/],
  ["a computed with a dollar", { stores: { todo: WithDollarComputed } }, /`todo` has a field `\$pending`/],
  ["an unknown option", { stores, store: {} }, /`store` is no option of `createTwin`/],
  ["a context that is no function", { stores, context: {} }, /`context` is not a function/],
  ["a storage that is none", { stores, storage: {} }, /`storage` is no storage/],
  ["a storage of before there were schedules", { stores, storage: { ...memory(), due: undefined } }, /`storage` has no `due\(\)`, which schedules need/],
  ["a limit that is no number", { stores, idle: "1m" }, /`idle` is not a number/],
  ["a negative limit", { stores, maxBody: -1 }, /`maxBody` is not a number/],
  ["a model that is no class", { stores, models: { Item: {} } }, /The model `Item` is not a class/],
  ["a model with an odd name", { stores, models: { "my item": Todo } }, /The model `my item` is no name/],
  [
    "a kept field that nothing checks",
    { stores: { prefs: Unchecked } },
    /`Unchecked\.theme` has `keep`, and nothing checks what a browser brings: give a schema/,
  ],
  [
    "a kept field of a user",
    { stores: { prefs: scope.user(Prefs) } },
    /`Prefs\.theme` has `keep: "localStorage"`, and the store `prefs` has user scope: all devices/,
  ],
  [
    "a kept field of a room",
    { stores: { prefs: scope.room(Prefs, { allow: () => true }) } },
    /has room scope: many browsers share it.* Put it into a store of session scope/,
  ],
  ["a kept field of all", { stores: { prefs: scope.shared(Prefs) } }, /`Prefs\.theme` has .* shared scope: everybody shares it/],
  ["a kept field of a keyed tab store", { stores: { prefs: scope.tab(Prefs, { keyed: true }) } }, /keyed-tab scope: each key of it is a store of its own/],
  [
    "a session's field in sessionStorage",
    { stores: { prefs: InSession } },
    /`InSession\.tab` has `keep: "sessionStorage"`.* Use `keep: "localStorage"`, or `scope\.tab/,
  ],
  [
    "a tab's field in a cookie",
    { stores: { prefs: scope.tab(InCookie) } },
    /`InCookie\.theme` has `keep: "cookie"`.*tab scope: a page is rendered without its tab/,
  ],
  ["a kept field of a model", { stores, models: { Prefs } }, /`Prefs\.theme` has `keep`, and `Prefs` is a model/],
  ["a kept field that is private", { stores: { prefs: PrivateKept } }, /`PrivateKept\.theme` has `keep` and is private/],
  ["a kept field that some are to see", { stores: { prefs: HiddenKept } }, /`HiddenKept\.theme` has `keep` and has `visibleTo`/],
  ["a kept field that is not stored", { stores: { prefs: VolatileKept } }, /`VolatileKept\.theme` has `keep` and has `persist: false`/],
  [
    "a kept field whose default JSON cannot have",
    { stores: { prefs: LostKept } },
    /`LostKept\.marks` is kept by the browser as JSON, and its value cannot be written so: JSON has no Map/,
  ],
  ["a store with kept fields that cannot be made", { stores: { prefs: Unmade } }, /`Unmade` has kept fields, .* its constructor throws: not now/],
  ["a private field that some are to see", { stores: { figures: Figures } }, /`Figures\.revenue` is private and has `visibleTo`/],
  ["such a field of a model", { stores, models: { Figures } }, /`Figures\.revenue` is private and has `visibleTo`/],
  ["a list of people in a session's store", { stores: { here: Here } }, /`Here\.people` has `@presence`, and `Here` is a store of a session/],
  ["a list of people in a tab's store", { stores: { here: scope.tab(Here) } }, /`Here\.people` has `@presence`, and `Here` is a store of a tab/],
  ["a durable event in the queue", { stores: { queued: DurableInQueue } }, /`queued\.run` has `durable: true` without `background: true`/],
  ["a durable event that is predicted", { stores: { it: DurableOptimistic } }, /`it\.run` has `durable: true` beside `optimistic`/],
  ["a durable event with a timeout", { stores: { it: DurableTimed } }, /`it\.run` has `durable: true` beside `timeout`.*give its steps a `timeout`/],
  ["a durable generator", { stores: { it: DurableGenerator } }, /`it\.run` has `durable: true`, and is a generator/],
  ["a durable event of a model", { stores, models: { DurableModel } }, /`DurableModel\.run` has `durable: true`, and is an event of a model/],
  ["a list of tasks in a model", { stores, models: { TasksModel } }, /`TasksModel\.tasks` has `@tasks`, and `TasksModel` is a model/],
  ["a list of people in a model", { stores, models: { Here } }, /`Here\.people` has `@presence`, and `Here` is a model/],
  ["a secret that is too short", { stores, session: { secret: "short" } }, /fewer than 16 characters/],
  ["a secret that is no text", { stores, session: { secret: 12_345_678_901_234_567_890n } }, /The secret in session\.secret is no text/],
  ["an unknown option of the session", { stores, session: { secrets: "a secret of sixteen letters" } }, /`session\.secrets` is no option/],
  ["a life of sessions that is no number", { stores, session: { life: Number("30d") } }, /`session\.life` is no number of seconds/],
  ["a life that is over at once", { stores, life: { room: 0 } }, /`life\.room` is no number of seconds/],
  ["a life of what has none", { stores, life: { rooms: 60 } }, /`life\.rooms` is no option/],
  ["an origin beside a list", { stores, origins: "https://app.example.com" }, /`origins` is no list/],
  ["an origin with a path", { stores, origins: ["https://app.example.com/"] }, /`origins` has `https:\/\/app\.example\.com\/`, which is no origin/],
  ["an origin in capitals", { stores, origins: ["https://App.example.com"] }, /which is no origin: write it without path and in small letters/],
] as const)("createTwin refuses %s", ([, options, message]) => {
  expect(start(options)).toThrow(message);
});

test.for([
  ["a class with computeds alone", { stores: { one: OnlyComputed } }],
  ["names of Object.prototype", { stores: { constructor: Todo, toString: Todo, hasOwnProperty: scope.shared(Todo) } }],
  ["lists of people in shared stores", { stores: { here: scope.shared(Here), ours: scope.user(Here), room: scope.room(Here, { allow: () => true }) } }],
  ["lives that are not set, or do not end", { stores, life: { user: undefined, tab: Infinity }, session: { life: 60 } }],
  ["origins of apps that are no sites", { stores, origins: ["capacitor://localhost", "http://localhost:3000", "https://xn--80ak6aa92e.com"] }],
  ["all options", { stores, models: { Todo }, context: () => ({}), storage: memory(), origins: ["https://a.example"], build: "1", eventTimeout: 1, idle: 0 }],
] as const)("createTwin takes %s", ([, options]) => {
  expect(start(options)()).toBeDefined();
});

test("stores named as Object.prototype's members work over HTTP", async () => {
  const { visitor: arrive } = await serveTwin({ stores: { constructor: Todo, toString: Todo, valueOf: scope.shared(Todo) } });
  const visitor = arrive();
  await visitor.call("constructor.add", "x");
  await visitor.call("valueOf.add", "y");
  const live = visitor.live({ store: "constructor" }, { store: "toString" }, { store: "valueOf" });
  expect([await live.state("constructor"), await live.state("toString"), await live.state("valueOf")]).toEqual([
    { items: ["x"] },
    { items: [] },
    { items: ["y"] },
  ]);
});

test("stores named as Object.prototype's members work", async () => {
  const twin = start({ stores: { constructor: Todo, toString: Todo } })() as unknown as Record<string, (id: string) => { add(title: string): Promise<void> }>;
  await twin.constructor?.("s").add("x");
  expect(Object.keys(twin).toSorted()).toEqual(["constructor", "toString"]);
});

test("an event whose arguments nothing checks is named in a warning at start, and refused with requireSchemas", () => {
  class Bare {
    declare anything: string;
  }
  event(Bare.prototype, "anything" as never, { value() {} });
  const logs: { level: string; message: string }[] = [];
  start({ stores: { bare: Bare }, log: (entry: { level: string; message: string }) => void logs.push(entry) })();
  expect(logs).toMatchObject([{ level: "warn", message: expect.stringContaining("`bare.anything`") }]);
  expect(start({ stores: { bare: Bare }, requireSchemas: true })).toThrow(/`bare\.anything`.*`requireSchemas` is set/);
});

test("an option that is undefined is one that is left out", () => {
  class Todo {
    @state n = 0;
  }
  const storage = memory();
  const stores = { todo: Todo } as never;
  const left = checkOptions({ stores, storage });
  const options = checkOptions({
    stores,
    storage,
    build: undefined,
    grace: undefined,
    name: undefined,
    life: { room: undefined, tab: undefined, user: undefined },
    session: { life: undefined },
  });
  expect(options).toEqual({ ...left, context: options.context, report: options.report, logged: options.logged });
});

test("without a log of the app's own, errors go to the console, and warnings in development", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  class Bare {
    declare anything: string;
  }
  event(Bare.prototype, "anything" as never, { value() {} });
  start({ stores: { bare: Bare }, log: undefined })();
  expect(warn.mock.calls.flat().join()).toMatch(/^twinstate: Nothing checks the arguments of `bare\.anything`/);
});
