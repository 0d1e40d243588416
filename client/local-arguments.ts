import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { EventSchema } from "../lib/class/schema.js";
import { refusedBySchema } from "../lib/errors/errors.js";
import { fieldPath, formArguments, type SentForm, takesObject } from "../lib/event/form-arguments.js";
import { nodeOf } from "../lib/graph/node.js";
import { copied } from "../lib/graph/plain.js";
import { viewOf } from "../lib/view/view.js";
import { plainLeaf } from "../lib/wire/leaves.js";
import type { Filled } from "./form.js";

type Arguments = readonly unknown[];
type Now<V> = V | Promise<V>;

/** Goes on with a value: at once, where it is no promise. */
const then = <V, R>(value: Now<V>, next: (value: V) => Now<R>): Now<R> => (value instanceof Promise ? value.then(next) : next(value));

/**
 * Makes the arguments of a local store's event of what it was called with, and checks them by its schemas: at once, unless a schema is async.
 * @throws EventError `INVALID`
 */
export function checkLocally(store: string, event: EventSchema, given: Arguments | Filled): Now<Arguments> {
  if (!("fields" in given)) return check(store, event, copies(given), (path) => path);
  const form = given as SentForm;
  return then(takesObject(event, form.bound.length), (whole) => check(store, event, formArguments(event, form, whole), (path) => fieldPath(form, whole, path)));
}

function check(store: string, { name, input }: EventSchema, args: Arguments, pathOf: (path: readonly PropertyKey[]) => readonly PropertyKey[]): Now<Arguments> {
  if (!input) return args;
  const results = input.map((schema, i) => schema["~standard"].validate(args[i]));
  const checked = (all: readonly StandardSchemaV1.Result<unknown>[]): Arguments => {
    const issues = all.flatMap(({ issues }, i) => (issues ?? []).map(({ message, path = [] }) => ({ message, path: pathOf([i, ...path] as PropertyKey[]) })));
    if (issues.length > 0) throw refusedBySchema(store, name, issues);
    const values = all.map((result) => (result as { value: unknown }).value);
    // Missing arguments at the end stay missing, so that default values of parameters apply.
    while (values.length > args.length && values.at(-1) === undefined) values.pop();
    return values;
  };
  return results.some((result) => result instanceof Promise) ? Promise.all(results).then(checked) : checked(results as StandardSchemaV1.Result<unknown>[]);
}

/** Copies plain values, and views, so that nothing that the caller has is changed by the event. Anything else stays what it is: files, functions, elements. */
const copies = (args: Arguments): Arguments => copiedPlain(args, () => undefined) as Arguments;

/** A value that an event gives out: what the store holds becomes a view. */
export const plainArgument = (value: unknown): unknown => copiedPlain(value, (part) => (nodeOf(part) ? (viewOf(part) as object) : undefined));

/** A copy of plain values. `instead` gives what stands for a part in the place of its copy. */
const copiedPlain = (value: unknown, instead: (part: object) => object | undefined): unknown =>
  copied(value, (part) => instead(part) ?? plainLeaf(part) ?? (isPlain(part) ? undefined : part));

const PLAIN: readonly unknown[] = [Object.prototype, Array.prototype, Map.prototype, Set.prototype, null];

/** The view of an instance has a prototype between its own and its class's. React knows what is its own by `$$typeof`. */
function isPlain(value: object): boolean {
  if (Object.hasOwn(value, "$$typeof")) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return PLAIN.includes(prototype) || prototype !== (value as { constructor?: { prototype?: unknown } }).constructor?.prototype;
}
