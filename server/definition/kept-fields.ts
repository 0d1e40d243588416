import type { StandardSchemaV1 } from "@standard-schema/spec";
import { classSchema, type FieldSchema } from "../../lib/class/schema.js";
import { keepBeside, keepDefault, keepInScope, keepUnchecked, localNotConstructed, notToBeKept } from "../../lib/errors/keep-errors.js";
import { constructing } from "../../lib/event/current.js";
import { toPlain } from "../../lib/view/view.js";
import { type KeepPlace, type Kept, keptMeanings, keptName, keptSize, keptText, LONGEST_COOKIE, LONGEST_KEPT } from "../../lib/wire/kept-text.js";
import { isOf, measure } from "./arguments.js";
import type { ModelClass, ScopeKind } from "./scope.js";

/** How deep a kept value may be nested, and how many containers it may have. */
const MOST = [100, 100_000] as const;

/** The types that are checked without a schema. */
const PRIMITIVES: readonly string[] = ["string", "number", "boolean"];

/** A field that browsers keep. */
export interface KeptField {
  readonly name: string;
  /** `Prefs.theme` */
  readonly label: string;
  readonly place: KeepPlace;
  /** The name of its cookie, and its key in the browser's other storages. */
  readonly key: string;
  /** The text of its default, which browsers do not keep. */
  readonly initial: string | null;
  readonly input?: StandardSchemaV1;
  /** The type of its default, which a value has without a schema. */
  readonly type?: string;
}

/** The places that make sense in a scope. */
const PLACES: Readonly<Partial<Record<ScopeKind, readonly KeepPlace[]>>> = { session: ["cookie", "localStorage"], tab: ["localStorage", "sessionStorage"] };

/**
 * Gives the fields of a store that browsers keep.
 * @throws StateError that names class and member, where a field cannot be kept
 */
export function keptFieldsOf(store: string, kind: ScopeKind, Class: ModelClass): readonly KeptField[] {
  const fields = [...classSchema(Class).fields.values()].filter(({ keep }) => keep);
  if (fields.length === 0) return [];
  for (const field of fields) mayBeKept(field, store, kind, Class);
  let fresh: object;
  try {
    fresh = constructing(() => new Class());
  } catch (error) {
    throw localNotConstructed(Class.name, error);
  }
  return fields.map(({ name, keep, input }) => {
    const label = `${Class.name}.${name}`;
    const value: unknown = toPlain(Reflect.get(fresh, name));
    if (!input && !PRIMITIVES.includes(typeof value)) throw keepUnchecked(label);
    const found = { name, label, place: keep as KeepPlace, key: keptName(store, name), initial: jsonOf(label, value) };
    if (input) checkDefault(label, input, found.initial);
    return input ? { ...found, input } : { ...found, type: typeof value };
  });
}

/** Throws where a schema refuses the default of its own field: a browser that keeps it would bring what is refused. */
function checkDefault(label: string, input: StandardSchemaV1, initial: string | null): void {
  if (initial === null) return;
  let refused: string | undefined;
  for (const value of keptMeanings(initial)) {
    const result = input["~standard"].validate(value);
    // A schema that waits is asked when a browser brings a value.
    if (result instanceof Promise || !result.issues) return;
    refused ??= result.issues[0]?.message ?? "it is not valid";
  }
  if (refused !== undefined) throw keepDefault(label, initial, refused);
}

function mayBeKept(field: FieldSchema, store: string, kind: ScopeKind, Class: ModelClass): void {
  const { name } = field;
  const place = field.keep as KeepPlace;
  for (const [option, set] of Object.entries({ private: field.private, visibleTo: field.visibleTo, persist: !field.persist }))
    if (set) throw keepBeside(Class.name, name, option);
  if (!PLACES[kind]?.includes(place)) throw keepInScope(Class.name, name, place, store, kind);
}

/**
 * What is kept of a field that has a plain value: `null` for the default.
 * @throws StateError where it cannot be kept
 */
export function textOf({ initial, label }: KeptField, value: unknown): string | null {
  const text = jsonOf(label, value);
  return text === initial ? null : text;
}

/** How many characters a text takes in the place of its field. */
export const keptSizeOf = ({ place, key }: KeptField, text: string | null | undefined): number =>
  text === null || text === undefined ? 0 : keptSize(place, key, text);

/** How many characters a text takes in the place of its field, and how many it may, where it takes too many. */
export function keptExcessOf(field: KeptField, text: string | null | undefined): readonly [size: number, most: number] | undefined {
  const { place } = field;
  const size = keptSizeOf(field, text);
  const most = place === "cookie" ? LONGEST_COOKIE : LONGEST_KEPT;
  return size > most ? [size, most] : undefined;
}

/**
 * The text of a plain value.
 * @throws StateError where JSON would make something else of it, or of a part of it. Of dates and URLs it makes texts, which a schema can take.
 */
function jsonOf(label: string, value: unknown): string | null {
  try {
    JSON.stringify(value, refuseLoss);
    return keptText(value);
  } catch (error) {
    throw notToBeKept(label, error);
  }
}

/** JSON makes empty objects of these. */
const LOST = [Map, Set, RegExp, ArrayBuffer];

/** `1e999` is a number that JSON may have, and that cannot be written so. */
function refuseLoss(this: unknown, _key: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError(`JSON has no ${value}`);
  if (value === undefined && Array.isArray(this)) throw new TypeError("JSON has no undefined in a list");
  for (const Class of LOST) if (value instanceof Class) throw new TypeError(`JSON has no ${Class.name}`);
  if (ArrayBuffer.isView(value)) throw new TypeError("JSON has no bytes");
  return value;
}

/** The value that a text means, if the field takes it: whoever has the browser may have written anything. */
export async function keptValue(field: KeptField, text: string): Promise<{ readonly value: unknown } | undefined> {
  const { input, type } = field;
  if (text.length > LONGEST_KEPT || !text.isWellFormed() || keptExcessOf(field, text)) return undefined;
  for (const value of keptMeanings(text)) {
    if (measure([value], ...MOST)) continue;
    if (!input) {
      if (isOf(type as string, value)) return { value };
      continue;
    }
    try {
      const result = await input["~standard"].validate(value);
      if (!result.issues) return { value: result.value };
    } catch {
      // A schema that throws takes nothing.
    }
  }
  return undefined;
}

/** How long browsers keep a field's cookie, in seconds: a year. */
const COOKIE_LIFE = 365 * 24 * 3600;

/** The `set-cookie` header of a kept field; `null` removes it. Scripts of the page write it too, so it is not `HttpOnly`. */
export const setCookie = (key: string, text: string | null, secure: boolean): string =>
  `${key}=${text === null ? "" : encodeURIComponent(text)}; Path=/; Max-Age=${text === null ? 0 : COOKIE_LIFE}; SameSite=Lax${secure ? "; Secure" : ""}`;

/** What a request's cookies say of a store's kept fields: the declared names alone are read. `undefined`: no cookie keeps any of them. */
export function keptCookies(kept: readonly KeptField[], cookies: string | null): Kept | undefined {
  const fields = kept.filter(({ place }) => place === "cookie");
  if (fields.length === 0) return undefined;
  return [Object.fromEntries(fields.map(({ name, key }) => [name, cookieIn(cookies, key)]))];
}

function cookieIn(cookies: string | null, key: string): string | null {
  const found = (cookies ?? "").split(/; */).find((cookie) => cookie.startsWith(`${key}=`));
  const value = found?.slice(key.length + 1);
  try {
    return value === undefined ? null : decodeURIComponent(value);
  } catch {
    return value as string;
  }
}
