import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { EventSchema } from "../../lib/class/schema.js";
import { countsOf } from "./arguments.js";
import { type Definition, type EventOwner, isKeyed, LONGEST_KEY } from "./scope.js";

/** A JSON Schema of 2020-12. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** The JSON Schema of an object. */
export interface ObjectSchema extends JsonSchema {
  readonly type: "object";
  readonly properties: Record<string, JsonSchema>;
  readonly required: string[];
}

const TYPES: ReadonlyMap<unknown, JsonSchema> = new Map<unknown, JsonSchema>([
  [String, { type: "string" }],
  [Number, { type: "number" }],
  [Boolean, { type: "boolean" }],
  [Array, { type: "array" }],
]);

/** A number that says how many arguments there are is no bound where an event takes any. */
const UNBOUNDED = 100;

/** The JSON Schema of the input of an event, as it is posted: `{ key?, on?, args }`. */
export function inputSchemaOf(definition: Definition, owner: EventOwner, event: EventSchema): ObjectSchema {
  const { least, most } = countsOf(event, owner.Class);
  const args = {
    type: "array",
    ...(event.input && { prefixItems: event.input.map(jsonSchemaOf) }),
    ...(!event.input && event.paramTypes && { prefixItems: event.paramTypes.slice(0, most).map((type) => TYPES.get(type) ?? {}) }),
    ...(least > 0 && { minItems: least }),
    ...(most < UNBOUNDED && { maxItems: most }),
    description: "The arguments, in order.",
  };
  const key = isKeyed(definition.kind) && { key: { type: "string", minLength: 1, maxLength: LONGEST_KEY, description: `The key of the ${definition.name}.` } };
  const on = owner !== definition && {
    on: { type: "array", minItems: 3, maxItems: 4, description: "The object whose event it is: the value of `$on` in it, where the state shows it." },
  };
  const properties = { ...key, ...on, args };
  return { type: "object", properties, required: Object.keys(properties).filter((name) => name !== "args" || least > 0), additionalProperties: false };
}

/** The JSON Schema of what a Standard Schema takes; one that takes anything where the library gives none. */
function jsonSchemaOf(schema: StandardSchemaV1): JsonSchema {
  const { jsonSchema } = schema["~standard"] as { jsonSchema?: { input?(options: object): JsonSchema } };
  try {
    // Zod throws for dates and bigints, and for what else JSON has no type for, unless it is told not to.
    const { $schema: _, ...made } = jsonSchema?.input?.({ target: "draft-2020-12", libraryOptions: { unrepresentable: "any" } }) ?? {};
    return made;
  } catch {
    return {};
  }
}
