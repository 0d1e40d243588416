import type { EventSchema } from "../../lib/class/schema.js";
import { countsOf } from "../../server/definition/arguments.js";
import { type ListedEvent, listEvents } from "../../server/definition/event-list.js";
import { nameInStore } from "../../server/definition/event-path.js";
import { inputSchemaOf, type JsonSchema } from "../../server/definition/input-schema.js";
import type { Definition } from "../../server/definition/scope.js";
import type { Runtime } from "../../server/runtime.js";
import { nodesIn, parseSource, type SyntaxNode } from "../source/syntax.js";

/** One parameter of an event. */
interface Parameter {
  readonly name: string;
  readonly type: string;
  readonly optional: boolean;
}

/** An event that clients may call. */
export interface CallableEvent {
  readonly store: string;
  /** The name in the store: `add`, or `Item.toggle`. */
  readonly event: string;
  readonly scope: Definition["kind"];
  readonly parameters: readonly Parameter[];
  /** Whether schemas check the arguments, the types of the parameters, or nothing. */
  readonly checked: "schema" | "types" | "nothing";
  /** Who is asked before it runs: the event's own guard, the store's, the app's, a room's `allow`. */
  readonly guards: readonly ("event" | "store" | "app" | "allow")[];
  /** Its options, as they are declared. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The JSON Schema of the body of a request that calls it. */
  readonly input: JsonSchema;
}

// A twin has its runtime by this symbol.
const RUNTIME = Symbol.for("twinstate.runtime");

/** What a twin has registered. */
export const runtimeDefinitions = (twin: object): ReadonlyMap<string, Definition> => (twin as { [RUNTIME]: Runtime })[RUNTIME].definitions;

/** Lists the events that clients may call, those of models too. */
export function callableEvents(definitions: ReadonlyMap<string, Definition>): CallableEvent[] {
  return listEvents(definitions).map((listed) => {
    const { path, definition, owner, event } = listed;
    return {
      store: path.store,
      event: nameInStore(path),
      scope: definition.kind,
      parameters: parametersOf(listed),
      checked: event.input ? "schema" : event.paramTypes ? "types" : "nothing",
      guards: guardsOf(definition, event),
      options: optionsOf(event),
      input: inputSchemaOf(definition, owner, event),
    };
  });
}

function guardsOf({ guard, allow, appGuard }: Definition, event: EventSchema): CallableEvent["guards"] {
  return [
    ...(appGuard ? (["app"] as const) : []),
    ...(guard ? (["store"] as const) : []),
    ...(allow ? (["allow"] as const) : []),
    ...(event.guard ? (["event"] as const) : []),
  ];
}

/** The options that are not as they are without a word. */
function optionsOf({ optimistic, background, durable, volatile, queue, per, timeout, debounce, throttle }: EventSchema): CallableEvent["options"] {
  const all = { optimistic, background, durable, volatile, queue: queue === "serial" ? undefined : queue, per, timeout, debounce, throttle };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined && value !== false));
}

// --- parameters ---

function parametersOf({ owner, event }: ListedEvent): Parameter[] {
  const { least, most } = countsOf(event, owner.Class);
  const names = namesOf((owner.Class.prototype as Record<string, unknown>)[event.name]);
  const count = event.input?.length ?? event.paramTypes?.length ?? names.length;
  return Array.from({ length: Math.min(count, most) }, (_, i) => ({
    name: names[i] ?? `argument${i + 1}`,
    type: typeOf(event, i),
    optional: i >= least,
  }));
}

/** The names of a method's parameters, as its source has them. */
function namesOf(method: unknown): string[] {
  const text = typeof method === "function" ? Function.prototype.toString.call(method) : "";
  const source = parseSource("method.js", `({ ${text} })`) ?? parseSource("function.js", `(${text})`);
  const found = source && nodesIn(source.program).find(({ type }) => /^(ObjectMethod|FunctionExpression|ArrowFunctionExpression)$/.test(type));
  return ((found?.params ?? []) as readonly SyntaxNode[]).map((param, i) => {
    const plain: SyntaxNode = param.type === "AssignmentPattern" ? param.left : param.type === "RestElement" ? param.argument : param;
    return plain.type === "Identifier" ? plain.name : `argument${i + 1}`;
  });
}

function typeOf({ input, paramTypes }: EventSchema, i: number): string {
  const schema = input?.[i];
  if (schema) {
    const { jsonSchema } = schema["~standard"] as { jsonSchema?: { input?(options: object): JsonSchema } };
    try {
      return nameOf(jsonSchema?.input?.({ target: "draft-2020-12", libraryOptions: { unrepresentable: "any" } }) ?? {});
    } catch {
      return "unknown";
    }
  }
  const type = paramTypes?.[i];
  if (typeof type !== "function" || type === Object) return "unknown";
  return [String, Number, Boolean, BigInt, Symbol].includes(type as StringConstructor) ? type.name.toLowerCase() : type.name;
}

/** A JSON Schema in a word or two, as TypeScript would say it. */
function nameOf({ type, enum: values, const: one, oneOf, anyOf = oneOf, items, properties, required = [] }: JsonSchema): string {
  if (one !== undefined) return JSON.stringify(one);
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(" | ");
  if (Array.isArray(anyOf)) return anyOf.map((schema) => nameOf(schema as JsonSchema)).join(" | ");
  if (type === "array") return items ? `${nameOf(items as JsonSchema)}[]` : "unknown[]";
  if (type === "object" && properties) {
    const fields = Object.entries(properties as Record<string, JsonSchema>);
    return `{ ${fields.map(([name, schema]) => `${name}${(required as readonly string[]).includes(name) ? "" : "?"}: ${nameOf(schema)}`).join("; ")} }`;
  }
  return type === "integer" ? "number" : typeof type === "string" ? type : "unknown";
}

// --- as text ---

/** The events as a table, store by store. */
export function eventTable(events: readonly CallableEvent[]): string {
  const lines: string[] = [];
  let store: string | undefined;
  for (const one of events) {
    if (one.store !== store) {
      if (store !== undefined) lines.push("");
      lines.push(`${one.store} (${one.scope})`);
      store = one.store;
    }
    const parameters = one.parameters.map(({ name, type, optional }) => `${name}${optional ? "?" : ""}: ${type}`).join(", ");
    const notes = [
      one.checked === "nothing" && one.parameters.length > 0 ? "not checked" : one.checked === "schema" ? "schema" : undefined,
      one.guards.length > 0 ? `guard: ${one.guards.join(", ")}` : undefined,
      ...Object.entries(one.options).map(([name, value]) => (value === true ? name : `${name} ${value}`)),
    ].filter((note) => note !== undefined);
    lines.push(`  ${`${one.event}(${parameters})`.padEnd(44)}${notes.length > 0 ? `  ${notes.join("; ")}` : ""}`.trimEnd());
  }
  return lines.join("\n");
}
