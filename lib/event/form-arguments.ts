import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { EventSchema } from "../class/schema.js";
import type { Global } from "../class/view-types.js";

type FieldValue = string | Global<"Blob"> | null;

/** A form as it is sent, in the place of arguments. */
export interface SentForm {
  /** The values of inputs, in the form's order. One for files without a file has `null`. */
  readonly fields: readonly (readonly [name: string, value: FieldValue])[];
  /** The first arguments, which stand in no field. */
  readonly bound: readonly unknown[];
}

/**
 * The arguments that a form comes to. After those that are bound, all fields are one object, where `whole`: see {@link takesObject}; otherwise their values are
 * the arguments, in the form's order.
 */
export function formArguments({ paramTypes }: EventSchema, { bound, fields }: SentForm, whole: boolean): unknown[] {
  return [...bound, ...(whole ? [objectOf(fields)] : fields.map(([, value], i) => read(value, paramTypes?.[bound.length + i])))];
}

/** The path of an issue in a form: it begins with the name of a field, where the issue is not about an argument that was bound. */
export function fieldPath({ bound, fields }: SentForm, whole: boolean, [i, ...rest]: readonly PropertyKey[]): readonly PropertyKey[] {
  const at = (i as number) - bound.length;
  if (at < 0) return [i as number, ...rest];
  return whole ? rest : [fields[at]?.[0] ?? [], rest].flat();
}

/**
 * Whether the one parameter that is left is an object. Standard Schemas do not say what they take: so one is asked whether it would take an empty object, or
 * misses only something in it.
 */
export function takesObject({ input, paramTypes }: EventSchema, bound: number): boolean | Promise<boolean> {
  const count = input?.length ?? paramTypes?.length ?? 0;
  if (count - bound !== 1) return false;
  const schema = input?.[bound];
  if (!schema) return paramTypes?.[bound] === Object;
  const told = (result: StandardSchemaV1.Result<unknown>) => {
    const takes = result.issues ? result.issues.some(({ path = [] }) => path.length > 0) : typeof result.value === "object";
    known.set(schema, takes);
    return takes;
  };
  const result = known.get(schema) ?? schema["~standard"].validate({});
  if (typeof result === "boolean") return result;
  return result instanceof Promise ? result.then(told) : told(result);
}

const known = new WeakMap<StandardSchemaV1, boolean>();

/** A name that comes more than once has a list. */
function objectOf(fields: SentForm["fields"]): object {
  const values = new Map<string, FieldValue[]>();
  for (const [name, value] of fields) {
    if (value === null) continue;
    const before = values.get(name);
    if (before) before.push(value);
    else values.set(name, [value]);
  }
  return Object.fromEntries([...values].map(([name, all]) => [name, all.length > 1 ? all : all[0]]));
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map(Object.entries({ on: true, true: true, off: false, false: false, "": false }));

/** The text of a field as a parameter of a type takes it. What it cannot be made of stays what it is, and is refused. */
function read(text: FieldValue, type: unknown): unknown {
  if (typeof text !== "string") return text ?? undefined;
  if (type === Boolean) return BOOLEANS.get(text) ?? text;
  if (type !== Number) return text;
  if (text.trim() === "") return undefined;
  return Number.isNaN(Number(text)) ? text : Number(text);
}
