import type { StandardSchemaV1 } from "@standard-schema/spec";
import { invalidArguments, tooManyValues } from "../lib/errors.js";
import type { EventSchema } from "../lib/schema.js";
import type { Definition, StoreClass } from "./scope.js";

/** How much the arguments of one call may hold. */
export interface ArgumentLimits {
  /** How deep they may be nested. */
  readonly maxDepth: number;
  /** How many objects, lists, Maps and Sets they may have. */
  readonly maxValues: number;
}

/** How many arguments an event takes of which nothing else is known. */
const MOST_ARGUMENTS = 100;

type Issue = StandardSchemaV1.Issue;

/**
 * Checks the arguments of an event, by its schemas or by the types of its parameters, and gives them as the schemas make them.
 * @throws EventError `INVALID`, with all issues and their paths.
 */
export async function checkArguments(
  { name, Class }: Definition,
  event: EventSchema,
  args: unknown,
  { maxDepth, maxValues }: ArgumentLimits,
): Promise<readonly unknown[]> {
  const refuse = (issues: readonly Issue[]) => invalidArguments(name, event.name, issues);
  if (!Array.isArray(args)) throw refuse([{ message: "Expected `args` to be an array", path: [] }]);
  const most = mostArguments(event, Class);
  if (args.length > most) throw refuse([{ message: `Expected at most ${most} arguments, got ${args.length}`, path: [] }]);
  const size = measure(args, maxDepth, maxValues);
  if (size === "deep") throw refuse([{ message: `Nested more than ${maxDepth} levels deep`, path: [] }]);
  if (size === "many") throw tooManyValues(maxValues);
  if (!event.input) {
    const issues = typeIssues(event.paramTypes, args);
    if (issues.length > 0) throw refuse(issues);
    return args;
  }
  const issues: Issue[] = [];
  const checked = await Promise.all(
    event.input.map(async (schema, i) => {
      const result = await schema["~standard"].validate(args[i]);
      if (!result.issues) return result.value;
      for (const issue of result.issues) issues.push({ message: issue.message, path: [i, ...Array.from(issue.path ?? [], keyOfSegment)] });
      return undefined;
    }),
  );
  if (issues.length > 0) throw refuse(issues);
  // What was left out stays out, so that default values of parameters apply.
  let length = checked.length;
  while (length > args.length && checked[length - 1] === undefined) length--;
  return checked.slice(0, length);
}

const keyOfSegment = (segment: PropertyKey | StandardSchemaV1.PathSegment) => (typeof segment === "object" ? segment.key : segment) as string | number;

/** Nothing tells what an event takes. */
const isUnchecked = ({ input, paramTypes }: EventSchema) => !input && !paramTypes;

function mostArguments({ name, input, paramTypes }: EventSchema, { prototype }: StoreClass): number {
  if (input) return input.length;
  return paramTypes && !hasRest((prototype as Record<string, unknown>)[name]) ? paramTypes.length : MOST_ARGUMENTS;
}

/** A rest parameter stands in the metadata as if it were one argument. */
const hasRest = (method: unknown) => /^[^(]*\([^)]*\.\.\./.test(Function.prototype.toString.call(method));

const PRIMITIVES: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [String, "string"],
  [Number, "number"],
  [Boolean, "boolean"],
  [BigInt, "bigint"],
]);

/** `undefined` is always allowed, as nothing tells which parameters are optional. */
function typeIssues(types: readonly unknown[] | undefined, args: readonly unknown[]): Issue[] {
  const issues: Issue[] = [];
  for (let i = 0; i < args.length; i++) {
    const expected = PRIMITIVES.get(types?.[i]);
    if (expected === undefined || args[i] === undefined || typeof args[i] === expected) continue;
    issues.push({ message: `Expected ${expected}, got ${args[i] === null ? "null" : typeof args[i]}`, path: [i] });
  }
  return issues;
}

/** Level by level, as deep values are just what must not be walked by recursion. */
function measure(args: readonly unknown[], deepest: number, most: number): "deep" | "many" | undefined {
  const seen = new Set<unknown>();
  let level: unknown[] = [...args];
  for (let depth = 0; level.length > 0; depth++) {
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value !== "object" || value === null || seen.has(value)) continue;
      if (depth >= deepest) return "deep";
      seen.add(value);
      if (seen.size > most) return "many";
      if (value instanceof Map) for (const [key, item] of value) next.push(key, item);
      else if (Array.isArray(value) || value instanceof Set) for (const item of value) next.push(item);
      else for (const item of Object.values(value)) next.push(item);
    }
    level = next;
  }
  return undefined;
}

/** The events of which nothing tells what they take. */
export function uncheckedEvents(definitions: Iterable<Definition>): string[] {
  const names: string[] = [];
  for (const { name, schema } of definitions) for (const event of schema.events.values()) if (isUnchecked(event)) names.push(`${name}.${event.name}`);
  return names;
}
