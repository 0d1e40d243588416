import { type FieldSchema, type PresenceSchema, presenceFields } from "../../lib/class/schema.js";
import { badPresenceOf, presenceOfThrew } from "../../lib/errors/presence-errors.js";
import type { ArgumentLimits } from "../definition/arguments.js";
import { checkShown, isPlainObject } from "../definition/shown.js";
import { silence } from "../wire/plain-values.js";
import type { Host } from "./host.js";
import type { Tab } from "./tab-hooks.js";

/** A message of a page: what it shows of its tab in a presence field from now on. */
export interface Presented {
  readonly store: string;
  readonly field: string;
  /** Grows with each message of a page: late ones change nothing. */
  readonly n: number;
  /** An encoded value; `undefined`: nothing any more. */
  readonly value: unknown;
}

/** What a page shows of its tab. */
interface Shown {
  readonly n: number;
  readonly value: object | undefined;
}

/** A tab that is here. */
interface Person {
  /** What the server says of it, by field. It is not listed in a field without an entry. */
  readonly said: Map<string, object>;
  /** What its pages show of it, by field and client. The last one counts: for a while there are two, when a page is loaded again. */
  readonly shown: Map<string, Map<string | undefined, Shown>>;
}

/** Who is here: keeps the presence fields of a host's stores. Nothing of them is stored, as tabs come again after a restart. */
export class People {
  readonly #host: Host;
  readonly #stores = new Map<string, Map<string, Person>>();
  /** What was reported already: `of` would fail alike for each tab. */
  readonly #reported = new Set<string>();

  constructor(host: Host) {
    this.#host = host;
  }

  /** A tab has come or is back, maybe with another context; or one of several pages of it has gone. */
  see(store: string, tab: Tab, pages: ReadonlySet<Tab>): void {
    const people = this.#stores.get(store) ?? new Map<string, Person>();
    this.#stores.set(store, people);
    const { id } = tab.info;
    const person = people.get(id) ?? { said: new Map(), shown: new Map() };
    people.set(id, person);
    // What a page has shown goes with it.
    const clients = new Set(Array.from(pages, ({ client }) => client));
    for (const shown of person.shown.values()) for (const client of shown.keys()) if (!clients.has(client)) shown.delete(client);
    for (const field of this.#fieldsOf(store)) {
      const said = this.#said(store, field, tab);
      if (said) person.said.set(field.name, said);
      else person.said.delete(field.name);
    }
    this.#list(store, id, person);
  }

  /** A tab has gone. */
  lose(store: string, { info }: Tab): void {
    if (this.#stores.get(store)?.delete(info.id)) this.#list(store, info.id, undefined);
  }

  /** A store has another instance, whose lists are empty. */
  renew(store: string): void {
    for (const [id, person] of this.#stores.get(store) ?? []) this.#list(store, id, person);
  }

  /**
   * A page shows something else of its tab.
   * @throws EventError `NOT_FOUND` where the field takes nothing, `INVALID`
   */
  async present(page: Tab & { readonly closed: boolean }, { store, field, n, value }: Presented, limits: ArgumentLimits): Promise<void> {
    const { client, info } = page;
    const person = () => (page.closed ? undefined : this.#stores.get(store)?.get(info.id));
    const isLate = (of: Person | undefined) => (of?.shown.get(field)?.get(client)?.n ?? -1) >= n;
    if (isLate(person())) return;
    const schema = this.#host.shelf.live.get(store)?.definition.schema.fields.get(field)?.presence;
    const checked = value === undefined ? undefined : await checkShown(store, field, schema, value, limits);
    const here = person();
    if (!here || isLate(here)) return;
    const shown = here.shown.get(field) ?? new Map<string | undefined, Shown>();
    here.shown.set(field, shown);
    const before = shown.get(client);
    shown.set(client, { n, value: checked });
    try {
      this.#show(store, field, info.id, here);
    } catch (error) {
      // The schema has made what is no state.
      shown.set(client, { n, value: before?.value });
      throw error;
    }
  }

  #fieldsOf(store: string): FieldSchema[] {
    const entry = this.#host.shelf.live.get(store);
    return entry ? presenceFields(entry.definition.schema) : [];
  }

  /** What the server says of a tab; `undefined` where it is not listed. */
  #said(store: string, { name, presence }: FieldSchema, { caller }: Tab): object | undefined {
    const { of } = presence as PresenceSchema;
    if (!of) return {};
    const label = `${store}.${name}`;
    let said: unknown;
    try {
      said = of(caller.context as never);
    } catch (error) {
      this.#report(label, presenceOfThrew(label, error));
      return undefined;
    }
    if (said === null || said === undefined) return undefined;
    if (isPlainObject(said) && !("id" in said)) return said;
    silence(said);
    const why = isPlainObject(said) ? "gives an `id`, which each person has already: name it otherwise" : "gives no plain object, as `{ name: user.name }`";
    this.#report(label, badPresenceOf(label, said instanceof Promise ? "returns a promise: let `context` await what it needs" : why));
    return undefined;
  }

  #report(label: string, error: Error): void {
    if (this.#reported.has(label)) return;
    this.#reported.add(label);
    this.#host.world.report("error", error);
  }

  #list(store: string, id: string, person: Person | undefined): void {
    for (const { name } of this.#fieldsOf(store)) {
      try {
        this.#show(store, name, id, person);
      } catch (error) {
        // `of` has given what is no state, so the tab is not listed.
        this.#report(`${store}.${name}`, error as Error);
        if (person?.said.delete(name)) this.#show(store, name, id, undefined);
      }
    }
  }

  /** What the server says counts, whatever the tab shows. */
  #show(store: string, field: string, id: string, person: Person | undefined): void {
    const entry = this.#host.shelf.live.get(store);
    if (!entry || this.#host.turns.broken) return;
    const said = person?.said.get(field);
    const shown = [...(person?.shown.get(field)?.values() ?? [])].at(-1)?.value;
    entry.store.show(field, id, said && Object.assign({ id }, said, shown, said, { id }));
    this.#host.ticks.due();
  }
}
