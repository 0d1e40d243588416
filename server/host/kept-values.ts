import { createHash } from "node:crypto";
import { reset } from "../../lib/class/reset.js";
import { tooLargeToKeep, tooMuchToKeep } from "../../lib/errors/keep-errors.js";
import type { Store } from "../../lib/store/store.js";
import { toPlain } from "../../lib/view/view.js";
import { type Kept, MOST_IN_COOKIES } from "../../lib/wire/kept-text.js";
import { type KeptField, keptCookies, keptExcessOf, keptSizeOf, keptValue, textOf } from "../definition/kept-fields.js";
import { SERVER, type Turn } from "./context.js";
import type { Host } from "./host.js";
import type { ShelfEntry } from "./shelf.js";

/** How long a browser may take to keep a new value, in ms: an older one, which a page brings meanwhile, is not taken. */
const SLOWEST = 10_000;
/** How many pages a store remembers that have brought their values. */
const MOST_PAGES = 1000;

/** Puts into a store what a page has brought of its kept fields. */
export type Bring = (entry: ShelfEntry) => void;

/** How many bytes of a request a kept character may take, as JSON and UTF-8, and what else is in that. */
const WIDEST = 8;

/** The values that events have replaced of a field, by their hashes, and until when browsers may not know of it yet. */
type Replaced = Map<string | null | undefined, number>;

/** The kept fields of a host's stores: takes what browsers bring, and notes what events change. Hosts without such fields have none. */
export class KeptValues {
  readonly #host: Host;
  /** The pages that have brought their values, by store. */
  readonly #pages = new Map<string, Set<string>>();
  readonly #replaced = new Map<string, Replaced>();
  /** The last turn that has put in what a page has brought. */
  #bringing: Turn | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  /**
   * Takes what a client brings, unless it has brought its values before: it has been shown the store since, and the store knows better. It has its place in
   * the queue when this returns. It never rejects: whoever opens the store next gets the error.
   */
  async take(store: string, client: string, kept: Kept): Promise<void> {
    const { incarnation, loader, shelf, world } = this.#host;
    const pages = this.#pages.get(store) ?? new Set<string>();
    this.#pages.set(store, pages);
    if (kept[1] === incarnation || pages.has(client)) return;
    pages.add(client);
    if (pages.size > MOST_PAGES) pages.delete(pages.values().next().value as string);
    try {
      await loader.load(store, { caller: SERVER, bring: this.of(store, kept) });
    } catch (error) {
      pages.delete(client);
      if (shelf.live.has(store)) world.report("error", error);
    }
  }

  /** Checks what was brought: only the store's kept fields are looked at. `undefined`: the store has these values, so a page need not wait for its turn. */
  of(store: string, [texts]: Kept): (() => Promise<Bring>) | undefined {
    const { kept = [] } = this.#host.shelf.definition(store);
    const told = kept.filter(({ name }) => Object.hasOwn(texts, name));
    if (this.#has(store, told, texts)) return undefined;
    return async () => {
      const brought = await Promise.all(
        told.map(async (field) => {
          const text = texts[field.name] ?? null;
          return { field, text, valid: text === null ? undefined : await keptValue(field, text) };
        }),
      );
      return (entry) => {
        this.#bringing = this.#host.turn;
        for (const { field, text, valid } of brought) if (!this.#isOlder(field, text, entry.store)) assign(entry.store, field, valid);
      };
    };
  }

  /** Whether the committed state of a store has these values already. */
  #has(name: string, told: readonly KeptField[], texts: Kept[0]): boolean {
    const entry = this.#host.shelf.live.get(name);
    if (!entry || entry.loading) return false;
    const { store } = entry;
    const same = store.committed(() => told.every((field) => broughtText(field, texts[field.name] ?? null) === currentText(field, store)));
    if (same) for (const { key } of told) this.#replaced.delete(key);
    return same;
  }

  /** Whether a page has a value that an event has just replaced: its browser is about to keep the new one. */
  #isOlder(field: KeptField, text: string | null, store: Store): boolean {
    const replaced = this.#replaced.get(field.key);
    if (!replaced) return false;
    const brought = broughtText(field, text);
    if (brought !== currentText(field, store) && Date.now() < (replaced.get(hashOf(brought)) ?? 0)) return true;
    this.#replaced.delete(field.key);
    return false;
  }

