import { badRequest, badWire, tooManyValues } from "../../lib/errors/errors.js";
import type { SentForm } from "../../lib/event/form-arguments.js";
import { countOf, type Group } from "../../lib/wire/codec.js";
import type { Kept } from "../../lib/wire/kept-text.js";
import type { InstanceRef } from "../../lib/wire/protocol.js";
import { decodeValue } from "../../lib/wire/value-codec.js";
import type { Have } from "../stream/feed.js";

// The input of clients: each function reads a part of it, and throws an `INVALID` that says what was expected.

const MOST_WATCHES = 1000;
/** `{ store, key?, have? }`: PROTOCOL.md §2. */
export interface WatchInput {
  readonly store: string;
  readonly key?: string | undefined;
  readonly have?: Have | undefined;
  /** The client has been refused it already, and asks again by a new stream. */
  readonly refused?: boolean;
  /** What the client's browser keeps of the store. */
  readonly kept?: Kept | undefined;
}

export interface NumberedCall {
  readonly client: string;
  readonly n: number;
  readonly at: number | null;
  readonly seen: number;
  readonly i: string | undefined;
  /** The caller shows what it expects of the event, and wants to know which frame brings it. */
  readonly predicted: boolean;
  /** How many items of the event the client has, in a repeated call. */
  readonly y: number | undefined;
  /** The last letter that the client has. */
  readonly got: string | undefined;
  /** The audience whose numbers the client's containers have. */
  readonly audience: string | undefined;
  /** What the client's browser keeps of the store. */
  readonly kept: Kept | undefined;
  /** What the client says of the call's files. */
  readonly files: unknown;
}

export function numberOf(call: unknown): NumberedCall {
  const { client, epoch, n, at, seen, i, p, y, got, a, kept, f } = record(call, "`call: { client, epoch, n, at, seen }`");
  if (i !== undefined && typeof i !== "string") throw badRequest("Expected `call.i` to be an incarnation");
  whole(epoch, "call.epoch");
  const number = whole(n, "call.n");
  const confirmed = whole(seen ?? 0, "call.seen");
  if (number < 1 || confirmed >= number) throw badRequest("Expected `call.n` to be 1 or more, and more than `call.seen`");
  return {
    client: clientId(client),
    n: number,
    at: at === null || at === undefined ? null : whole(at, "call.at"),
    seen: confirmed,
    i,
    predicted: p === 1,
    y: y === undefined ? undefined : whole(y, "call.y"),
    got: letterId(got),
    audience: audienceOf(a, "call.a"),
    kept: keptOf(kept),
    files: f,
  };
}

/** The id of a letter, in a call or a `$connect`. */
export function letterId(got: unknown): string | undefined {
  if (got === undefined || got === null) return undefined;
  if (typeof got !== "string" || !/^[\w-]{1,64}\.\d{1,15}$/.test(got)) throw badRequest("Expected `got` to be the id of a letter");
  return got;
}

export function record(input: unknown, expected: string): Record<string, unknown> {
  if (typeof input !== "object" || input === null || Array.isArray(input)) throw badRequest(`Expected ${expected}`);
  return input as Record<string, unknown>;
}

export function whole(value: unknown, name: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw badRequest(`Expected \`${name}\` to be a whole number`);
  return value as number;
}

/** How many characters a client's id may have. */
export const LONGEST_ID = 129;

/** `<tab>`, or `<tab>.<page>`: each page of a tab is a client of its own. */
export function clientId(value: unknown): string {
  if (typeof value !== "string" || !/^[\w-]{16,64}(\.[\w-]{1,64})?$/.test(value))
    throw badRequest("Expected `client` to be a random id of 16 to 64 letters, digits, `-` and `_`, or two ids `<tab>.<page>`");
  return value;
}

/** The tab of a client. */
export const tabOf = (client: string): string => client.split(".", 1)[0] as string;

