import type { StandardSchemaV1 } from "@standard-schema/spec";

const schema = <T>(expected: string, is: (value: unknown) => boolean, path?: string): StandardSchemaV1<T, T> => ({
  "~standard": {
    version: 1,
    vendor: "tests",
    validate: (value) => (is(value) ? { value: value as T } : { issues: [{ message: `Expected ${expected}`, ...(path && { path: [path] }) }] }),
  },
});

export const positive = schema<number>("a positive number", (value) => typeof value === "number" && value > 0);
export const text = schema<string>("a text", (value) => typeof value === "string");
export const form = schema<{ first: string; more: string[] }>(
  "`first`",
  (value) => typeof (value as { first?: unknown } | undefined)?.first === "string",
  "first",
);
