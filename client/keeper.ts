import type { WireClass, WireSchema } from "../lib/class/schema.js";
import { keptNotWritten, keptRefused } from "../lib/errors/keep-errors.js";
import { own } from "../lib/graph/node.js";
import { type KeepPlace, type Kept, keptName, keptText, LONGEST_KEPT } from "../lib/wire/kept-text.js";
import { engine } from "./lazy-prediction.js";
import type { ClientOptions } from "./options.js";
import type { LiveTwin } from "./twin.js";

/** How long browsers keep a field's cookie, in seconds: a year. */
const COOKIE_LIFE = 365 * 24 * 3600;

/** One of the browser's storages. Each function may throw, as browsers may forbid it. */
interface Place {
  get(name: string): string | null;
  set(name: string, text: string | null): void;
}

/** What this page has to do with a store's kept fields. */
interface KeptTwin {
  /** What the page has last said that the browser has. */
  said: Kept[0];
  /** The incarnation in which the server has taken that. */
  from: string | undefined;
  /** The values of the fields that were last compared with what the browser has. */
  readonly seen: Map<string, unknown>;
}

interface KeeperWorld {
  readonly options: Pick<ClientOptions, "keptIn" | "tabStorage">;
  readonly server: { readonly schema: WireSchema | undefined };
  readonly twins: ReadonlyMap<string, LiveTwin>;
}

/** Keeps fields of stores in the browser (PROTOCOL.md §2): says what the browser has, and writes what the server's state shows. */
export class Keeper {
  readonly #world: KeeperWorld;
  readonly #twins = new WeakMap<LiveTwin, KeptTwin>();

  constructor(world: KeeperWorld) {
    this.#world = world;
  }

  /** What the browser has of a twin's kept fields. */
  kept(twin: LiveTwin): Kept {
    const known = this.#twins.get(twin) ?? { said: {}, from: undefined, seen: new Map() };
    this.#twins.set(twin, known);
    const said: Record<string, string | null> = {};
    for (const [field, [place]] of this.#fieldsOf(twin)) {
      const text = this.#read(place, keptName(twin.store, field));
      // One that is too long is refused, and need not be sent whole for that: the request would be too large.
      if (text !== undefined) said[field] = text === null ? null : text.slice(0, LONGEST_KEPT + 1);
    }
    // What has been taken already is not taken again.
    if (known.from === undefined) known.said = said;
    return known.from === undefined ? [said] : [said, known.from];
  }

  /** Writes what has changed. Predictions are no state yet, and before the server has taken what the browser has, the state does not count. */
  keep(): void {
    for (const twin of this.#world.twins.values()) {
      const known = this.#twins.get(twin);
      if (!known) continue;
      if (twin.synced && twin.at) known.from = twin.at[0];
      if (known.from === undefined || twin.state !== "ready" || engine.isOpen(twin)) continue;
      const view = twin.mirror.view() as Readonly<Record<string, unknown>>;
      for (const [field, [place, initial]] of this.#fieldsOf(twin)) {
        const value = view[field];
        if (known.seen.has(field) && Object.is(known.seen.get(field), value)) continue;
        if (process.env.NODE_ENV !== "production" && !known.seen.has(field)) this.#warn(twin, known, field, place, initial, keptText(value));
        known.seen.set(field, value);
        this.#write(twin, field, place, keptText(value), initial);
      }
    }
  }

  #fieldsOf({ store }: LiveTwin) {
    const { kept = {} } = own(this.#world.server.schema?.stores ?? {}, store) as WireClass;
    return Object.entries(kept);
  }

  /** What the browser has; `undefined` where it does not say. */
  #read(place: KeepPlace, name: string): string | null | undefined {
    try {
      return this.#place(place).get(name);
    } catch {
      return undefined;
    }
  }

  /** The default is not kept. */
  #write({ store }: LiveTwin, field: string, place: KeepPlace, text: string | null, initial: string | null): void {
    const name = keptName(store, field);
    const next = text === initial ? null : text;
    const now = this.#read(place, name);
    if (now === undefined || next === now) return;
    try {
      this.#place(place).set(name, next);
    } catch (error) {
      if (process.env.NODE_ENV !== "production") console.warn(keptNotWritten(`${store}.${field}`, place, error));
    }
  }

  /** The server has the default, though the browser had another value. */
  #warn({ store }: LiveTwin, { said }: KeptTwin, field: string, place: KeepPlace, initial: string | null, text: string | null): void {
    const had = said[field] ?? initial;
    if (text === initial && had !== initial) console.warn(keptRefused(`${store}.${field}`, place, keptName(store, field)));
  }

  #place(place: KeepPlace): Place {
    const { keptIn, tabStorage } = this.#world.options;
    const given = keptIn?.[place] ?? (place === "sessionStorage" ? tabStorage : undefined);
    if (given) return inRecord(given);
    return place === "cookie" ? cookies : inRecord(globalThis[place] as unknown as Record<string, string>);
  }
}

const inRecord = (record: Record<string, string>): Place => ({
  get: (name) => (own(record, name) as string | undefined) ?? null,
  set(name, text) {
    if (text === null) delete record[name];
    else record[name] = text;
  },
});

const cookies: Place = {
  get(name) {
    const found = document.cookie.split(/; */).find((cookie) => cookie.startsWith(`${name}=`));
    return found === undefined ? null : decoded(found.slice(name.length + 1));
  },
  set(name, text) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is asynchronous, and missing in some browsers
    document.cookie = `${name}=${encodeURIComponent(text ?? "")}; Path=/; Max-Age=${text === null ? 0 : COOKIE_LIFE}; SameSite=Lax${secure}`;
  },
};

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
