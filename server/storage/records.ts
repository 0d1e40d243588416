import type { Saved, StorageDelta } from "../../lib/channel/channel.js";
import { compactSteps } from "../../lib/store/compact.js";
import type { Encoded } from "../../lib/wire/codec.js";
import { inSlices } from "../task/slices.js";
import { foldTasks, type KeptTasks, type TaskChanges } from "./task-records.js";

/** The stored state of one scope instance. Data only: it survives `structuredClone` and, apart from `undefined`, JSON. `S`: how a whole store stands in it. */
export interface HostRecord<S = StoreRecord> {
  /** Which life of the scope instance it is of. */
  readonly incarnation: string;
  readonly revision: number;
  /** The number of the last commit in it. */
  readonly sequence: number;
  /** The state of each store, by name. */
  readonly stores: Readonly<Record<string, S>>;
  /** The event numbers of each client, by client id. */
  readonly numbers: Readonly<Record<string, NumberRecord>>;
  /** Missing, where there are none. */
  readonly schedules?: KeptSchedules;
  /** Missing, where there are none. */
  readonly tasks?: KeptTasks;
}

/** The schedules of a scope instance. */
export interface KeptSchedules {
  /** The schedules by their ids. */
  readonly list: Readonly<Record<string, ScheduleRecord>>;
}

/** An event that is to run later. */
export interface ScheduleRecord {
  /** When it is due: ms since 1970. */
  readonly due: number;
  readonly store: string;
  readonly event: string;
  /** The arguments as they were given, as an encoded value; missing where there are none. */
  readonly args?: Encoded;
  /** The plan of one that runs again and again: each so many ms, or by this cron line. */
  readonly every?: number | string;
  /** The time zone of the cron line. */
  readonly timeZone?: string;
  /** When it was due at first, where it could not run then. */
  readonly planned?: number;
}

/** What a commit does to the schedules of its scope instance. */
export interface ScheduleChanges {
  /** The new ones by their ids; `null`: it is over. */
  readonly set: readonly (readonly [id: string, schedule: ScheduleRecord | null])[];
}

/** The whole state of one store. */
export interface StoreRecord {
  /** The `static version` of its class at that time. */
  readonly version: number;
  readonly saved: Saved;
}

/** One client's numbers: up to which its events have run, and the answers that it has not confirmed. */
export interface NumberRecord {
  /** The number that its next event has. */
  readonly next: number;
  /** The client has all answers up to this number. */
  readonly confirmed: number;
  /** When the client was last seen: ms since 1970. */
  readonly seen: number;
  readonly answers: readonly (readonly [n: number, answer: unknown])[];
  /** The events that have committed something, and have not ended. */
  readonly begun: readonly number[];
  /** What was called by those of `begun` whose store has an `onInterrupted`. */
  readonly calls?: readonly (readonly [n: number, call: BegunCall])[];
}

/** The call of an event, for the `onInterrupted` of its store. */
export interface BegunCall {
  readonly store: string;
  /** `answer`, or `Message.react` for an event of a model. */
  readonly event: string;
  /** `current().eventId` of the event. */
  readonly id: string;
  /** The arguments, as an encoded value; missing where they were too long to keep, or no data. */
  readonly args?: Encoded;
}

/** The changes that one event made to one scope instance at once. */
export interface CommitRecord<S = StoreRecord> {
  readonly incarnation: string;
  /** The revision of the commit before plus one; the same where no store has changed. */
  readonly revision: number;
  /** The number of the commit: that of the commit before plus one. */
  readonly sequence: number;
  /** The stores that have changed: what of them, or all of them. */
  readonly stores: Readonly<Record<string, S | StoreDelta>>;
  /** The numbered event whose commit it is. Without an answer it goes on. */
  readonly event?: EventRecord;
  /** The clients whose numbers are of no use any more: what they stood for will not be asked again. */
  readonly forget?: readonly string[];
  readonly schedules?: ScheduleChanges;
  readonly tasks?: TaskChanges;
  /** When something of the scope instance is due first after the commit: ms since 1970; `null`: nothing is. Missing where that has not changed. */
  readonly due?: number | null;
}

/** The changes of a commit to a store. */
export interface StoreDelta {
  readonly kept: StorageDelta;
}

