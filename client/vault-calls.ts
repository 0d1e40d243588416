import type { WireClass, WireSchema } from "../lib/class/schema.js";
import type { EventError } from "../lib/errors/errors.js";
import { unsureCall, vaultFailed } from "../lib/errors/offline-errors.js";
import { randomId } from "../lib/event/random-id.js";
import { atomically } from "../lib/graph/batch.js";
import { InstanceNode } from "../lib/graph/instance.js";
import { own } from "../lib/graph/node.js";
import { ClientCall } from "./client-call.js";
import type { ServerConnection } from "./connection.js";
import type { Numbered, Outbox, OutboxEntry } from "./outbox.js";
import { entryOf } from "./outbox-entry.js";
import type { Scope } from "./scope.js";
import type { ServerFacts } from "./server-facts.js";
import type { Status } from "./status.js";
import { addressOf, type LiveTwin } from "./twin.js";
import type { StoredCall, VaultDatabase } from "./vault-database.js";

/** How long after it was perhaps sent a call is repeated, in ms: servers forget numbers after 24 hours. */
const NUMBERS_LIFE = 23 * 3600 * 1000;
/** How long a stream waits for repeated calls, in ms, and how often it looks. */
const STREAM_WAIT = 3000;
const LOOK = 20;

export interface CallsWorld {
  readonly server: ServerFacts;
  readonly connection: Pick<ServerConnection, "id">;
  readonly outbox: Outbox;
  readonly status: Pick<Status, "subscribe">;
  twinAt(store: string, key: string | null): LiveTwin;
  scopeOf(twin: LiveTwin): Scope | undefined;
  unheard(error: EventError): void;
}

/** What the database has of a call, or may have. */
interface Mark {
  readonly id: string;
  written: StoredCall | undefined;
  /** What is being written. */
  writing: StoredCall | undefined;
}

/** The calls of an outbox that have no answer, as records in the database; and those that pages have left which are gone. */
export class VaultCalls {
  readonly #world: CallsWorld;
  readonly #db: VaultDatabase;
  readonly #locks: LockManager;
  readonly #name: string;
  readonly #isAway: () => boolean;
  /** Names this page, by a lock that it has as long as there are records of it. */
  readonly #page = randomId();
  readonly #marks = new Map<OutboxEntry, Mark>();
  /** The calls of earlier pages that the server may know. */
  readonly #repeated = new Set<OutboxEntry>();
  #owner = "";
  #made = 0;
  #locked: Promise<void> | undefined;
  #unlock = () => {};
  #writing: Promise<void> | undefined;
  #wanted = false;
  /** How often calls of other pages are being taken over. */
  #taking = 0;
  #off = false;
  #closed = false;
  readonly #stop: () => void;

  constructor(world: CallsWorld, db: VaultDatabase, locks: LockManager, name: string, isAway: () => boolean) {
    this.#world = world;
    this.#db = db;
    this.#locks = locks;
    this.#name = name;
    this.#isAway = isAway;
    this.#stop = world.status.subscribe(() => this.sync());
  }

  /** The address at which the state of a twin is kept: tabs have stores of their own. */
  addressOf(twin: LiveTwin, schema: WireSchema): string {
    const tab = this.#tabOf(twin, schema);
    return tab === undefined ? addressOf(twin) : `${tab} ${addressOf(twin)}`;
  }

