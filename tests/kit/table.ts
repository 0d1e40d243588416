import { state } from "../../lib/class/decorators.js";
import { compactSteps } from "../../lib/store/compact.js";
import { createStore, type Store } from "../../lib/store/store.js";
import { finish } from "../../lib/wire/steps.js";
import { type CommitRecord, fold } from "../../server/storage/records.js";
import type { LoadedHost } from "../../server/storage/storage.js";

export class Table {
  @state rows: { id: number; title: string; done: boolean; tags: string[]; meta: { a: number; b: string } }[] = [];
}

/** A store of so many rows, and its commits as the server makes them. */
export class TableWriter {
  readonly instance = new Table();
  readonly store: Store;
  revision = 0;

  constructor(
    readonly rows: number,
    readonly incarnation = "one",
  ) {
    this.store = createStore({ name: "table", instance: this.instance, keep: true });
  }

  first(): CommitRecord {
    const { rows } = this;
    this.instance.rows = Array.from({ length: rows }, (_, id) => ({
      id,
      title: `the title of row ${id}`,
      done: false,
      tags: ["red", "green", "blue"],
      meta: { a: id, b: "some text" },
    }));
    return this.#commit(true);
  }

  toggle(row: number): CommitRecord {
    const found = this.instance.rows[row];
    if (found) found.done = !found.done;
    return this.#commit(false);
  }

  title(row: number, title: string): CommitRecord {
    const found = this.instance.rows[row];
    if (found) found.title = title;
    return this.#commit(false);
  }

  #commit(whole: boolean): CommitRecord {
    this.store.commit();
    this.store.endTurn();
    const { incarnation, store } = this;
    const kept = whole ? undefined : store.takeStored();
    const table = kept ? { kept } : { version: 1, saved: store.save() };
    if (!kept) store.noteSaved();
    const revision = ++this.revision;
    return { incarnation, revision, sequence: revision, stores: { table } };
  }
}

/** What a loaded record holds, as text. */
export function contentOf({ record, tail }: LoadedHost): string {
  const { revision, stores } = fold(record, tail);
  const table = stores.get("table");
  return JSON.stringify([revision, table && finish(compactSteps(table.whole.saved, table.tail))[0]]);
}

/** What the record of a writer would hold. */
export const contentOfWriter = ({ revision, store }: TableWriter): string => JSON.stringify([revision, finish(compactSteps(store.save(), []))[0]]);
