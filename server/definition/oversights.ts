import { unstartedGenerators } from "../../lib/class/methods.js";
import { classSchema } from "../../lib/class/schema.js";
import { messageOf } from "../../lib/errors/errors.js";
import {
  browserInEvent,
  cloneInEvent,
  fieldIsNoState,
  looksLikeHook,
  lostThis,
  navigationInEvent,
  pathInEvent,
  unstartedGenerator,
} from "../../lib/errors/oversight-errors.js";
import type { Report } from "../wire/error-shape.js";
import { HOOKS } from "./lifecycle.js";
import type { Definition, EventOwner } from "./scope.js";

// Mistakes without any symptom of their own. Each is logged once, in development.

const told = new WeakMap<object, Set<string>>();

function once(Class: object, member: string): boolean {
  const members = told.get(Class) ?? new Set();
  told.set(Class, members);
  return members.size < members.add(member).size;
}

/** Looks for mistakes while an event runs. The returned function, called at its end with the error that it threw, warns of those that were made. */
export function watchEvent(owner: EventOwner, instance: object, event: string, report: Report): (error?: unknown) => void {
  const lookAtFields = watchFields(owner, instance, event, report);
  return (error) => {
    lookAtFields();
    for (const method of unstartedGenerators(instance)) if (once(owner.Class, `*${method}`)) report("warn", unstartedGenerator(owner.name, event, method));
    const member = lostMember(error, owner);
    if (member !== undefined && once(owner.Class, `this.${event}`)) report("warn", lostThis(`${owner.name}.${event}`, member, error));
    const misplaced = error === undefined ? undefined : misplacedCall(`${owner.name}.${event}`, error);
    if (misplaced && once(owner.Class, `?${event}`)) report("warn", misplaced);
  };
}

/** The member of its class that an event has looked for on `undefined`: in a callback, `this` was another one. */
function lostMember(error: unknown, { Class, schema }: EventOwner): string | undefined {
  const [, member] = /^Cannot (?:read|set) properties of undefined \((?:reading|setting) '(\w+)'\)$/.exec(messageOf(error)) ?? [];
  return member !== undefined && (schema.fields.has(member) || member in Class.prototype) ? member : undefined;
}

/** What an event has called that works elsewhere: while Next renders, or in a browser. What was thrown may not let itself be looked at. */
function misplacedCall(event: string, error: unknown): Error | undefined {
  try {
    return misplacedIn(event, error);
  } catch {
    return undefined;
  }
}

function misplacedIn(event: string, error: unknown): Error | undefined {
  const message = messageOf(error);
  // The mark of an error by which Next knows its own.
  const digest = String((error instanceof Error && (error as { readonly digest?: unknown }).digest) || "");
  const [, , to] = /^NEXT_REDIRECT;(\w+);(.*);\d+;$/.exec(digest) ?? [];
  if (to !== undefined || digest.startsWith("NEXT_HTTP_ERROR_FALLBACK")) return navigationInEvent(event, to, error);
  const [, name] = /^(window|document|location|history|alert|confirm|localStorage|sessionStorage) is not defined$/.exec(message) ?? [];
  if (name !== undefined) return browserInEvent(event, name, error);
  const [, path] = /^Failed to parse URL from (\/.*)$/.exec(message) ?? [];
  if (path !== undefined) return pathInEvent(event, path, error);
  return error instanceof DOMException && error.name === "DataCloneError" ? cloneInEvent(event, error) : undefined;
}

/** Notes the fields of an instance that no `@state` declares. The returned function, called after an event, warns of the fields that the event has changed. */
function watchFields({ name, Class, schema }: EventOwner, instance: object, event: string, report: Report): () => void {
  const look = () => Object.keys(instance).flatMap((key) => (schema.fields.has(key) ? [] : [[key, Reflect.get(instance, key) as unknown] as const]));
  const before = new Map(look().map(([key, value]) => [key, { value, size: sizeOf(value) }]));
  return () => {
    for (const [key, value] of look()) {
      // A field without a value in the class is there from its first change on.
      const known = before.get(key);
      const same = known && Object.is(value, known.value) && sizeOf(value) === known.size;
      if (!same && once(Class, key)) report("warn", fieldIsNoState(name, Class.name, key, `${name}.${event}`));
    }
  };
}

/** Gives the size of a value, without a deep look. */
function sizeOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return value instanceof Map || value instanceof Set ? value.size : Object.keys(value).length;
}

/** Warns of methods whose names look like misspelt lifecycle methods: nothing would call them. */
export function checkHooks({ Class }: Definition, report: Report): void {
  const { events, computeds } = classSchema(Class);
  for (let one = Class.prototype as object; one !== Object.prototype && one !== null; one = Object.getPrototypeOf(one)) {
    for (const name of Object.getOwnPropertyNames(one)) {
      if (HOOKS.includes(name) || events.has(name) || computeds.has(name)) continue;
      const meant = HOOKS.find((hook) => isMisspelt(name.toLowerCase(), hook.toLowerCase()));
      if (meant && once(Class, name)) report("warn", looksLikeHook(Class.name, name, meant));
    }
  }
}

const ENDINGS = /^(e?d|s|ing|ion)$/;

const isMisspelt = (name: string, hook: string): boolean =>
  (name.startsWith(hook) && ENDINGS.test(name.slice(hook.length))) || (name.startsWith("on") && distance(name, hook) <= hook.length / 4);

/** How many letters are missing, too many, wrong, or exchanged with the next. */
function distance(a: string, b: string): number {
  const rows: number[][] = [];
  const at = (i: number, j: number) => (i < 0 || j < 0 ? Math.max(i, j) + 1 : (rows[i]?.[j] as number));
  for (let i = 0; i < a.length; i++) {
    rows[i] = [];
    for (let j = 0; j < b.length; j++) {
      let least = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (a[i] === b[j] ? 0 : 1));
      if (i > 0 && j > 0 && a[i] === b[j - 1] && a[i - 1] === b[j]) least = Math.min(least, at(i - 2, j - 2) + 1);
      (rows[i] as number[])[j] = least;
    }
  }
  return at(a.length - 1, b.length - 1);
}
