import { type } from "arktype";
import { event, state } from "twinstate";
import * as v from "valibot";
import { expect, test } from "vitest";
import { z } from "zod";
import { classSchema, type EventSchema } from "../../lib/class/schema.js";
import { checkArguments, uncheckedEvents } from "../../server/definition/arguments.js";
import type { Definition } from "../../server/definition/scope.js";

interface Shape {
  a: number;
}

class Store {
  @state value = 0;
  @event none() {}
  @event one(_text: string) {}
  @event optional(_text: string, _count: number = 1, _sure?: boolean) {}
  @event needed(_count: number, _text: string, _sure: boolean, _when: Date, _list: string[], _anything: unknown) {}
  @event rest(_first: string, ..._more: number[]) {}
  @event defaults(_at = new Date(), _sure = ")", ..._names: string[]) {}
  @event spread(_list = [..."ab"], _f = (x: number) => x, _more?: string) {}
  @event object(_value: Shape, _date: Date, _list: string[]) {}
  @event big(_value: bigint) {}
  @event destructured({ a }: Shape, [b]: number[]) {
    return [a, b];
  }
  @event(z.string().trim()) trimmed(_text: string) {}
  @event(z.number().default(5)) withDefault(_count?: number) {}
  @event(z.string().refine(async (text) => text !== "taken", "Taken already.")) slow(_text: string) {}
  @event(v.object({ a: v.number() }), v.optional(v.string())) valibot(_shape: Shape, _more?: string) {}
  @event(type("string.email")) arktype(_mail: string) {}
  @event({
    input: [
      {
        "~standard": {
          version: 1,
          vendor: "test",
          validate: () => {
            throw new Error("a bug in the schema");
          },
        },
      },
    ],
  })
  buggy(_value: unknown) {}
  @event({ input: [{ "~standard": { version: 1, vendor: "test", validate: () => ({ issues: [] }) } }] }) mute(_value: unknown) {}
}

const schema = classSchema(Store);
const definition = { name: "store", kind: "session", Class: Store, schema, models: new Map() } as Definition;
const check = (name: string, ...args: unknown[]) =>
  checkArguments(definition, schema.events.get(name) as EventSchema, args, { maxDepth: 100, maxValues: 1000 });
const issuesOf = async (name: string, ...args: unknown[]) => {
  const error = await check(name, ...args).then(
    () => undefined,
    (error: { code: string; data: { issues: unknown[] } }) => error,
  );
  expect(error?.code).toBe("INVALID");
  return error?.data.issues;
};

test("arguments of the right types pass as they are", async () => {
  expect(await check("none")).toEqual([]);
  expect(await check("one", "x")).toEqual(["x"]);
  expect(await check("rest", "x", 1, 2, 3)).toEqual(["x", 1, 2, 3]);
  expect(await check("object", { a: 1 }, new Date(0), ["x"])).toEqual([{ a: 1 }, new Date(0), ["x"]]);
  expect(await check("big", 5n)).toEqual([5n]);
  expect(await check("destructured", { a: 1 }, [2])).toEqual([{ a: 1 }, [2]]);
});

test("what stands after a default may be left out, and is checked where it is there", async () => {
  expect(await check("optional", "x")).toEqual(["x"]);
  expect(await check("optional", "x", undefined, false)).toEqual(["x", undefined, false]);
  expect(await issuesOf("optional", "x", Number.NaN, null)).toMatchObject([
    { message: "Expected number, got NaN", path: [1] },
    { message: "Expected boolean, got null", path: [2] },
  ]);
});

test("arguments that are missing, undefined or NaN are refused where the parameter's type is known", async () => {
  const given = [1, "x", true, new Date(0), ["x"], undefined];
  expect(await check("needed", ...given)).toEqual(given);
  const [count, ...others] = (await issuesOf("needed")) as { message: string; path: number[] }[];
  expect(count).toEqual({
    message: "Expected number, got undefined. A parameter that may be left out needs a default, `by: number = 1`, or a schema",
    path: [0],
  });
  expect(others.map(({ message, path }) => [message.split(".")[0], ...path])).toEqual([
    ["Expected string, got undefined", 1],
    ["Expected boolean, got undefined", 2],
    ["Expected Date, got undefined", 3],
    ["Expected Array, got undefined", 4],
  ]);
  expect(await issuesOf("needed", Number.NaN, ...given.slice(1))).toEqual([{ message: "Expected number, got NaN", path: [0] }]);
  expect(await issuesOf("needed", 1, undefined, ...given.slice(2))).toMatchObject([{ path: [1] }]);
  // Rest parameters, and what has a default, are not counted.
  expect(await check("rest", "x")).toEqual(["x"]);
  expect(await check("none")).toEqual([]);
});

