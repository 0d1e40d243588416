import { type } from "arktype";
import { event, state } from "twinstate";
import * as v from "valibot";
import { expect, test } from "vitest";
import { z } from "zod";
import { classSchema, type EventSchema } from "../../lib/schema.js";
import { checkArguments, uncheckedEvents } from "../../server/guard.js";
import type { Definition } from "../../server/scope.js";

interface Shape {
  a: number;
}

class Store {
  @state value = 0;
  @event none() {}
  @event one(_text: string) {}
  @event optional(_text: string, _count?: number, _sure?: boolean) {}
  @event rest(_first: string, ..._more: number[]) {}
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
}

const schema = classSchema(Store);
const definition = { name: "store", kind: "session", Class: Store, schema } as Definition;
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

test("what is left out passes, as nothing tells which parameters are optional", async () => {
  expect(await check("optional", "x")).toEqual(["x"]);
  expect(await check("optional", "x", undefined, false)).toEqual(["x", undefined, false]);
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
  expect(await check("object", nested(100))).toHaveLength(1);
  expect(await issuesOf("object", nested(102))).toEqual([{ message: "Nested more than 100 levels deep", path: [] }]);
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  expect(await check("object", cycle)).toEqual([cycle]);
});

test("an event of which neither schema nor types are known is named", () => {
  class Bare {
    declare bare: string;
  }
  // As a compiler without metadata leaves it.
  event(Bare.prototype, "constructor" as never, { value() {} });
  const bare = { name: "bare", kind: "session", Class: Bare, schema: classSchema(Bare) } as unknown as Definition;
  expect(uncheckedEvents([definition, bare])).toEqual(["bare.constructor"]);
});