/** An event that a client has called, as it is kept: its number, and its answer until the client has confirmed it. */
export interface EventRecord {
  readonly client: string;
  readonly n: number;
  /** The client has all answers up to this number. */
  readonly confirmed: number;
  /** When it was called: ms since 1970. */
  readonly at: number;
  readonly answer?: unknown;
  /** What was called: with the first commit of an event that goes on, where its store has an `onInterrupted`. */
  readonly call?: BegunCall;
}

/** A store as it was whole last, and what was committed of it since. */
export interface StoreState<S = StoreRecord> {
  readonly whole: S;
  readonly tail: readonly StorageDelta[];
  /** Only what a storage gives has it. */
  readonly history?: StoreHistory;
}

/** When a store was whole, and changed since. */
export interface StoreHistory {
  /** The revision up to which the whole tells. */
  readonly since: number;
  /** The revisions of the commits in the tail, and the numbered events that have ended with them. */
  readonly commits: readonly { readonly revision: number; readonly by: Pick<EventRecord, "client" | "n"> | undefined }[];
}

/** A record with the commits after it folded in. */
export interface HostState<S = StoreRecord> {
  readonly incarnation: string;
  readonly revision: number;
  readonly sequence: number;
  readonly stores: ReadonlyMap<string, StoreState<S>>;
  readonly numbers: Readonly<Record<string, NumberRecord>>;
  readonly schedules?: KeptSchedules;
  readonly tasks?: KeptTasks;
}

/** When something of a scope instance is due first: a schedule, or a task that goes on. `undefined`: nothing is. */
export function dueOf({ schedules, tasks }: Pick<HostRecord, "schedules" | "tasks">): number | undefined {
  let first: number | undefined;
  for (const { due } of [...Object.values(schedules?.list ?? {}), ...Object.values(tasks ?? {})])
    if (due !== undefined && (first === undefined || due < first)) first = due;
  return first;
}

/** The record with which a scope instance begins, whose first commit this is; `undefined` where it can be nobody's first. */
export function beginning({ incarnation, revision, sequence, stores }: CommitRecord): HostRecord<never> | undefined {
  if (Object.values(stores).some((store) => "kept" in store)) return undefined;
  return { incarnation, revision, sequence: sequence - 1, stores: {}, numbers: {} };
}

/** The place of a record or commit among the commits of its scope instance. */
export type Position = Pick<HostRecord, "incarnation" | "revision" | "sequence">;

/** Whether a commit may stand after a record or commit. */
export const follows = (commit: Position, last: Position): boolean =>
  commit.incarnation === last.incarnation &&
  commit.sequence === last.sequence + 1 &&
  (commit.revision === last.revision || commit.revision === last.revision + 1);

/** Whether commits follow one another. */
export const isChain = (commits: readonly Position[]): boolean => commits.every((commit, i) => i === 0 || follows(commit, commits[i - 1] as Position));

/** Folds the commits after a record into it. The stores' deltas stay a tail: who makes the stores replays them. */
export function fold<S extends object>(record: HostRecord<S>, tail: readonly CommitRecord<S>[]): HostState<S> {
  const stores = new Map<string, FoldedStore<S>>();
  const begin = (name: string, whole: S, since: number) => stores.set(name, { whole, tail: [], history: { since, commits: [] } });
  for (const [name, whole] of Object.entries(record.stores)) begin(name, whole, record.revision);
  const clients = new Map<string, Client>();
  for (const [id, client] of Object.entries(record.numbers)) {
    clients.set(id, { ...client, answers: new Map(client.answers), begun: new Set(client.begun), calls: new Map(client.calls) });
  }
  let { revision, sequence, schedules } = record;
  for (const commit of tail) {
    ({ revision, sequence } = commit);
    for (const [name, change] of Object.entries(commit.stores)) {
      if (!("kept" in change)) begin(name, change, revision);
      else {
        const store = stores.get(name);
        store?.tail.push(change.kept as StorageDelta);
        store?.history.commits.push({ revision, by: commit.event && "answer" in commit.event ? commit.event : undefined });
      }
    }
    if (commit.event) note(clients, commit.event);
    for (const id of commit.forget ?? []) clients.delete(id);
    if (commit.schedules) schedules = rescheduled(schedules, commit.schedules);
  }
  const numbers = Object.fromEntries(Array.from(clients, ([id, client]) => [id, recordOf(client)]));
  const tasks = foldTasks(record.tasks, tail);
  return { incarnation: record.incarnation, revision, sequence, stores, numbers, ...(schedules && { schedules }), ...(tasks && { tasks }) };
}

