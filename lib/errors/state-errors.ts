import { StateError } from "./errors.js";

// Errors of code that holds containers. Pages that only read views do not load this file.

/** A value, as messages call it. */
function described(value: unknown): string {
  if (typeof value === "function") return value.name ? `the function \`${value.name}\`` : "a function";
  if (typeof value === "symbol") return `a symbol (${String(value)})`;
  if (typeof value !== "object" || value === null) return String(value);
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  const Class = (value as { constructor?: { name?: string } }).constructor?.name;
  return Class && Class !== "Object" ? `an instance of \`${Class}\`` : `a ${tag}`;
}

/** What to do in the place of putting a value into state. */
function wayOut(value: unknown): string | undefined {
  if (value instanceof Promise) return "a promise. `await` it first, or return it from a `@computed` getter: browsers get its value when it has one";
  if (/^\[object (Async)?Generator\]$/.test(Object.prototype.toString.call(value)))
    return "a generator. Return one value, or a promise of it; values that come one by one are an event's `yield`s";
  return undefined;
}

export const notState = (path: string, value: unknown) =>
  new StateError(
    "NOT_STATE",
    `\`${path}\` cannot hold ${wayOut(value) ?? `${described(value)}. State is plain data: objects, arrays, Map, Set, Date, bigint, bytes, URL, RegExp, and instances of classes that are registered in \`models\``}.`,
  );
export const foreignInstance = (path: string, value: object) =>
  new StateError("NOT_STATE", `\`${path}\` cannot hold ${described(value)} that belongs to another store already. Make a new instance from its values.`);
export const lostWrite = (store: string, to: string) =>
  new StateError(
    "LOST_WRITE",
    `What was removed from \`${store}\` was changed after it had been put into \`${to}\`, and that change is lost: a value belongs to one store, so there stands a copy. Change the copy, or change the value before.`,
  );
export const sealedInstance = (path: string, value: object) =>
  new StateError("NOT_STATE", `\`${path}\` cannot hold ${described(value)} that is frozen or sealed: its fields become state. Do not freeze it.`);
export const notContainer = (value: unknown) =>
  new StateError("NOT_STATE", `${described(value)} is no container of twinstate. Give an object, array, Map or Set that stands in a store.`);
export const tooDeep = (path: string, depth: number) =>
  new StateError("TOO_DEEP", `\`${path}\` is nested more than ${depth} levels deep. Keep large structures flat, and refer by id.`);
export const beyondBounds = (path: string, excess: string) =>
  new StateError("TOO_LARGE", `\`${path}\` cannot hold ${excess}. Keep it elsewhere, and its address here; docs/PROTOCOL.md has all bounds.`);
export const badMapKey = (path: string, key: object) =>
  new StateError(
    "NOT_STATE",
    `\`${path}\` cannot have ${described(key)} as a key or member: a copy in the browser would be another one. Use a string or number made from it.`,
  );
export const symbolKey = (path: string, key: symbol) =>
  new StateError("NOT_STATE", `\`${path}\` cannot have the key ${String(key)}: symbols do not travel. Use a string.`);
export const cannotDefine = (path: string) =>
  new StateError("NOT_STATE", `\`${path}\` cannot become an accessor, read-only or hidden: state is plain data. Use a \`@computed\` getter on the class.`);
export const notPlain = (path: string) =>
  new StateError(
    "NOT_STATE",
    `\`${path}\` is an accessor (\`get\` or \`set\`): state is plain data. Give its value, or use a \`@computed\` getter on a class.`,
  );
export const noPrototype = (path: string) =>
  new StateError(
    "NOT_STATE",
    `\`${path}\` cannot hold an object without a prototype: a copy in the browser would have one. Give a plain object, as \`{ ...value }\`, or a Map.`,
  );
export const arrayHole = (path: string) =>
  new StateError("NOT_STATE", `This would leave a hole before or at \`${path}\`: arrays that are state have none. Use \`push\`, \`splice\` or \`null\`.`);
export const listName = (path: string, kind: "an array" | "a Map" | "a Set", key: string | symbol) =>
  new StateError("NOT_STATE", `\`${path}\` is ${kind}: it cannot have the property \`${String(key)}\`. Use an object, or a field beside it.`);
export const incompatible = (kind: "Map" | "Set") => new TypeError(`This method was called on what is no ${kind} of a store.`);
export const notPredicted = () => new StateError("NOT_PREDICTED", "This needs what only the server knows, so the event is not shown before its answer.");
export const notCallable = (value: unknown) => new TypeError(`${String(value)} is not a function`);
export const readOnlyComputed = (path: string) =>
  new StateError("READ_ONLY", `\`${path}\` was changed by a \`@computed\` getter. A getter only reads: change state in an \`@event\`.`);
export const readOnlyReaction = (path: string) =>
  new StateError("READ_ONLY", `\`${path}\` was put into another order by what reacts to it. Use \`toSorted()\` or \`toReversed()\`, which give a new array.`);
export const readOnlyList = (path: string) =>
  new StateError(
    "READ_ONLY",
    `\`${path}\` is a list that the server alone changes: of who is here (\`@presence\`), or of durable events (\`@tasks\`). What a tab shows of itself comes from \`usePresence(people, own)\`; what the server says of it, from \`@presence({ of })\`.`,
  );
export const assignedMethod = (path: string) =>
  new StateError(
    "READ_ONLY",
    `\`${path}\` is a method: it cannot be assigned. Keep data in \`@state\` fields, and name them one by one in the place of \`Object.assign(this, …)\`.`,
  );
export const noSetter = (path: string) =>
  new StateError("READ_ONLY", `\`${path}\` is a \`@computed\` getter without a setter: change what it is computed from, or write a setter beside it.`);
export const notConstructed = (model: string, cause: unknown) =>
  new StateError(
    "NOT_CONSTRUCTED",
    `An instance of the model \`${model}\` could not be made: \`new\` without arguments threw. Give its constructor's parameters defaults.`,
    { cause },
  );
export const notReset = (name: string, why: string, cause?: unknown) =>
  new StateError("NOT_STATE", `\`reset()\` cannot make a new \`${name}\`: ${why}.`, { cause });
export const noSuchField = (name: string, field: string, fields: readonly string[]) =>
  new StateError(
    "NOT_STATE",
    `\`reset(…, "${field}")\`: \`${name}\` has no \`@state\` field of that name. It has ${fields.map((one) => `\`${one}\``).join(", ") || "none"}.`,
  );
