import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { computed, event, state } from "../../lib/class/decorators.js";
import { presence } from "../../lib/class/presence.js";
import { classSchema, describeClass } from "../../lib/class/schema.js";
import { classViewsOf } from "../../lib/class/view-registry.js";
import { openFace } from "../../lib/live/faces.js";
import { createMirror } from "../../lib/mirror/mirror.js";
import { createStore } from "../../lib/store/store.js";
import type * as Decorated from "../kit/decorated.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const out = `${root}test-results/decorators-${process.pid}`;
const source = `${root}tests/kit/decorated.ts`;
const wire = <T>(value: T): T => JSON.parse(JSON.stringify(value));
mkdirSync(out, { recursive: true });
afterAll(() => rmSync(out, { recursive: true, force: true }));

type Fixture = typeof Decorated;

async function load(name: string, code: string): Promise<Fixture> {
  const file = `${out}/${name}.mjs`;
  writeFileSync(file, code);
  return (await import(/* @vite-ignore */ file)) as Fixture;
}

const esbuild = (legacy: boolean, text = readFileSync(source, "utf8")) =>
  transformSync(text, {
    loader: "ts",
    format: "esm",
    target: "es2022",
    tsconfigRaw: { compilerOptions: { experimentalDecorators: legacy, ...(!legacy && { useDefineForClassFields: true }) } },
  }).code;

function tsc(options: readonly string[], text = readFileSync(source, "utf8")): string {
  const folder = `${out}/tsc-${Math.random().toString(36).slice(2)}`;
  mkdirSync(folder);
  writeFileSync(`${folder}/input.ts`, text);
  const args = [
    "--ignoreConfig",
    "input.ts",
    "--rootDir",
    ".",
    "--target",
    "es2022",
    "--module",
    "esnext",
    "--moduleResolution",
    "bundler",
    "--noResolve",
    "--noCheck",
  ];
  try {
    execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, ...args, ...options], { cwd: folder, encoding: "utf8" });
  } catch (error) {
    throw new Error(`tsc: ${(error as { stdout: string }).stdout}`);
  }
  return readFileSync(`${folder}/input.js`, "utf8");
}

/** Compiled when first asked for, once. */
function once(name: string, compile: () => string): () => Promise<Fixture> {
  let loaded: Promise<Fixture> | undefined;
  return () => {
    loaded ??= load(name, compile());
    return loaded;
  };
}

const compilers: Record<string, { metadata: boolean; load(): Promise<Fixture> }> = {
  "legacy, as vitest and Next compile, with metadata": { metadata: true, load: () => import("../kit/decorated.js") },
  "legacy, tsc, with metadata": { metadata: true, load: once("tsc-legacy", () => tsc(["--experimentalDecorators", "--emitDecoratorMetadata"])) },
  "legacy, esbuild": { metadata: false, load: once("esbuild-legacy", () => esbuild(true)) },
  "standard, esbuild": { metadata: false, load: once("esbuild-standard", () => esbuild(false)) },
  "standard, tsc": { metadata: false, load: once("tsc-standard", () => tsc([])) },
};