interface FoldedStore<S> extends StoreState<S> {
  readonly tail: StorageDelta[];
  readonly history: { readonly since: number; readonly commits: StoreHistory["commits"][number][] };
}

function rescheduled(kept: KeptSchedules | undefined, { set }: ScheduleChanges): KeptSchedules | undefined {
  const list = new Map(Object.entries(kept?.list ?? {}));
  for (const [id, schedule] of set) {
    if (schedule) list.set(id, schedule);
    else list.delete(id);
  }
  return list.size > 0 ? { list: Object.fromEntries(list) } : undefined;
}

interface Client {
  next: number;
  confirmed: number;
  seen: number;
  readonly answers: Map<number, unknown>;
  readonly begun: Set<number>;
  readonly calls: Map<number, BegunCall>;
}

/** The record of a client's numbers. Most have no `calls`, and say nothing of them. */
function recordOf({ answers, begun, calls, ...client }: Client): NumberRecord {
  return { ...client, answers: [...answers], begun: [...begun], ...(calls.size > 0 && { calls: [...calls] }) };
}

function note(clients: Map<string, Client>, { client: id, n, confirmed, at, call, ...rest }: EventRecord): void {
  const client = clients.get(id) ?? { next: 1, confirmed: 0, seen: 0, answers: new Map(), begun: new Set(), calls: new Map() };
  clients.set(id, client);
  client.next = Math.max(client.next, n + 1);
  client.seen = Math.max(client.seen, at);
  if ("answer" in rest) {
    client.answers.set(n, rest.answer);
    client.begun.delete(n);
    client.calls.delete(n);
  } else {
    client.begun.add(n);
    if (call) client.calls.set(n, call);
  }
  if (confirmed <= client.confirmed) return;
  client.confirmed = confirmed;
  for (const old of client.answers.keys()) if (old <= confirmed) client.answers.delete(old);
  for (const old of client.begun) if (old <= confirmed) client.begun.delete(old);
  for (const old of client.calls.keys()) if (old <= confirmed) client.calls.delete(old);
}

/** How long a client's numbers are kept after it was last seen, in ms. */
export const NUMBERS_LIFE = 24 * 3600 * 1000;
/** How many answers a client may leave unconfirmed. */
export const MOST_ANSWERS = 1000;

/** Drops the numbers of clients that have been away for long, and more answers than a live host keeps. What `onInterrupted` waits for stays. */
export function recent(numbers: HostRecord["numbers"], now: number): HostRecord["numbers"] {
  const kept = Object.entries(numbers).filter(([, { seen, calls }]) => seen > now - NUMBERS_LIFE || calls !== undefined);
  return Object.fromEntries(
    kept.map(([id, client]) => {
      const { answers, confirmed } = client;
      if (answers.length <= MOST_ANSWERS) return [id, client];
      const forgotten = Math.max(confirmed, ...answers.slice(0, -MOST_ANSWERS).map(([n]) => n));
      return [id, { ...client, confirmed: forgotten, answers: answers.filter(([n]) => n > forgotten) }];
    }),
  );
}

/**
 * Makes one record of a record and the commits after it, in slices of a few ms: for storages that keep commits.
 * @example await put(id, await compact(record, tail));
 */
export async function compact(record: HostRecord, tail: readonly CommitRecord[]): Promise<HostRecord> {
  const { stores, numbers, ...rest } = fold(record, tail);
  const wholes: { [store: string]: StoreRecord } = {};
  for (const [name, { whole, tail: kept }] of stores) {
    wholes[name] = kept.length > 0 ? { ...whole, saved: await inSlices(compactSteps(whole.saved, kept)) } : whole;
  }
  return { ...rest, stores: wholes, numbers: recent(numbers, Date.now()) };
}