export function watchesOf(value: unknown): WatchInput[] {
  if (!Array.isArray(value) || value.length > MOST_WATCHES) throw badRequest(`Expected \`watch\` to be an array of at most ${MOST_WATCHES}`);
  return value.map((item) => {
    const { store, key, have, refused, kept } = record(item, "`{ store, key?, have? }`");
    if (typeof store !== "string") throw badRequest("Expected `store` to be a name");
    if (key !== undefined && key !== null && typeof key !== "string") throw badRequest("Expected `key` to be a string");
    return { store, key: key ?? undefined, have: haveOf(have), refused: refused === 1, kept: keptOf(kept) };
  });
}

/** What a browser keeps of a store's fields. Names and texts are anything: only those of declared fields are looked at, and checked then. */
function keptOf(value: unknown): Kept | undefined {
  if (value === undefined || value === null) return undefined;
  const [texts, from] = Array.isArray(value) ? (value as unknown[]) : [];
  const kept = record(texts, "`kept` to be `[{ field: text }]`");
  for (const text of Object.values(kept))
    if (text !== null && typeof text !== "string") throw badRequest("Expected the values in `kept` to be texts, or `null`");
  if (from !== undefined && from !== null && typeof from !== "string") throw badRequest("Expected `kept[1]` to be an incarnation");
  return [kept as Kept[0], from ?? undefined];
}

/** The input of `$present`. */
export function presentedOf(input: unknown) {
  const { client, epoch, store, key, field, n, value } = record(input, "`{ client, epoch, store, key?, field, n, value? }`");
  if (typeof store !== "string" || typeof field !== "string") throw badRequest("Expected `store` and `field` to be names");
  if (key !== undefined && key !== null && typeof key !== "string") throw badRequest("Expected `key` to be a string");
  return { client: clientId(client), epoch: whole(epoch, "epoch"), store, key: key ?? null, field, n: whole(n, "n"), value };
}

function haveOf(value: unknown): Have | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || typeof value[0] !== "string") throw badRequest("Expected `have` to be `[incarnation, revision]`");
  return [value[0], whole(value[1], "have[1]"), audienceOf(value[2], "have[2]")];
}

/** The name of an audience that sees hidden members. */
function audienceOf(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw badRequest(`Expected \`${name}\` to be the name of an audience`);
  return value;
}

/** The instance that a call of a model's event names. */
export function instanceRefOf(on: unknown): InstanceRef {
  if (!Array.isArray(on) || on.length < 3 || on.length > 4 || typeof on[0] !== "string")
    throw badRequest("Expected `on` to be `[incarnation, revision, number]`");
  return [on[0], whole(on[1], "on[1]"), whole(on[2], "on[2]"), audienceOf(on[3], "on[3]")];
}

/** A form, where arguments are one. */
export function formOf(args: unknown): SentForm | undefined {
  const { fields, bound = [] } = (args ?? {}) as { fields?: unknown; bound?: unknown };
  if (Array.isArray(args) || !Array.isArray(fields)) return undefined;
  if (!Array.isArray(bound)) throw badRequest("Expected `bound` to be a list");
  for (const field of fields) {
    const [name, value] = Array.isArray(field) ? field : [];
    if (typeof name !== "string") throw badRequest("Expected `fields` to be pairs of a name and a value");
    // An input without a file has `null`.
    if (typeof value !== "string" && value !== null && !(value instanceof Blob)) throw badRequest(`Expected \`${name}\` in \`fields\` to be text or a file`);
  }
  return { fields, bound };
}

/**
 * The arguments of a call, from an encoded value. How many containers they have is bounded before they are made. `files`: the call's files, which the value
 * names by number.
 */
export function decodeArguments(sent: unknown, most: number, files: readonly File[] = []): unknown {
  let containers = 0;
  for (const group of Array.isArray(sent) && Array.isArray(sent[1]) ? (sent[1] as unknown[]) : []) {
    if (Array.isArray(group)) containers += countOf(group as Group);
    if (!(containers <= most)) throw tooManyValues(most);
  }
  try {
    return decodeValue(sent, (k) => {
      if (k >= files.length) throw badWire("the number of a file in `call.f`", k);
      return files[k];
    });
  } catch (error) {
    throw badRequest((error as Error).message);
  }
}