  #tabOf({ store }: LiveTwin, schema: WireSchema | undefined): string | undefined {
    const { scope } = (own(schema?.stores ?? {}, store) ?? {}) as Partial<WireClass & { scope: string }>;
    return scope?.endsWith("tab") ? this.#world.connection.id.slice(0, 22) : undefined;
  }

  /** Nothing of this page is in the database any more. */
  forget(): void {
    this.#marks.clear();
  }

  // --- what is written ---

  /** Whether a call must not be sent yet: the database says otherwise of it, or calls are before it that earlier pages have sent. */
  holds(entry: OutboxEntry): boolean {
    const { written, writing } = this.#marks.get(entry) ?? {};
    if ([written, writing].some((record) => record && !tells(record, entry.numbered))) {
      this.sync();
      return true;
    }
    if (this.#repeated.has(entry)) return false;
    for (const other of this.#repeated) {
      if (!this.#world.outbox.entries.has(other)) this.#repeated.delete(other);
      else if (!other.answer && !isBackground(other) && other.numbered?.scope === entry.numbered?.scope) return true;
    }
    return false;
  }

  /** Makes the records what the outbox is. */
  sync(): void {
    if (this.#off) return;
    this.#wanted = true;
    this.#writing ??= Promise.resolve().then(() => this.#writeAll());
  }

  async #writeAll(): Promise<void> {
    while (this.#wanted && !this.#off && this.#owner) {
      this.#wanted = false;
      try {
        await this.#write();
      } catch (error) {
        await this.#giveUp(error);
      }
    }
    this.#writing = undefined;
    this.#rest();
    this.#world.outbox.sender?.flush();
  }

  async #write(): Promise<void> {
    const { entries } = this.#world.outbox;
    const gone = [...this.#marks].filter(([entry]) => !entries.has(entry));
    const changed = [...entries].flatMap((entry) => this.#changed(entry) ?? []);
    if (gone.length + changed.length === 0) return;
    for (const { mark, record } of changed) mark.writing = record;
    await this.#lock();
    const own = await this.#db.runAs(this.#owner, (store) => {
      for (const { record } of changed) store("calls").put(record);
      for (const [, { id }] of gone) store("calls").delete(id);
    });
    for (const [entry] of gone) this.#marks.delete(entry);
    for (const { mark, record } of changed) Object.assign(mark, { written: own ? record : undefined, writing: undefined });
  }

  /** The record of a call, where it is another one than before. A file has no place in it. */
  #changed(entry: OutboxEntry): { readonly mark: Mark; readonly record: StoredCall } | undefined {
    if (entry.files) return undefined;
    let mark = this.#marks.get(entry);
    if (!mark) {
      mark = { id: `${stamp(Date.now())} ${this.#page} ${stamp(this.#made++)}`, written: undefined, writing: undefined };
      this.#marks.set(entry, mark);
    }
    const record = this.#recordOf(entry, mark);
    return JSON.stringify(record) === JSON.stringify(mark.written) ? undefined : { mark, record };
  }

  #recordOf(entry: OutboxEntry, { id, written }: Mark): StoredCall {
    const { twin, event, args, on, maker, numbered } = entry;
    const tab = this.#tabOf(twin, this.#world.server.schema);
    const maybe = numbered && (entry.sent > 0 || !this.#isAway());
    const now = maybe ? { since: Date.now(), as: [numbered.client, numbered.i, numbered.n] as const } : undefined;
    const sent = written && tells(written, numbered) ? written.sent : now;
    const makerId = maker && this.#marks.get(maker.entry)?.id;
    const made = !on && maker && makerId !== undefined ? ([makerId, maker.index, maker.count] as const) : undefined;
    return { id, owner: this.#owner, page: this.#page, tab, store: twin.store, key: twin.key, event, args, on, maker: made, sent };
  }

  async #giveUp(error: unknown): Promise<void> {
    this.#off = true;
    if (process.env.NODE_ENV !== "production" && !this.#closed) console.warn(vaultFailed(error));
    const ids = [...this.#marks.values()].map(({ id }) => id);
    try {
      // Nobody else must send what this page goes on to send. What stays there as a call that was never sent waits for the next page.
      await this.#db.runAs(this.#owner, (store) => ids.forEach((id) => void store("calls").delete(id)));
      this.#marks.clear();
    } catch {}
  }

  // --- whose it is ---

  #lockOf(page: string): string {
    return `${this.#name} page ${page}`;
  }

  /** Takes the lock that says that this page lives. */
  #lock(): Promise<void> {
    this.#locked ??= new Promise((resolve, reject) => {
      this.#locks
        .request(this.#lockOf(this.#page), () => {
          resolve();
          return new Promise<void>((unlock) => {
            this.#unlock = unlock;
          });
        })
        .catch(reject);
    });
    return this.#locked;
  }

  /** Gives the lock back where there are no records: browsers keep no page with a lock for the way back. */
  #rest(): void {
    if (this.#marks.size > 0 || this.#writing || this.#taking > 0) return;
    this.#unlock();
    this.#locked = undefined;
  }

  /** Takes the calls over that pages have left which are gone. `show`: there is no stream, so those can be shown that the server may know. */
  async takeOver(owner: string, show = false): Promise<void> {
    this.#owner = owner;
    if (this.#off) return;
    this.#taking++;
    try {
      await this.#lock();
      const taken = await this.#locks.request(`${this.#name} calls`, async () => {
        const { held = [] } = await this.#locks.query();
        return this.#take(owner, new Set(held.map(({ name }) => name)));
      });
      this.#enter(taken, show);
    } finally {
      this.#taking--;
      this.#rest();
    }
  }

  #take(owner: string, living: ReadonlySet<string | undefined>): Promise<StoredCall[]> {
    const tab = this.#world.connection.id.slice(0, 22);
    const taken: StoredCall[] = [];
    return this.#db.run("readwrite", (store, done) => {
      const calls = store("calls");
      const request: IDBRequest<StoredCall[]> = calls.getAll();
      done(taken);
      request.onsuccess = () => {
        for (const record of request.result) {
          if (record.owner !== owner || living.has(this.#lockOf(record.page))) continue;
          // The stores of a tab that is gone are nobody's.
          const lost = record.tab !== undefined && record.tab !== tab;
          const late = record.sent && record.sent.since < Date.now() - NUMBERS_LIFE;
          if (late) this.#world.unheard(unsureCall(`${record.store}.${record.event}`));
          if (lost || late) calls.delete(record.id);
          else {
            taken.push({ ...record, page: this.#page });
            calls.put(taken.at(-1));
          }
        }
      };
    });
  }

  /** Puts calls of earlier pages into the outbox, before those of this one. */
  #enter(records: readonly StoredCall[], show: boolean): void {
    const { outbox } = this.#world;
    const before = [...outbox.entries];
    const byId = new Map<string, OutboxEntry>();
    atomically(() => {
      for (const record of records) {
        const entry = this.#entryOf(record, byId);
        byId.set(record.id, entry);
        this.#marks.set(entry, { id: record.id, written: record, writing: undefined });
        if (record.sent) this.#repeated.add(entry);
        outbox.add(entry, show || !record.sent);
      }
    });
    for (const entry of before) {
      if (!outbox.entries.delete(entry)) continue;
      outbox.entries.add(entry);
    }
    if (records.length > 0) outbox.sender?.flush();
  }

  #entryOf(record: StoredCall, byId: ReadonlyMap<string, OutboxEntry>): OutboxEntry {
    const { outbox, scopeOf, twinAt, unheard } = this.#world;
    const { event, on, sent } = record;
    const twin = twinAt(record.store, record.key);
    const maker = record.maker && { entry: byId.get(record.maker[0]), index: record.maker[1], count: record.maker[2] };
    const target = targetOf(twin, event, on?.[2], maker?.entry?.prediction?.instances()[maker.index]);
    const open = ClientCall.open(() => outbox.sender?.cancel(entry), unheard);
    const entry: OutboxEntry = entryOf(twin, event, target, record.args, undefined, open, undefined);
    entry.on = on;
    if (maker?.entry) entry.maker = maker as OutboxEntry["maker"];
    const scope = sent && scopeOf(twin);
    if (scope) {
      const [client, i, n] = sent.as;
      entry.numbered = { client, scope, i, n, fresh: false };
      entry.sent = 1;
    }
    return entry;
  }

  /** Resolves when the server has answered the calls that it may know of earlier pages, or takes long for it. From then on those are shown by answers alone. */
  async repeated(): Promise<void> {
    const { entries } = this.#world.outbox;
    const open = () => [...this.#repeated].filter((entry) => entries.has(entry));
    for (let waited = 0; waited < STREAM_WAIT && open().some(({ answer }) => !answer); waited += LOOK)
      await new Promise((resolve) => void setTimeout(resolve, LOOK));
    for (const entry of open()) {
      if (entry.answer) entry.prediction?.end(entry.answer.m);
      else entry.prediction?.drop();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stop();
    this.sync();
    await this.#writing;
    this.#off = true;
    this.#marks.clear();
    this.#rest();
  }
}

/** Whether a record says of a call that it may have been sent under this number. */
const tells = ({ sent }: StoredCall, numbered: Numbered | undefined): boolean =>
  sent !== undefined && numbered !== undefined && sent.as[0] === numbered.client && sent.as[1] === numbered.i && sent.as[2] === numbered.n;

const isBackground = ({ twin, event }: OutboxEntry) => twin.declared(event)?.background === true;

/** A number that sorts as text. */
const stamp = (number: number) => number.toString(36).padStart(9, "0");

/** The instance that a call is for, as this page has it; without it, one that is nowhere: the call is not shown then. */
function targetOf(twin: LiveTwin, event: string, number: number | undefined, made: InstanceNode | undefined): InstanceNode {
  const { graph } = twin.mirror;
  const [, className = ""] = event.split(".").reverse();
  if (!className) return graph.root;
  let found: unknown = made;
  if (number !== undefined) {
    twin.mirror.apply("a number", number, (decoder) => {
      found = decoder.table.flat().find(({ id }) => id === number);
    });
  }
  return found instanceof InstanceNode && found.className === className ? found : new InstanceNode(graph, {}, className);
}
