import assert from "node:assert/strict";
import { state } from "../lib/class/decorators.js";
import { compactSteps } from "../lib/store/compact.js";
import { createStore, type Store } from "../lib/store/store.js";
import { finish } from "../lib/wire/steps.js";
import { type CommitRecord, fold, type HostRecord, type ScheduleRecord } from "../server/storage/records.js";
import type { LoadedHost, Storage } from "../server/storage/storage.js";

class List {
  @state items: { id: number; title: string; at: Date | undefined; tags: Set<string> }[] = [];
  @state({ private: true }) protected secret = new Map<string, unknown>([["key", 1n]]);

  change(n: number): void {
    const item = this.items[n % (this.items.length || 1)];
    if (n % 5 === 4 && this.items.length > 3) this.items.splice(n % this.items.length, 1);
    else if (n % 3 === 1 && item) {
      item.title = `changed ${n}`;
      item.tags.add(String(n % 7));
    } else this.items.push({ id: n, title: `title ${n}`, at: n % 2 ? new Date(n) : undefined, tags: new Set(["a"]) });
    this.secret.set(String(n % 4), { n: -0 });
  }

  fill(count: number): void {
    this.items = Array.from({ length: count }, (_, id) => ({ id, title: `title ${id}`, at: undefined, tags: new Set(["a"]) }));
  }
}

/** Makes commits of one scope instance, as the server does. */
export class RecordWriter {
  revision = 0;
  sequence = 0;
  readonly #list = new List();
  readonly #store: Store;
  #saved = false;

  constructor(
    readonly incarnation: string,
    rows = 0,
  ) {
    this.#store = createStore({ name: "list", instance: this.#list, keep: true });
    if (rows > 0) this.#list.fill(rows);
  }

  commit(whole = false): CommitRecord {
    this.#list.change(this.revision++);
    this.#store.commit();
    const { incarnation, revision } = this;
    const sequence = ++this.sequence;
    const kept = this.#saved && !whole && this.#store.takeStored();
    const change = kept ? { kept } : { version: 1, saved: this.#store.save() };
    if (!kept) this.#store.noteSaved();
    this.#saved = true;
    return plain({ incarnation, revision, sequence, stores: { list: change } });
  }

  commits(count: number): CommitRecord[] {
    return Array.from({ length: count }, () => this.commit());
  }

  record(): HostRecord {
    this.#saved = true;
    const { incarnation, revision, sequence } = this;
    return plain({ incarnation, revision, sequence, stores: { list: { version: 1, saved: this.#store.save() } }, numbers: {} });
  }

  state(): State {
    return stateOf({ record: this.record(), tail: [] });
  }
}

export const writtenRecord = (writer: RecordWriter) => writer.record();

/** The value that a storage which writes JSON returns. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** A schedule. */
export const laterSchedule: ScheduleRecord = { due: 5000, store: "list", event: "change", args: [["u"]], every: "0 9 * * *", timeZone: "Europe/Berlin" };
/** The next commit of a writer, which makes a schedule. */
export const dueAt = (writer: RecordWriter, due: number): CommitRecord => ({ ...writer.commit(), due, schedules: { set: [["a", { ...laterSchedule, due }]] } });

interface State {
  readonly incarnation: string;
  readonly revision: number;
  readonly sequence: number;
  readonly list: string;
}

export const foldOf = ({ record, tail }: LoadedHost) => fold(record, tail);

export function stateOf(found: LoadedHost): State {
  const { incarnation, revision, sequence, stores } = foldOf(found);
  const list = stores.get("list");
  // With a tail, the numbers that clients know are lost.
  const [snapshot, , next] = list ? finish(compactSteps(list.whole.saved, list.tail)) : [];
  return { incarnation, revision, sequence, list: JSON.stringify([snapshot, next]) };
}

export async function loaded(storage: Storage, id: string): Promise<LoadedHost> {
  const found = await storage.load(id);
  assert.ok(found, `\`${id}\` is not there`);
  return found;
}

export const stateIn = async (storage: Storage, id: string) => stateOf(await loaded(storage, id));

export async function all(storage: Storage, prefix: string): Promise<Record<string, string[]>> {
  const found: [string, string[]][] = [];
  for await (const { id, stores } of storage.list(prefix)) found.push([id, [...stores]]);
  return Object.fromEntries(found);
}

export async function rejects(run: () => void | Promise<void>, what: string): Promise<void> {
  await assert.rejects(async () => run(), `it took ${what}`);
}

export function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const item of Object.values(value)) frozen(item);
  return Object.freeze(value);
}

export async function withStorage(open: () => Storage | Promise<Storage>, run: (storage: Storage) => Promise<void>): Promise<void> {
  const storage = await open();
  try {
    await run(storage);
  } finally {
    await storage.close?.();
  }
}
