import type { LifecycleName } from "../../lib/class/lifecycle.js";
import { classSchema } from "../../lib/class/schema.js";
import { fieldIsNoState, looksLikeHook } from "../../lib/errors/errors.js";
import type { Report } from "../wire/error-shape.js";
import type { Definition } from "./scope.js";

// Mistakes that show nothing by themselves. They are told of in development, once each.

const told = new WeakMap<object, Set<string>>();

function once(Class: object, member: string): boolean {
  const members = told.get(Class) ?? new Set();
  told.set(Class, members);
  return members.size < members.add(member).size;
}

/** Notes the fields of an instance that no `@state` declares. What it gives, called when an event has ended, tells of those that the event has changed. */
export function watchFields({ name, Class, schema }: Definition, instance: object, event: string, report: Report): () => void {
  const fields = Object.keys(instance).filter((key) => !schema.fields.has(key));
  const look = () => fields.map((key) => Reflect.get(instance, key) as unknown);
  const before = look();
  const sizes = before.map(sizeOf);
  return () => {
    for (const [i, value] of look().entries()) {
      const same = Object.is(value, before[i]) && sizeOf(value) === sizes[i];
      if (!same && once(Class, fields[i] as string)) report("warn", fieldIsNoState(name, Class.name, fields[i] as string, `${name}.${event}`));
    }
  };
}

/** What a value holds, as far as that is seen without looking far. */
function sizeOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return value instanceof Map || value instanceof Set ? value.size : Object.keys(value).length;
}

const HOOKS = ["onCreate", "onLoad", "onConnect", "onDisconnect", "onDispose"] as const satisfies LifecycleName[];

/** Tells of methods that look like lifecycle methods whose names are misspelt: nobody would call them. */
export function checkHooks({ Class }: Definition, report: Report): void {
  const { events, computeds } = classSchema(Class);
  for (let one = Class.prototype as object; one !== Object.prototype && one !== null; one = Object.getPrototypeOf(one)) {
    for (const name of Object.getOwnPropertyNames(one)) {
      if ((HOOKS as readonly string[]).includes(name) || events.has(name) || computeds.has(name)) continue;
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