describe.each(Object.entries(compilers))("%s", (_, { metadata, load }) => {
  test("the schema: fields, computeds and events, inherited ones first", async () => {
    const { Child, Item } = await load();
    const { fields, computeds, events } = classSchema(Child);
    expect([...fields.keys()]).toEqual(["name", "secret", "count", "at", "items", "opt", "cursor", "theme", "revenue"]);
    expect(fields.get("secret")).toEqual({ name: "secret", private: true, persist: true });
    expect(fields.get("cursor")).toEqual({ name: "cursor", private: false, persist: false });
    expect(fields.get("theme")).toEqual({ name: "theme", private: false, persist: true, keep: "localStorage" });
    expect(fields.get("revenue")).toMatchObject({ visibleTo: expect.any(Function) });
    expect([...computeds.keys()]).toEqual(["loud", "total", "hiddenTotal"]);
    expect([...events.keys()]).toEqual(["rename", "keep", "touch", "log", "work"]);
    expect(events.get("log")).toMatchObject({
      queue: "latest",
      optimistic: true,
      volatile: true,
      background: false,
      debounce: 10,
      throttle: 20,
      guard: expect.any(Function),
    });
    expect(events.get("work")).toMatchObject({ queue: "drop", background: true, optimistic: false });
    expect([...classSchema(Item).fields.keys()]).toEqual(["title"]);
  });

  test("a class's declarations are its own: the parent has none of the child's", async () => {
    const { Base, Child } = await load();
    expect([...classSchema(Base).fields.keys()]).toEqual(["name", "secret"]);
    expect([...classSchema(Base).events.keys()]).toEqual(["rename", "keep"]);
    expect(classSchema(Object.getPrototypeOf(Child)).events.has("log")).toBe(false);
  });

  test(metadata ? "the parameters' types are known" : "the parameters' types are not known", async () => {
    const { Child } = await load();
    const { events } = classSchema(Child);
    expect(events.get("rename")?.paramTypes).toEqual(metadata ? [String] : undefined);
    expect(events.get("log")?.paramTypes).toEqual(metadata ? [String, Number] : undefined);
    expect(events.get("touch")?.paramTypes).toEqual(metadata ? [Number] : undefined);
  });

  test("a view of an instance stands on its class, where that is known", async () => {
    const { Child, Item } = await load();
    const store = createStore({ name: "child", instance: new Child(), models: { Item } });
    (store.instance as InstanceType<Fixture["Child"]>).items.push(new Item("x"));
    store.commit();
    const mirror = createMirror({ name: "child", models: { Item } });
    mirror.applySnapshot(wire(store.snapshot()));
    const [item] = (mirror.view() as InstanceType<Fixture["Child"]>).items;
    expect([item instanceof Item, item?.title]).toEqual([true, "x"]);
    expect(() => item?.retitle("y")).toThrow("`retitle` is an event of `Item`");
  });

  test("without a store it is a plain object", async () => {
    const { Child, Item } = await load();
    const child = new Child(4);
    child.items.push(new Item("x"));
    expect(child.total).toBe(5);
    expect(child.rename("a")).toBe("a?");
    expect(child.loud).toBe("A?!");
    expect(child.log("l", 2)).toBe(2);
    expect(Object.getOwnPropertyDescriptor(child, "count")).toMatchObject({ value: 4, writable: true });
    expect(Child.made).toBe(1);
  });

  test("as a store it is recorded, sent and undone", async () => {
    const { Child, Item } = await load();
    const store = createStore({ name: "child", instance: new Child(), models: { Item } });
    const child = store.instance as InstanceType<Fixture["Child"]>;
    const mirror = createMirror({ faces: openFace, name: "child" });
    mirror.applySnapshot(wire(store.snapshot()));
    const twin = mirror.live as typeof child;
    expect(twin.count).toBe(3);
    expect(twin.total).toBe(3);
    expect(twin.loud).toBe("BASE!");
    expect("secret" in twin || "revenue" in twin || "hiddenTotal" in twin).toBe(false);

    const item = new Item();
    child.items.push(item);
    item.retitle("first");
    child.rename("new");
    child.touch(7);
    child.opt = "set";
    expect(child.keep()).toBe(20);
    expect(child.log("x")).toBe(1);
    mirror.applyDelta(wire(store.commit()) as readonly unknown[]);
    expect(twin.items[0]?.title).toBe("first");
    expect(child.items[0]).toBe(item);
    expect([twin.name, twin.loud, twin.total, twin.opt, twin.at.getTime()]).toEqual(["new?", "NEW?!", 4, "set", 7]);

    child.total = 100;
    expect(child.count).toBe(99);
    child.items.length = 0;
    child.keep();
    store.rollback();
    expect([child.count, child.items.length, child.hidden()]).toEqual([3, 1, 2]);
  });
});

describe("`accessor` fields, of standard decorators", () => {
  const text = `
    import { computed, event, state } from "twinstate";
    export class Base { @state accessor name = "base"; @state({ private: true }) accessor secret = 1; }
    export class Child extends Base { @state accessor list = [1]; @state({ persist: false }) accessor opt; plain = 1;
      @computed get size() { return this.list.length; } @event add(n) { this.list.push(n); this.secret++; } }`;
  for (const [name, code] of Object.entries({ esbuild: () => esbuild(false, text), tsc: () => tsc([], text) }))
    test(name, async () => {
      const { Child } = (await load(`accessors-${name}`, code())) as unknown as {
        Child: new () => { name: string; list: number[]; size: number; secret: number; add(n: number): void };
      };
      expect([...classSchema(Child).fields.keys()]).toEqual(["name", "secret", "list", "opt"]);
      const alone = new Child();
      alone.add(2);
      expect(alone.size).toBe(2);
      const store = createStore({ name: "child", instance: new Child() });
      const child = store.instance as InstanceType<typeof Child>;
      const mirror = createMirror({ faces: openFace, name: "child" });
      mirror.applySnapshot(wire(store.snapshot()));
      const twin = mirror.live as typeof child;
      child.add(2);
      child.name = "new";
      mirror.applyDelta(wire(store.commit()) as readonly unknown[]);
      expect([twin.name, twin.size, [...twin.list], "secret" in twin]).toEqual(["new", 2, [1, 2], false]);
      const { prototype } = classViewsOf({ Child }, "Child") as { prototype: typeof child };
      expect([prototype instanceof Child, prototype.secret, prototype.size]).toEqual([true, undefined, undefined]);
      child.add(3);
      store.rollback();
      expect([child.size, child.secret]).toEqual([2, 2]);
    });
});

