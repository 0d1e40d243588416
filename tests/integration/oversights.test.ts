import { event, state, update } from "twinstate";
import { createTwin, scope } from "twinstate/server";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { SECRET, serveTwin } from "../kit/app.js";

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

test("a field without `@state` that an event changes is told of once, in whatever way it is changed", async () => {
  class Base {
    inherited = 1;
  }
  class Cart extends Base {
    @state count = 0;
    items: string[] = [];
    total = 0;
    seen = new Set<string>();
    byName: Record<string, number> = {};
    steps = 0;
    later = 0;
    untouched = [1];
    declare note?: string;
    #hidden = 0;
    @event add(item: string) {
      this.count++;
      this.#hidden++;
      this.items.push(item);
      this.total += this.#hidden;
      return this.untouched.length;
    }
    @event async addLater(item: string) {
      await sleep(1);
      this.seen.add(item);
      this.byName[item] = 1;
      this.inherited++;
    }
    @event annotate() {
      this.note = "fresh";
    }
    @event *step() {
      this.steps++;
      yield 1;
    }
    @event({ background: true }) async work() {
      await update(() => {
        this.later++;
      });
    }
    protected onLoad() {
      this.untouched = [2];
    }
  }
  const app = await serveTwin({ stores: { cart: Cart } });
  const browser = app.visitor();
  for (let n = 0; n < 3; n++) {
    await browser.call("cart.add", "milk");
    await browser.call("cart.addLater", "milk");
    await browser.call("cart.annotate");
    await browser.call("cart.step");
    await browser.call("cart.work");
  }
  const said = (event: string, field: string) =>
    `\`cart.${event}\` has changed \`${field}\` of the class \`Cart\`, which is no state: \`cart\` neither sends nor keeps it. Write \`@state ${field}\`, or \`#${field}\` where it is meant so.`;
  const expected = [
    said("add", "items"),
    said("add", "total"),
    said("addLater", "inherited"),
    said("addLater", "seen"),
    said("addLater", "byName"),
    said("annotate", "note"),
    said("step", "steps"),
    said("work", "later"),
  ];
  expect(app.logs.map(({ level, message }) => [level, message])).toEqual(expected.map((message) => ["warn", message]));
});

/** The warnings of a twin with this class, made twice as hot reload does. */
function warnings(Class: new () => object): string[] {
  const told: string[] = [];
  const make = () => {
    const twin = createTwin({
      stores: { one: Class },
      session: { secret: SECRET },
      name: "oversights",
      log: ({ message }) => told.push(message),
    });
    onTestFinished(() => twin.close());
  };
  make();
  make();
  return told;
}

test.each([
  ["onload", "onLoad"],
  ["OnLoad", "onLoad"],
  ["onLaod", "onLoad"],
  ["onLoaded", "onLoad"],
  ["onCraete", "onCreate"],
  ["onCreated", "onCreate"],
  ["onConect", "onConnect"],
  ["onConnected", "onConnect"],
  ["onConnection", "onConnect"],
  ["onDisconect", "onDisconnect"],
  ["onDisconnected", "onDisconnect"],
  ["onDispsoe", "onDispose"],
])("a method `%s` is taken for a misspelt `%s`, and told of once", (name, meant) => {
  class Board {
    @state n = 0;
  }
  Object.defineProperty(Board.prototype, name, { value() {}, configurable: true });
  class Wall extends Board {}
  const said = `\`${name}\` of the class \`Wall\` is called by nobody: it is no \`@event\`, and no lifecycle method. Did you mean \`${meant}\`?`;
  expect(warnings(Wall)).toEqual([said]);
});

test("names that are right, or of one's own, are no mistakes", () => {
  class Board {
    @state n = 0;
    @event onLoads() {}
    load() {}
    connect() {}
    onUpdate() {}
    onRead() {}
    onLoadMore() {}
    onClose() {}
    onDelete() {}
    onCreateRow() {}
    protected onCreate() {}
    protected onLoad() {}
    protected onConnect() {}
    protected onDisconnect() {}
    protected onDispose() {}
  }
  expect(warnings(Board).filter((message) => message.includes("Did you mean"))).toEqual([]);
});

test("a field that is declared without a value, and without `@state`, is told of when an event sets it", async () => {
  class Cart {
    @state count = 0;
    declare note?: string;
    @event write(note: string) {
      this.note = note;
    }
  }
  const app = await serveTwin({ stores: { cart: Cart } });
  const browser = app.visitor();
  await browser.call("cart.write", "milk");
  await browser.call("cart.write", "bread");
  expect(app.logs.map(({ message }) => message)).toEqual([expect.stringContaining("`cart.write` has changed `note` of the class `Cart`, which is no state")]);
});

