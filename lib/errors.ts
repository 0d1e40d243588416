/** A mistake in the use of twinstate, or a message that cannot be understood. `code` tells which. */
export class StateError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "StateError";
    this.code = code;
  }
}

// --- state ---

function nameOf(value: unknown): string {
  if (typeof value === "function") return value.name ? `the function \`${value.name}\`` : "a function";
  if (typeof value === "symbol") return value.description === "hole" ? "a hole" : `a symbol (${String(value)})`;
  if (typeof value !== "object" || value === null) return String(value);
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  const Class = (value as { constructor?: { name?: string } }).constructor?.name;
  return Class && Class !== "Object" ? `an instance of \`${Class}\`` : `a ${tag}`;
}

export const notState = (path: string, value: unknown) =>
  new StateError(
    "NOT_STATE",
    `\`${path}\` cannot hold ${nameOf(value)}. State is plain data: objects, arrays, Map, Set, Date, bigint, bytes, URL, RegExp, and instances of classes that are registered in \`models\`.`,
  );
export const notContainer = (value: unknown) =>
  new StateError("NOT_STATE", `${nameOf(value)} is no container of twinstate. Give an object, array, Map or Set that stands in a store.`);
export const tooDeep = (path: string, depth: number) =>
  new StateError("TOO_DEEP", `\`${path}\` is nested more than ${depth} levels deep. Keep large structures flat, and refer by id.`);
export const badKey = (path: string, key: object) =>
  new StateError("NOT_STATE", `\`${path}\` cannot have ${nameOf(key)} as a key or member: a copy in the browser would be another one. Use a string or number made from it.`);
export const symbolKey = (path: string, key: symbol) => new StateError("NOT_STATE", `\`${path}\` cannot have the key ${String(key)}: symbols do not travel. Use a string.`);
export const cannotDefine = (path: string) => new StateError("NOT_STATE", `\`${path}\` cannot become an accessor: state is plain data. Use a \`@computed\` getter on the class.`);
export const arrayHole = (path: string) => new StateError("NOT_STATE", `This would leave a hole before or at \`${path}\`: arrays that are state have none. Use \`push\`, \`splice\` or \`null\`.`);
export const arrayName = (path: string, key: string) => new StateError("NOT_STATE", `\`${path}\` is an array: it cannot have the property \`${key}\`. Use an object, or a field beside it.`);
export const notCallable = (value: unknown) => new TypeError(`${typeof value === "string" ? JSON.stringify(value) : String(value)} is not a function`);
export const outsideEvent = (store: string, path: string) =>
  new StateError("OUTSIDE_EVENT", `\`${path}\` was changed outside an event of \`${store}\`. State changes only while one of its \`@event\` methods runs, or inside \`update()\`.`);
export const readOnlyComputed = (path: string) => new StateError("READ_ONLY", `\`${path}\` was changed by a \`@computed\` getter. A getter only reads: change state in an \`@event\`.`);
export const readOnlyTwin = (store: string) => new StateError("READ_ONLY", `\`${store}\` is a twin: it cannot be changed here. Call one of its events, which changes it on the server.`);
export const notConstructed = (model: string, cause: unknown) =>
  new StateError("NOT_CONSTRUCTED", `An instance of the model \`${model}\` could not be made: \`new\` without arguments threw. Give its constructor's parameters defaults.`, { cause });

// --- the wire ---

function shown(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : typeof value === "object" ? safeJson(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function safeJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "undefined";
  } catch {
    return Object.prototype.toString.call(value);
  }
}

export const badWire = (what: string, value: unknown) => new StateError("BAD_WIRE", `Expected ${what}, got ${shown(value)}. Both ends must speak the same version of the protocol.`);
export const notSent = (value: unknown) => new StateError("NOT_SENT", `${nameOf(value)} cannot be sent. Send plain data: objects, arrays, Map, Set, Date, bigint, bytes, URL, RegExp.`);
