import { join } from "node:path";
import { event, state } from "twinstate";
import { createTwin, scope } from "twinstate/server";
import { expect, test } from "vitest";
import { z } from "zod";
import { loadTwin, twinModule } from "../../cli/app/twin-module.js";
import { callableEvents, eventTable, runtimeDefinitions } from "../../cli/events/event-table.js";
import { fileNotCompiled } from "../../lib/errors/command-errors.js";
import { twinstate } from "../kit/command.js";
import { temporaryFolder } from "../kit/files.js";
import { type Files, nextApp, writeFiles } from "../kit/next-app.js";
import { ROOT } from "../kit/rooms.js";

class Item {
  @state done = false;
  @event toggle() {
    this.done = !this.done;
  }
}
class Board {
  @state items: Item[] = [];
  @event({ optimistic: true }) add(title: string, _at?: Date) {
    this.items.push(Object.assign(new Item(), { done: title === "" }));
  }
  @event({ input: [z.object({ name: z.string(), age: z.number().optional() })], queue: "latest", guard: () => true }) edit(person: {
    name: string;
    age?: number;
  }) {
    return person;
  }
  @event(z.enum(["a", "b"])) choose(letter: "a" | "b") {
    return letter;
  }
  @event(z.discriminatedUnion("is", [z.object({ is: z.literal("a") }), z.object({ is: z.literal("b"), n: z.int() })])) put(
    one: { is: "a" } | { is: "b"; n: number },
  ) {
    return one;
  }
  @event count(n: bigint) {
    return n;
  }
  @event({ internal: true }) sweep(this: Omit<this, "sweep">) {}
}
class Stats {
  @state count = 0;
  @event({ background: true, timeout: 5000 }) async count_(by = 1) {
    return by;
  }
}

test("the events that clients may call are listed, with parameters, guards and options, and no internal ones", () => {
  const twin = createTwin({ stores: { board: scope.room(Board, { allow: () => true }), stats: scope.shared(Stats) }, models: { Item } });
  const events = callableEvents(runtimeDefinitions(twin));
  expect(eventTable(events)).toBe(`board (room)
  add(title: string, _at: Date)                 guard: allow; optimistic
  edit(person: { name: string; age?: number })  schema; guard: allow, event; queue latest
  choose(letter: "a" | "b")                     schema; guard: allow
  put(one: { is: "a" } | { is: "b"; n: number })  schema; guard: allow
  count(n: bigint)                              guard: allow
  Item.toggle()                                 guard: allow

stats (shared)
  count_(by?: unknown)                          background; timeout 5000
  Item.toggle()`);
  expect(events.find((one) => one.event === "choose")).toMatchObject({
    store: "board",
    scope: "room",
    checked: "schema",
    input: { properties: { key: { type: "string" }, args: { prefixItems: [{ type: "string", enum: ["a", "b"] }] } } },
  });
});

test("the command loads the app's module as Next compiles it: decorators, types of parameters, aliases", () => {
  const { status, stdout, stderr } = twinstate(join(ROOT, "demo-next"), ["events", "--json"]);
  expect([status, stderr]).toEqual([0, ""]);
  const events = JSON.parse(stdout) as { store: string; event: string; parameters: object[] }[];
  expect(events.find(({ store, event }) => store === "todo" && event === "add")?.parameters).toEqual([{ name: "title", type: "string", optional: false }]);
  expect(events.some(({ store, event }) => store === "board" && event.startsWith("Item."))).toBe(true);
});

/** An app of plain JavaScript, which Node loads without a compiler. */
function plainApp(files: Files): string {
  const folder = temporaryFolder();
  writeFiles(folder, { "package.json": '{ "type": "module", "dependencies": { "next": "16" } }', ...files });
  return folder;
}

test("what a module prints as it is loaded is no part of the list", () => {
  const text = `import { event } from "twinstate";
import { createTwin, scope } from "twinstate/server";
class Counter {
  add() {}
}
event(Counter.prototype, "add", Object.getOwnPropertyDescriptor(Counter.prototype, "add"));
export const twin = createTwin({ stores: { counter: scope.shared(Counter) } });
console.log("connected");
process.stdout.write("to the database\\n");
`;
  const { status, stdout, stderr } = twinstate(plainApp({ "state/server.mjs": text }), ["events", "--json"]);
  expect([status, stderr]).toEqual([0, expect.stringMatching(/^connected\nto the database$/m)]);
  expect(JSON.parse(stdout)).toMatchObject([{ store: "counter", event: "add" }]);
});

test.each([
  ["awaits what does not come", "await new Promise(() => {});", /^The command ended before its work was done: .*\.$/],
  ["ends the process", "process.exit(0);", /^The command ended before its work was done: .*\.$/],
  ["throws later", 'setTimeout(() => { throw new Error("late"); });\nawait new Promise((go) => setTimeout(go, 1e6));', /^late$/],
])("a module that %s ends the command with code 1", (_, text, message) => {
  const { status, stdout, stderr } = twinstate(plainApp({ "server.mjs": text }), ["events", "server.mjs"]);
  expect([status, stdout, stderr]).toEqual([1, "", expect.stringMatching(message)]);
});

const TWIN = "export const twin = { $migrate() {} };\n";

test.each([
  ["throws", 'throw new Error("DATABASE_URL is not set");', /server\.mjs cannot be loaded: DATABASE_URL is not set\. If something needs Next/],
  ["throws no error", "throw undefined;", /server\.mjs cannot be loaded: undefined\. If something needs Next/],
  ["exports no twin", "export default null;", /server\.mjs exports no twin/],
  ["exports several twins", `${TWIN}export const other = { $migrate() {} };`, /server\.mjs exports several twins\. Give each a module of its own\.$/],
])("a module that %s is named", async (_, text, message) => {
  await expect(loadTwin(join(plainApp({ "server.mjs": text }), "server.mjs"))).rejects.toThrow(message);
});

test("what a compiler says of a module is shown without the compiler's own stack", () => {
  const said =
    "  x Expression expected\n   ,-[/app/state/server.ts:1:1]\n 1 | }}\n   : ^\n   `----\n\n\nCaused by:\n    Syntax Error\n\nStack backtrace:\n   0: <unknown>\n";
  expect(fileNotCompiled("/app/state/server.ts", new Error(said)).message).toBe(
    "/app/state/server.ts cannot be compiled: x Expression expected\n   ,-[/app/state/server.ts:1:1]\n 1 | }}\n   : ^\n   `----",
  );
});

test("of several modules that call `createTwin`, none is guessed, and a folder is no module", () => {
  const twin = 'import { createTwin } from "twinstate/server";\nexport const twin = createTwin({});\n';
  const folder = plainApp({ "a/server.ts": twin, "b/server.ts": twin });
  expect(() => twinModule(folder, undefined)).toThrow(
    "a/server.ts and b/server.ts both call `createTwin`. Say which one is meant, behind the command: `a/server.ts`.",
  );
  expect(twinModule(folder, join(folder, "b/server.ts"))).toBe(join(folder, "b/server.ts"));
  expect(() => twinModule(folder, join(folder, "a"))).toThrow("is no module of TypeScript or JavaScript.");
});

test("an app without a twin, and a module that there is not, are named", () => {
  const folder = nextApp();
  expect(twinstate(folder, ["events"])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("calls `createTwin`. Run the command in the folder of the app"),
  });
  expect(twinstate(folder, ["events", "nix.ts"])).toMatchObject({ status: 1, stderr: expect.stringMatching(/^There is no .*nix\.ts\.$/) });
});