describe("a decorator in the wrong place, or with wrong options, says what is wrong", () => {
  const decorators = { state, computed, event, presence } as unknown as Record<string, (...args: unknown[]) => (...args: unknown[]) => void>;
  const method = { value() {}, writable: true, enumerable: false, configurable: true };
  const getter = { get: () => 1, enumerable: false, configurable: true };
  const setter = { set() {}, enumerable: false, configurable: true };
  const legacy = (what: string, key: unknown, descriptor?: PropertyDescriptor, target: unknown = {}) => decorators[what]?.(target, key, descriptor);
  const standard = (what: string, kind: string, more: object = {}) =>
    decorators[what]?.(undefined, { kind, name: "x", static: false, private: false, metadata: {}, ...more });

  test("by legacy decorators", () => {
    for (const [what, key, descriptor, target] of [
      ["state", "x", method],
      ["state", "x", getter],
      ["state", "x", setter],
      ["computed", "x", undefined],
      ["computed", "x", method],
      ["computed", "x", setter],
      ["event", "x", undefined],
      ["event", "x", getter],
      ["state", Symbol("x"), undefined],
      ["event", Symbol("x"), method],
      ["state", "x", undefined, class {}],
      ["event", "x", method, class {}],
    ] as [string, unknown, PropertyDescriptor | undefined, unknown][])
      expect(() => legacy(what, key, descriptor, target), `${what} ${String(key)}`).toThrow(new RegExp(`^\`@${what}\` on \`.*x.*\`: it goes on`));
  });

  test("by standard decorators", () => {
    for (const [what, kind, more] of [
      ["state", "method"],
      ["state", "getter"],
      ["state", "class"],
      ["computed", "field"],
      ["computed", "method"],
      ["computed", "setter"],
      ["event", "field"],
      ["event", "accessor"],
      ["event", "getter"],
      ["state", "field", { static: true }],
      ["state", "field", { private: true, name: "#x" }],
      ["event", "method", { name: Symbol("x") }],
    ] as [string, string, object?][])
      expect(() => standard(what, kind, more), `${what} on ${kind}`).toThrow(/: it goes on a (field|getter|method)/);
  });

  test("`@presence` takes no other decorator beside it", () => {
    for (const order of [
      ["state", "presence"],
      ["presence", "state"],
    ] as const) {
      const target = {};
      decorators[order[0]]?.(target, "people", undefined);
      expect(() => decorators[order[1]]?.(target, "people", undefined)).toThrow("`people` has two decorators, `@presence` and another one");
    }
  });

  test("unknown options and wrong values name the option, the member and what was expected", () => {
    const wrong: [what: string, options: unknown, message: string][] = [
      ["state", { privat: true }, "`@state({ privat })` on `x`: expected one of private, persist, visibleTo, keep, input"],
      ["state", { input: z.string() }, "`@state({ input })` on `x`: expected `keep` beside it"],
      ["state", { keep: "cookie", input: "text" }, '`@state({ input })` on `x`: expected a Standard Schema, got "text"'],
      ["state", { private: 1 }, "expected a boolean, got 1"],
      ["state", { persist: "yes" }, 'expected a boolean, got "yes"'],
      ["state", { visibleTo: true }, "expected a function, got true"],
      ["state", { keep: "indexedDB" }, '`@state({ keep })` on `x`: expected "localStorage", "sessionStorage" or "cookie", got "indexedDB"'],
      ["computed", { private: true }, "`@computed({ private })` on `x`: expected one of visibleTo"],
      ["event", { optimstic: true }, "`@event({ optimstic })` on `x`"],
      ["event", { queue: "lates" }, '`@event({ queue })` on `x`: expected "serial", "latest" or "drop", got "lates"'],
      ["event", { debounce: "1" }, "expected a number"],
      [
        "event",
        { queue: "drop", per: "user" },
        '`@event({ per })` on `x`: expected "caller" or "instance", beside `queue: "latest"` or `queue: "drop"`, got "user"',
      ],
      ["event", { queue: "serial", per: "instance" }, "`@event({ per })` on `x`"],
      ["event", { per: "caller" }, "`@event({ per })` on `x`"],
      ["event", { timeout: 0 }, "`@event({ timeout })` on `x`: expected milliseconds from 1 to 2147483647, got 0"],
      ["event", { timeout: Number.NaN }, "expected milliseconds from 1 to 2147483647, got NaN"],
      ["event", { background: true, timeout: Infinity }, "expected milliseconds from 1 to 2147483647, got Infinity"],
      ["event", { timeout: "10s" }, "expected a number"],
      ["event", { guard: {} }, "expected a function"],
      ["event", { input: z.string() }, "`@event({ input })` on `x`: expected an array of Standard Schemas"],
      ["event", { input: ["string"] }, "expected an array of Standard Schemas"],
      ["event", { input: {} }, "expected an array of Standard Schemas"],
      ["presence", { of: "name" }, "`@presence({ of })` on `x`: expected a function"],
      ["presence", { input: { type: "object" } }, "`@presence({ input })` on `x`: expected a Standard Schema"],
      ["presence", { persist: true }, "`@presence({ persist })` on `x`: expected one of of, input"],
    ];
    const descriptors: Record<string, PropertyDescriptor | undefined> = { state: undefined, computed: getter, event: method };
    for (const [what, options, message] of wrong) {
      const decorate = decorators[what]?.(options);
      expect(() => decorate?.({}, "x", descriptors[what]), message).toThrow(message);
    }
    for (const options of [5, "x", null, () => 1, true])
      for (const what of Object.keys(decorators))
        expect(() => decorators[what]?.(options), `${what}(${options})`).toThrow(`\`@${what}\` takes options as an object`);
  });

  test("an event may have a deadline, and say whose calls its policy looks at", () => {
    class Timed {
      @event({ queue: "latest", per: "instance", timeout: 600_000 }) a(): void {}
      @event({ queue: "drop" }) b(): void {}
    }
    const { events } = classSchema(Timed);
    expect(events.get("a")).toMatchObject({ queue: "latest", per: "instance", timeout: 600_000 });
    expect(events.get("b")?.per).toBe(undefined);
    // Browsers need neither.
    expect(describeClass(Timed).events).toEqual({ a: { queue: "latest" }, b: { queue: "drop" } });
  });

  test("schemas stand alone or as `input`, and arktype's, which are functions, too", async () => {
    const { type } = await import("arktype");
    const v = await import("valibot");
    class Checked {
      @event(z.string(), v.number()) a(_text: string, _n: number): void {}
      @event(type("string")) b(_text: string): void {}
      @event({ input: [v.string()], queue: "drop" }) c(_text: string): void {}
    }
    const { events } = classSchema(Checked);
    expect(events.get("a")?.input?.length).toBe(2);
    expect(events.get("b")?.input?.length).toBe(1);
    expect(events.get("c")).toMatchObject({ queue: "drop", input: [expect.anything()] });
  });
});