  /** Notes that an event has replaced a value. */
  #replace({ key }: KeptField, before: string | null | undefined): void {
    const replaced: Replaced = this.#replaced.get(key) ?? new Map();
    this.#replaced.set(key, replaced);
    const now = Date.now();
    const hash = hashOf(before);
    replaced.delete(hash);
    // In the order of their times.
    for (const [old, until] of replaced) {
      if (until > now) break;
      replaced.delete(old);
    }
    replaced.set(hash, now + SLOWEST);
  }

  /** The cookies that events have set, and the browser that has sent `cookies` does not have yet. */
  unknownTo(cookies: string | null): [key: string, text: string | null][] {
    const found: [string, string | null][] = [];
    for (const { definition, store } of this.#host.shelf.live.values()) {
      const set = (definition.kept ?? []).filter(({ key, place }) => place === "cookie" && this.#replaced.has(key));
      const texts: Kept[0] = keptCookies(set, cookies)?.[0] ?? {};
      for (const field of set) {
        const text = store.committed(() => currentText(field, store));
        if (text !== undefined && text !== texts[field.name]) found.push([field.key, text]);
      }
    }
    return found;
  }

  /**
   * Looks at what a turn has changed of a store, before it is committed.
   * @throws StateError where a value is too large for its place, or is none that JSON has
   */
  check(turn: Turn, kept: readonly KeptField[], store: Store): void {
    for (const field of kept) {
      const text = currentText(field, store);
      const before = store.committed(() => currentText(field, store));
      if (text === before) continue;
      if (text === undefined) textOf(field, toPlain(Reflect.get(store.instance, field.name)));
      const excess = keptExcessOf(field, text);
      if (excess) throw tooLargeToKeep(field.label, field.place, ...excess);
      if (keptSizeOf(field, text) > keptSizeOf(field, before)) this.#checkAll(field);
      if (turn !== this.#bringing) this.#replace(field, before);
    }
  }

  /** Cookies are in the head of each request, and what storages keep is in the body of the first one of a page: both are bounded. */
  #checkAll({ label, place }: KeptField): void {
    const { live } = this.#host.shelf;
    const inCookies = place === "cookie";
    const most = inCookies ? MOST_IN_COOKIES : Math.floor(this.#host.world.limits.maxBody / WIDEST);
    let size = 0;
    for (const { definition, store } of live.values())
      for (const other of definition.kept ?? []) if ((other.place === "cookie") === inCookies) size += keptSizeOf(other, currentText(other, store));
    if (size > most) throw tooMuchToKeep(label, place, size, most);
  }
}

const hashOf = (text: string | null | undefined): string | null | undefined => text && createHash("sha256").update(text).digest("base64url");

/** What a browser has, as the store would have it kept. */
const broughtText = ({ initial }: KeptField, text: string | null): string | null => (text === initial ? null : text);

/** What browsers are to keep of a field now; `undefined`: its value cannot be kept, as it is stored from before the field had `keep`. */
function currentText(field: KeptField, { instance }: Store): string | null | undefined {
  try {
    return textOf(field, toPlain(Reflect.get(instance, field.name)));
  } catch {
    return undefined;
  }
}

/** Sets a field to what was brought. The default takes the place of what is missing, or refused. */
function assign(store: Store, field: KeptField, valid: { readonly value: unknown } | undefined): void {
  const { instance } = store;
  const now = currentText(field, store);
  try {
    const text = valid && textOf(field, valid.value);
    if (valid && text === now) return;
    if (valid && !keptExcessOf(field, text ?? null)) return void Reflect.set(instance, field.name, valid.value);
  } catch {
    // A schema may make what no store takes.
  }
  if (now !== null) reset(instance as Record<string, unknown>, field.name);
}
