import { join } from "node:path";
import { event, state } from "twinstate";
import { createTwin, scope } from "twinstate/server";
import { expect, test } from "vitest";
import { z } from "zod";
import { callableEvents, eventTable, runtimeDefinitions } from "../../cli/events/event-table.js";
import { twinstate } from "../kit/command.js";
import { nextApp } from "../kit/next-app.js";
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

test("an app without a twin, and a module that there is not, are named", () => {
  const folder = nextApp();
  expect(twinstate(folder, ["events"])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("calls `createTwin`. Run the command in the folder of the app"),
  });
  expect(twinstate(folder, ["events", "nix.ts"])).toMatchObject({ status: 1, stderr: expect.stringMatching(/^There is no .*nix\.ts\.$/) });
});
