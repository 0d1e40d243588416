import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { EventSchema } from "../../lib/class/schema.js";
import type { Fn } from "../../lib/class/view-types.js";
import { type EventErrorData, invalidArguments, isEventError, refusedBySchema, tooManyValues } from "../../lib/errors/errors.js";
import { fieldPath, formArguments, type SentForm, takesObject } from "../../lib/event/form-arguments.js";
import { boundedIssues } from "../wire/issues.js";
import { formOf } from "../wire/request-input.js";
import type { Definition, EventOwner, ModelClass } from "./scope.js";

/** How much the arguments of one call may hold. */
export interface ArgumentLimits {
  /** How deep they may be nested. */
  readonly maxDepth: number;
  /** How many objects, lists, Maps and Sets they may have. */
  readonly maxValues: number;
}

/** How many arguments an event may take that declares neither schemas nor types. */
const MOST_ARGUMENTS = 100;

type Issue = StandardSchemaV1.Issue;

/**
 * Checks what a client has sent to an event: arguments, or a form instead.
 * @throws EventError `INVALID`
 */
export function checkGiven(owner: EventOwner, event: EventSchema, given: unknown, limits: ArgumentLimits): Promise<readonly unknown[]> {
  const form = formOf(given);
  return form ? checkForm(owner, event, form, limits) : checkArguments(owner, event, given, limits);
}

/**
 * Makes an event's arguments of what a form has sent, and checks them.
 * @throws EventError `INVALID`, with issues whose paths begin with the name of a field.
 */
async function checkForm(owner: EventOwner, event: EventSchema, { bound, fields: sent }: SentForm, limits: ArgumentLimits): Promise<readonly unknown[]> {
  const fields = sent.filter(([name]) => !name.startsWith("$"));
  const whole = await takesObject(event, bound.length);
  const args = formArguments(event, { bound, fields }, whole);
  // Browsers do not send a box that is not ticked.
  const { length } = methodOf(event, owner.Class);
  while (args.length < length && event.paramTypes?.[args.length] === Boolean) args.push(false);
  try {
    return await checkArguments(owner, event, args, limits);
  } catch (error) {
    if (!isEventError(error) || error.code !== "INVALID") throw error;
    const { issues: found, event: bySchema, more } = error.data as InvalidData;
    const issues = found.map(({ message, path = [] }) => ({
      message,
      path: path.length > 0 ? fieldPath({ bound, fields }, whole, path as PropertyKey[]) : [],
    }));
    throw bySchema ? refusedBySchema(owner.name, event.name, issues, more) : invalidArguments(owner.name, event.name, issues);
  }
}

type InvalidData = { readonly issues: readonly StandardSchemaV1.Issue[] } & Partial<EventErrorData<"INVALID">>;

/**
 * Checks the arguments of an event, by its schemas or by the types of its parameters, and gives them as the schemas make them.
 * @throws EventError `INVALID`, with all issues and their paths.
 */
export async function checkArguments(
  { name, Class }: EventOwner,
  event: EventSchema,
  args: unknown,
  { maxDepth, maxValues }: ArgumentLimits,
): Promise<readonly unknown[]> {
  const refuse = (issues: readonly Issue[]) => invalidArguments(name, event.name, issues);
  if (!Array.isArray(args)) throw refuse([{ message: "Expected `args` to be an array", path: [] }]);
  const most = mostArguments(event, Class);
  if (args.length > most) throw refuse([{ message: `Expected at most ${most} arguments, got ${args.length}`, path: [] }]);
  const excess = sizeIssue(args, { maxDepth, maxValues });
  if (excess) throw refuse([excess]);
  if (!event.input) {
    const issues = typeIssues(event.paramTypes ?? [], methodOf(event, Class).length, args);
    if (issues.length > 0) throw refuse(issues);
    return args;
  }
  const issues: Issue[] = [];
  let more = 0;
  const checked = await Promise.all(
    event.input.map(async (schema, i) => {
      const result = await schema["~standard"].validate(args[i]);
      if (!result.issues) return result.value;
      const told = boundedIssues(result.issues);
      more += Math.max(0, result.issues.length - told.length);
      for (const { message, path } of told) issues.push({ message, path: [i, ...(path ?? [])] });
      return undefined;
    }),
  );
  if (issues.length > 0) throw refusedBySchema(name, event.name, issues, more);
  // Missing arguments at the end stay missing, so that default values of parameters apply.
  let length = checked.length;
  while (length > args.length && checked[length - 1] === undefined) length--;
  return checked.slice(0, length);
}

/** The event has neither schema nor types of its parameters. */
const isUnchecked = ({ input, paramTypes }: EventSchema) => !input && !paramTypes;

/** How many arguments an event takes: at least, and at most. */
export function countsOf(event: EventSchema, Class: ModelClass): { readonly least: number; readonly most: number } {
  const most = mostArguments(event, Class);
  const { input } = event;
  let least = Math.min(input?.length ?? most, methodOf(event, Class).length);
  while (input && least > 0 && takesNothing(input[least - 1] as StandardSchemaV1)) least--;
  return { least, most };
}

