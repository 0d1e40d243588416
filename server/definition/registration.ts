import { type ClassSchema, classSchema, presenceFields } from "../../lib/class/schema.js";
import { keepOnModel } from "../../lib/errors/keep-errors.js";
import { presenceAlone, presenceInModel } from "../../lib/errors/presence-errors.js";
import {
  badModel,
  badStore,
  eventIsHook,
  eventIsModel,
  noAllow,
  noSchema,
  noStores,
  reservedEvent,
  reservedField,
  reservedStore,
  unknownScopeOption,
} from "../../lib/errors/setup-errors.js";
import { hiddenPrivate } from "../../lib/errors/viewer-errors.js";
import { checkDurableEvents, refuseDurable } from "./durable-events.js";
import { keptFieldsOf } from "./kept-fields.js";
import { HOOKS } from "./lifecycle.js";
import type { AppGuard, Definition, EventOwner, ModelClass, Models, ScopeKind, StoreClass, Stores } from "./scope.js";

// What an app registers: its stores and models, checked at start.

const NAME = /^(?!__proto__$)[A-Za-z_]\w*$/;
const OWN_NAMES = new Set(["handlers", "router", "preload", "close", "attach", "as", "then", "call", "apply", "visitor"]);
const KINDS: readonly string[] = ["session", "user", "tab", "keyed-tab", "room", "shared"] satisfies ScopeKind[];

function checkModels(models: Models): void {
  const names = new Map<ModelClass, string>();
  for (const [name, Class] of Object.entries(models)) {
    if (!NAME.test(name)) throw badModel(name, "is no name");
    if (typeof Class !== "function") throw badModel(name, "is not a class");
    const other = names.get(Class);
    if (other !== undefined) throw badModel(name, `is the class of the model \`${other}\` too: register it once`);
    names.set(Class, name);
    mustWork(Class);
    for (const { name: field, keep } of classSchema(Class).fields.values()) if (keep) throw keepOnModel(name, field);
    for (const field of presenceFields(classSchema(Class))) throw presenceInModel(Class.name, field.name);
    refuseDurable(name, Class);
    checkEvents(name, classSchema(Class));
  }
}

/** Names that promises and JSON ask for, as all objects have those of `Object.prototype`. */
const TAKEN: ReadonlySet<string> = new Set(["then", "toJSON"]);

/** Throws where clients could not call an event by its name, or where something else would. */
function checkEvents(owner: string, { events }: ClassSchema): void {
  for (const event of events.keys())
    if (TAKEN.has(event) || event in Object.prototype || event.startsWith("$") || !NAME.test(event)) throw reservedEvent(owner, event);
}

/**
 * Gives the definitions of the app's stores.
 * @throws StateError that names the store or the model, where one cannot be registered
 */
export function definitionsOf(stores: Stores, models: Models, appGuard: AppGuard | undefined): Map<string, Definition> {
  checkModels(models);
  if (typeof stores !== "object" || stores === null || Object.keys(stores).length === 0) throw noStores();
  const definitions = new Map<string, Definition>();
  for (const [name, entry] of Object.entries(stores)) {
    if (OWN_NAMES.has(name) || name.startsWith("$")) throw reservedStore(name);
    if (!NAME.test(name)) throw badStore(name, "is no name that a client could use");
    const scoped = typeof entry === "function" ? { kind: "session" as const, Class: entry } : entry;
    if (typeof scoped !== "object" || scoped === null || !KINDS.includes(scoped.kind) || typeof scoped.Class !== "function") {
      throw badStore(name, "is neither a class nor `scope.…(Class)`");
    }
    definitions.set(name, { ...defineStore(name, scoped, models), ...(appGuard && { appGuard }) });
  }
  return definitions;
}

function defineStore(name: string, scoped: { kind: ScopeKind; Class: StoreClass }, models: Models): Definition {
  const { kind, Class } = scoped;
  const schema = classSchema(Class);
  if (schema.fields.size + schema.computeds.size + schema.events.size === 0) throw noSchema(name, Class.name);
  mustWork(Class);
  if (kind === "session" || kind === "tab") for (const field of presenceFields(schema)) throw presenceAlone(Class.name, field.name, kind);
  for (const event of schema.events.keys()) {
    if (HOOKS.includes(event)) throw eventIsHook(name, event);
    if (Object.hasOwn(models, event)) throw eventIsModel(name, event);
  }
  checkEvents(name, schema);
  checkDurableEvents(name, schema, Class);
  for (const field of [...schema.fields.keys(), ...schema.computeds.keys()]) if (field.startsWith("$")) throw reservedField(name, field);
  if (Class.version !== undefined && !(Number.isInteger(Class.version) && Class.version > 0))
    throw badStore(name, "has a `static version` that is no whole number above 0");
  const { kind: _, Class: __, allow, guard, ...unknown } = scoped as Partial<Definition>;
  for (const option of [...Object.keys(unknown), ...(allow !== undefined && kind !== "room" ? ["allow"] : [])]) throw unknownScopeOption(name, kind, option);
  if (kind === "room" && typeof allow !== "function") throw noAllow(name);
  if (guard !== undefined && typeof guard !== "function") throw badStore(name, "has a `guard` that is not a function");
  const kept = keptFieldsOf(name, kind, Class);
  return { name, kind, Class, schema, models: ownersIn(name, models), ...(kept.length > 0 && { kept }), ...(allow && { allow }), ...(guard && { guard }) };
}

/** The models that have events, as owners of those in a store. */
function ownersIn(store: string, models: Models): ReadonlyMap<string, EventOwner> {
  const owners = Object.entries(models).map(([model, Class]) => [model, { name: `${store}.${model}`, Class, schema: classSchema(Class) }] as const);
  return new Map(owners.filter(([, { schema }]) => schema.events.size > 0));
}

/** Options that exclude each other are refused. */
function mustWork(Class: ModelClass): void {
  for (const field of classSchema(Class).fields.values()) if (field.private && field.visibleTo) throw hiddenPrivate(Class.name, field.name);
}