describe("what works elsewhere, called in an event, is told of with what to call", () => {
  const thrown = (error: Error, digest: string) => Object.assign(error, { digest });
  test.for<[string, () => unknown, RegExp]>([
    [
      "redirect()",
      () => {
        throw thrown(new Error("NEXT_REDIRECT"), "NEXT_REDIRECT;replace;/list?a=1;307;");
      },
      /`redirect\("\/list\?a=1"\)` of `next\/navigation`.*`effect\.redirect\("\/list\?a=1"\)`/,
    ],
    [
      "notFound()",
      () => {
        throw thrown(new Error("NEXT"), "NEXT_HTTP_ERROR_FALLBACK;404");
      },
      /`notFound\(\)`.*`new EventError\("NOT_FOUND"/,
    ],
    [
      "document",
      () => {
        throw new ReferenceError("document is not defined");
      },
      /used `document`, which browsers alone have/,
    ],
    [
      "localStorage",
      () => {
        throw new ReferenceError("localStorage is not defined");
      },
      /`@state\(\{ keep: "localStorage" \}\)`/,
    ],
    ["a path", () => fetch("/api/x"), /fetched `\/api\/x`, which has no origin on the server/],
    ["a clone", () => undefined, /Write `structuredClone\(toPlain\(value\)\)`/],
  ])("%s", async ([, act, words]) => {
    class Cart {
      @state items = [{ id: 1 }];
      @event async go() {
        if (/toPlain/.test(words.source)) structuredClone(this.items);
        await act();
      }
    }
    const app = await serveTwin({ stores: { cart: Cart } });
    await expect(app.visitor().call("cart.go")).rejects.toMatchObject({ code: "INTERNAL" });
    await expect(app.visitor().call("cart.go")).rejects.toMatchObject({ code: "INTERNAL" });
    const told = app.logs.filter(({ level }) => level === "warn").map(({ message }) => message);
    expect(told).toEqual([expect.stringMatching(words)]);
  });
});

test("an event that awaits a call of its own scope instance is told to call the method", async () => {
  let own: () => { add(): Promise<void> };
  class Cart {
    @state count = 0;
    @event add() {
      this.count++;
    }
    @event async twice() {
      await own().add();
    }
  }
  const app = await serveTwin({ stores: { cart: scope.shared(Cart) } });
  own = app.twin.cart;
  await expect(app.visitor().call("cart.twice")).rejects.toMatchObject({ code: "INTERNAL" });
  expect(app.logs.map(({ message }) => message)).toEqual([expect.stringMatching(/`shared\/` waits for a call of the same scope instance.*`this\.add\(\)`/)]);
});

test("in development alone, the caller is told what has happened", async () => {
  class Cart {
    @state any: unknown = 0;
    @event hold() {
      this.any = () => 1;
    }
  }
  for (const mode of ["test", "production", "development"]) {
    vi.stubEnv("NODE_ENV", mode);
    onTestFinished(() => void vi.unstubAllEnvs());
    const app = await serveTwin({ stores: { cart: Cart } });
    const told = await app
      .visitor()
      .call("cart.hold")
      .catch((error: Error) => error.message);
    if (mode === "development")
      expect(told).toMatch(/^Something went wrong on the server: `cart\.any` cannot hold a function\..* Its log has the details, under the id \w+\.$/);
    else expect(told).toMatch(/^Something went wrong on the server\. Its log has the details/);
  }
});

test("nothing of it is done in production", async () => {
  vi.stubEnv("NODE_ENV", "production");
  onTestFinished(() => void vi.unstubAllEnvs());
  class Board {
    @state n = 0;
    hits = 0;
    @event hit() {
      this.hits++;
    }
    protected onLoaded() {}
  }
  const app = await serveTwin({ stores: { board: Board } });
  await app.visitor().call("board.hit");
  expect(app.logs).toEqual([]);
  vi.unstubAllEnvs();
});

test("a class whose decorators have left nothing names the options of tsconfig.json", () => {
  class Bare {
    items = [];
  }
  expect(() => createTwin({ stores: { bare: Bare }, session: { secret: SECRET } })).toThrow(
    'The class `Bare` of the store `bare` has neither `@state` nor `@event`, or its decorators were not compiled: set `"experimentalDecorators": true` and `"emitDecoratorMetadata": true` in tsconfig.json.',
  );
});