/** Whether a schema takes a missing argument. One that only a promise can tell of does not. */
function takesNothing(schema: StandardSchemaV1): boolean {
  try {
    const result = schema["~standard"].validate(undefined);
    if (!(result instanceof Promise)) return !result.issues;
    result.catch(() => {});
  } catch {
    // It takes none.
  }
  return false;
}

function mostArguments(event: EventSchema, Class: ModelClass): number {
  const { input, paramTypes } = event;
  if (input) return input.length;
  return paramTypes && !mayHaveRest(methodOf(event, Class), paramTypes.length) ? paramTypes.length : MOST_ARGUMENTS;
}

/** An event's method as its class has it, which tells by its `length` and its source what arguments it takes. In development another stands for it. */
function methodOf({ name }: EventSchema, { prototype }: ModelClass): Fn {
  const method = (prototype as Record<string, Fn & { readonly written?: Fn }>)[name] as Fn & { readonly written?: Fn };
  return method.written ?? method;
}

/**
 * A rest parameter stands in the metadata as if it were one argument. `length` counts the parameters before the first that has a default or is a rest:
 * only where it is less can there be one. Whether there is one, the text alone knows. Other dots in it do no harm: more arguments are let through then.
 */
const mayHaveRest = (method: Fn, types: number) => method.length < types && Function.prototype.toString.call(method).includes("...");

const PRIMITIVES: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [String, "string"],
  [Number, "number"],
  [Boolean, "boolean"],
  [BigInt, "bigint"],
]);

/**
 * Metadata is the same for `by?: number` and `by: number`. So a parameter whose type is known may be left out only where the method's `length` does not
 * count it: from the first one on that has a default.
 */
function typeIssues(types: readonly unknown[], needed: number, args: readonly unknown[]): Issue[] {
  const issues: Issue[] = [];
  for (let i = 0; i < Math.max(args.length, needed); i++) {
    const type = types[i];
    const expected = PRIMITIVES.get(type);
    const fileClass = type === File || type === Blob ? (type as typeof Blob) : undefined;
    const wrong =
      args[i] === undefined
        ? i < needed && type !== undefined && type !== Object
        : fileClass
          ? !(args[i] instanceof fileClass)
          : expected !== undefined && !isOf(expected, args[i]);
    if (wrong) issues.push({ message: `Expected ${expected ?? (type as Fn).name}, got ${kindOf(args[i])}${hintOf(args[i])}`, path: [i] });
  }
  return issues;
}

/** `NaN` is a number to JavaScript alone. */
export const isOf = (expected: string, value: unknown) => typeof value === expected && !Number.isNaN(value);
const kindOf = (value: unknown) => (value === null || Number.isNaN(value) ? String(value) : typeof value);
const hintOf = (value: unknown) =>
  value === undefined && process.env.NODE_ENV !== "production" ? ". A parameter that may be left out needs a default, `by: number = 1`, or a schema" : "";

/**
 * What is wrong with the size of arguments, or with their names, if anything.
 * @throws EventError `INVALID` where they hold too many values
 */
export function sizeIssue(args: readonly unknown[], { maxDepth, maxValues }: ArgumentLimits): Issue | undefined {
  const size = measure(args, maxDepth, maxValues);
  if (size === "many") throw tooManyValues(maxValues);
  if (size === "deep") return { message: `Nested more than ${maxDepth} levels deep`, path: [] };
  return size && { message: "`__proto__`, and `constructor` with a `prototype`, are no properties that an argument may have", path: [] };
}

/**
 * Gives why arguments are refused: their size, or a property that would change the prototype of an object into which an event copies them name by name,
 * even of its own instance. The walk goes level by level, as recursion could not walk the deep values that it looks for.
 */
export function measure(args: readonly unknown[], deepest: number, most: number): "deep" | "many" | "proto" | undefined {
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
      else if (leadsToPrototype(value)) return "proto";
      else for (const item of Object.values(value)) next.push(item);
    }
    level = next;
  }
  return undefined;
}

/** A deep merge of such a value would follow these names to a prototype that all objects share. */
function leadsToPrototype(value: object): boolean {
  if (Object.hasOwn(value, "__proto__")) return true;
  if (!Object.hasOwn(value, "constructor")) return false;
  const { constructor } = value as { constructor: unknown };
  return typeof constructor === "object" && constructor !== null && Object.hasOwn(constructor, "prototype");
}

/** Gives the events of stores and models that have neither schemas nor types of their parameters. Those of a model are named once: `Item.toggle`. */
export function uncheckedEvents(definitions: Iterable<Definition>): string[] {
  const names = new Set<string>();
  for (const { name, schema, models } of definitions) {
    for (const [owner, { events }] of [[name, schema] as const, ...Array.from(models, ([model, { schema }]) => [model, schema] as const)])
      for (const event of events.values()) if (!event.internal && isUnchecked(event)) names.add(`${owner}.${event.name}`);
  }
  return [...names];
}