// As Next's compiler hands members to them, where tsconfig.json lacks `experimentalDecorators`: the decorators of 2018.
const element = (kind: string, key: string) => ({
  kind,
  key,
  placement: kind === "field" ? "own" : "prototype",
  descriptor: {},
  [Symbol.toStringTag]: "Descriptor",
});
// And those of 2022, which had no metadata.
const without = (kind: string, name: string) => [undefined, { kind, name, static: false, private: false }];

test.each([
  ["@state", "items", () => (state as unknown as Old)(element("field", "items"))],
  ["@state", "items", () => (state({ persist: false }) as unknown as Old)(element("field", "items"))],
  ["@computed", "left", () => (computed as unknown as Old)(element("method", "left"))],
  ["@event", "add", () => (event as unknown as Old)(element("method", "add"))],
  ["@event", "add", () => (event(z.string()) as unknown as Old)(element("method", "add"))],
  ["@state", "items", () => (state as unknown as Old)(...without("field", "items"))],
  ["@event", "add", () => (event({ queue: "drop" }) as unknown as Old)(...without("method", "add"))],
])("what a compiler makes of %s on %s without the options of tsconfig.json names them", (decorator, member, decorate) => {
  expect(decorate).toThrow(
    `\`${decorator}\` on \`${member}\` was not compiled. Set \`"experimentalDecorators": true\` and \`"emitDecoratorMetadata": true\` in tsconfig.json.`,
  );
});

type Old = (...args: unknown[]) => unknown;