test("too many arguments, and primitives of another type, are refused with their places", async () => {
  expect(await issuesOf("none", 1)).toEqual([{ message: "Expected at most 0 arguments, got 1", path: [] }]);
  expect(await issuesOf("one", 1)).toEqual([{ message: "Expected string, got number", path: [0] }]);
  expect(await issuesOf("optional", "x", "1", 0)).toEqual([
    { message: "Expected number, got string", path: [1] },
    { message: "Expected boolean, got number", path: [2] },
  ]);
  expect(await issuesOf("big", 5)).toEqual([{ message: "Expected bigint, got number", path: [0] }]);
});

test("a schema's output is what the event gets", async () => {
  expect(await check("trimmed", "  x ")).toEqual(["x"]);
  expect(await check("withDefault")).toEqual([5]);
  expect(await check("valibot", { a: 1 })).toEqual([{ a: 1 }]);
  expect(await check("valibot", { a: 1 }, "x")).toEqual([{ a: 1 }, "x"]);
  expect(await check("arktype", "a@example.org")).toEqual(["a@example.org"]);
});

test("each schema library's issues come with their paths", async () => {
  expect(await issuesOf("trimmed", 5)).toMatchObject([{ path: [0] }]);
  expect(await issuesOf("slow", "taken")).toEqual([{ message: "Taken already.", path: [0] }]);
  expect(await issuesOf("valibot", { a: "x" }, 5)).toMatchObject([{ path: [0, "a"] }, { path: [1] }]);
  // arktype's empty path is an array of a class of its own, of which `map` makes one with an item.
  expect(await issuesOf("arktype", "x")).toMatchObject([{ path: [0] }]);
  expect(await issuesOf("trimmed", "x", "y")).toEqual([{ message: "Expected at most 1 arguments, got 2", path: [] }]);
});

test("a schema that throws is a bug of the server, not the caller's", async () => {
  await expect(check("buggy", 1)).rejects.toThrow("a bug in the schema");
});

test("arguments may be nested 100 levels deep, and hold cycles", async () => {
  const nested = (depth: number) => {
    let value: object = {};
    for (let n = 2; n < depth; n++) value = n % 3 === 0 ? [value] : n % 3 === 1 ? new Map([[1, value]]) : new Set([value]);
    return value;
  };
  expect(await check("object", nested(100), new Date(0), [])).toHaveLength(3);
  expect(await issuesOf("object", nested(102), new Date(0), [])).toEqual([{ message: "Nested more than 100 levels deep", path: [] }]);
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  expect(await check("object", cycle, new Date(0), [])).toEqual([cycle, new Date(0), []]);
});

test("an event of which neither schema nor types are known is named", () => {
  class Bare {
    declare bare: string;
  }
  // As a compiler without metadata leaves it.
  event(Bare.prototype, "constructor" as never, { value() {} });
  const bare = { name: "bare", kind: "session", Class: Bare, schema: classSchema(Bare), models: new Map() } as unknown as Definition;
  expect(uncheckedEvents([definition, bare])).toEqual(["bare.constructor"]);
});

test("a default value of any form hides no rest parameter, and bounds no call that is right", async () => {
  expect(await check("defaults", undefined, "x", "y", "z")).toEqual([undefined, "x", "y", "z"]);
  expect(await check("spread", undefined, undefined, "c")).toEqual([undefined, undefined, "c"]);
  expect(await issuesOf("optional", "a", 1, true, 4)).toEqual([{ message: "Expected at most 3 arguments, got 4", path: [] }]);
});

test("a schema that says no without a word has said no", async () => {
  expect(await issuesOf("mute", 1)).toEqual([{ message: "Not valid", path: [0] }]);
});
