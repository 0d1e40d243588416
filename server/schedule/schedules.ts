import type { EventSchema } from "../../lib/class/schema.js";
import { cancelled } from "../../lib/errors/errors.js";
import {
  badDate,
  badDelay,
  badScheduledArguments,
  badScheduleId,
  eventGone,
  instanceScheduled,
  largeSchedule,
  manySchedules,
  notScheduled,
  scheduleKept,
  scheduleNow,
  severalEvents,
} from "../../lib/errors/schedule-errors.js";
import type { ScheduleRequest } from "../../lib/event/schedule.js";
import type { Encoded } from "../../lib/wire/codec.js";
import { decodeValue, encodeValue } from "../../lib/wire/value-codec.js";
import { checkArguments } from "../definition/arguments.js";
import { labelsOf, nearest } from "../definition/event-labels.js";
import { parseEventPath } from "../definition/event-path.js";
import type { Definition } from "../definition/scope.js";
import type { Turn } from "../host/context.js";
import type { Host } from "../host/host.js";
import type { KeptSchedules, ScheduleChanges, ScheduleRecord } from "../storage/records.js";
import { plainOf, silence } from "../wire/plain-values.js";
import { durationOf } from "./duration.js";
import { nextTime, planOf } from "./plan.js";
import { ScheduledRun } from "./scheduled-run.js";

/** How many schedules a scope instance may have. */
const MOST = 1000;
/** How many characters the arguments of a schedule may take. */
const LONGEST_ARGUMENTS = 16_384;
const LONGEST_ID = 200;
/** After how many ms a schedule whose event cannot be called is tried again. */
const RETRY = 3_600_000;
/** Server code may pass arguments of any size. */
const UNBOUNDED = { maxDepth: Infinity, maxValues: Infinity };

/** A schedule, as server code sees it. */
export interface SeenSchedule {
  readonly id: string;
  /** The name of the event, and its arguments. */
  readonly event: string;
  readonly args: readonly unknown[];
  /** When it is due. */
  readonly at: Date;
  /** The plan of one that runs again and again: each so many ms, or by this cron line. */
  readonly every?: number | string;
  readonly timeZone?: string;
}

/** The schedules of a host. */
export class Schedules {
  readonly #host: Host;
  /** The schedules as of the last commit. */
  readonly #list: Map<string, ScheduleRecord>;
  /** What the running event does to schedules, by their ids. */
  #open: Map<string, ScheduleRecord | null> | undefined;
  readonly #running = new Map<string, ScheduledRun>();

  constructor(host: Host, kept?: KeptSchedules) {
    this.#host = host;
    this.#list = new Map(Object.entries(kept?.list ?? {}));
  }

  get size(): number {
    return this.#list.size;
  }

  /** When the first of them is due; `undefined`: there are none. */
  get first(): number | undefined {
    return this.#first(() => true);
  }

  /** The same of those that do not run. */
  get next(): number | undefined {
    return this.#first((id) => !this.#running.has(id));
  }

  #first(counts: (id: string) => boolean): number | undefined {
    let first: number | undefined;
    for (const [id, { due }] of this.#list) if ((first === undefined || due < first) && counts(id)) first = due;
    return first;
  }

  save(): KeptSchedules | undefined {
    return this.#list.size > 0 ? { list: Object.fromEntries(this.#list) } : undefined;
  }

  /** The committed schedules of a store's events, the first due first. */
  of(store: string): SeenSchedule[] {
    const mine = [...this.#list].filter(([, record]) => record.store === store).sort(([, a], [, b]) => a.due - b.due);
    return mine.map(([id, { due, event, args, every, timeZone }]) => ({
      id,
      event,
      args: args ? (decodeValue(args) as unknown[]) : [],
      at: new Date(due),
      ...(every !== undefined && { every }),
      ...(timeZone !== undefined && { timeZone }),
    }));
  }

  // --- what events do to them ---

  /** Does what an event asks, with its next commit. */
  ask(turn: Turn, request: ScheduleRequest): void {
    const { how, id } = request;
    if (turn.ended) throw turn.ended;
    if (!turn.open) throw scheduleNow(how);
    if (typeof id !== "string" || id === "" || id.length > LONGEST_ID) throw badScheduleId(id, LONGEST_ID);
    if (how === "cancel") {
      if (this.#list.has(id) || this.#open?.has(id)) this.#change(id, null);
      return;
    }
    const made = this.#make(turn, request);
    const before = this.#open?.has(id) ? this.#open.get(id) : this.#list.get(id);
    if (made.every !== undefined && before && isSame(made, before)) return;
    if (!before && this.#count() >= MOST) throw manySchedules(this.#host.id, MOST);
    this.#change(id, made);
  }

  #change(id: string, record: ScheduleRecord | null): void {
    this.#open ??= new Map();
    this.#open.set(id, record);
  }

  #count(): number {
    let count = this.#list.size;
    for (const [id, record] of this.#open ?? []) count += Number(record !== null) - Number(this.#list.has(id));
    return count;
  }

  #make(turn: Turn, { how, id, when, event: method, args, timeZone }: Exclude<ScheduleRequest, { how: "cancel" }>): ScheduleRecord {
    const { store, event } = this.#eventOf(turn, how, method);
    const given = this.#given(turn, { how, id, store, event, args });
    const named = { store, event, ...(given && { args: given }) };
    const now = Date.now();
    if (how === "every") {
      const plan = planOf(when, timeZone);
      return { due: dateOf(how, when, nextTime(plan, now, now)), ...named, ...plan };
    }
    const delay = durationOf(when);
    if (how === "after" && delay === undefined) throw badDelay(when);
    const at = how === "after" ? now + (delay as number) : when instanceof Date ? when.getTime() : when;
    return { due: dateOf(how, when, at), ...named };
  }

  /** The event whose method was given. */
  #eventOf(turn: Turn, how: string, method: unknown): { store: string; event: string } {
    const { kind, world } = this.#host;
    const [label, ...more] = nearest(labelsOf(world.definitions, kind, method), turn.label);
    if (label === undefined) throw notScheduled(how, method);
    const { store, model, event } = parseEventPath(label);
    if (model !== undefined) throw instanceScheduled(how, `${model}.${event}`);
    if (more.length > 0) throw severalEvents(how, [label, ...more]);
    return { store, event };
  }

  /** The arguments, encoded. The commit waits until the event's schemas have taken them, and fails where they do not. */
  #given(turn: Turn, { how, id, store, event, args }: { how: string; id: string; store: string; event: string; args: unknown }): Encoded | undefined {
    if (!Array.isArray(args)) throw badScheduledArguments(how, args);
    const given = encodeValue(plainOf(args));
    const { length } = JSON.stringify(given);
    if (length > LONGEST_ARGUMENTS) throw largeSchedule(id, length, LONGEST_ARGUMENTS);
    const { definition, schema } = this.#called(store, event);
    turn.reading = Promise.all([turn.reading, checkArguments(definition, schema, decodeValue(given), UNBOUNDED)]);
    // An event that fails before its commit awaits it nowhere.
    turn.reading.catch(() => {});
    return args.length > 0 ? given : undefined;
  }

  /** @throws StateError where there is no such event any more */
  #called(store: string, event: string): { definition: Definition; schema: EventSchema } {
    const definition = this.#host.world.definitions.get(store);
    const schema = definition?.kind === this.#host.kind ? definition.schema.events.get(event) : undefined;
    if (!definition || !schema) throw eventGone(`${store}.${event}`);
    return { definition, schema };
  }

  /** Undoes what is not committed. */
  rollback(): void {
    this.#open = undefined;
  }

  /** Takes the changes of a commit. `run`: the scheduled event whose commit it is. */
  take(run?: ScheduledRun): ScheduleChanges | undefined {
    const changes = this.#open ?? new Map<string, ScheduleRecord | null>();
    this.#open = undefined;
    if (run) this.#advance(run, changes);
    return this.#apply(changes);
  }

  /** Takes the end of a schedule alone, as its event has failed or has become a task, and nothing that an open turn has asked meanwhile. */
  end(run: ScheduledRun): ScheduleChanges | undefined {
    const changes = new Map<string, ScheduleRecord | null>();
    this.#advance(run, changes);
    return this.#apply(changes);
  }

  #apply(changes: ReadonlyMap<string, ScheduleRecord | null>): ScheduleChanges | undefined {
    if (changes.size === 0) return undefined;
    for (const [id, record] of changes) {
      if (record) this.#list.set(id, record);
      else this.#list.delete(id);
    }
    return { set: [...changes] };
  }

  /** Ends a schedule with the first commit of its event, or gives it its next time. A later commit passes by the times that have come meanwhile. */
  #advance(run: ScheduledRun, changes: Map<string, ScheduleRecord | null>): void {
    const { id, record } = run;
    const now = Date.now();
    if (!record || this.#list.get(id) !== record || changes.has(id)) return;
    if (run.begun && record.due > now) return;
    const next = nextOf(record, now);
    run.begun = true;
    run.record = next ?? undefined;
    changes.set(id, next);
  }

  /** Cancels one for server code. Gives whether there was one. */
  async remove(id: string): Promise<boolean> {
    if (!this.#list.has(id)) return false;
    this.#commit(id, null);
    await this.#host.commits.settled();
    return true;
  }

  /** Changes one in a commit of its own. */
  #commit(id: string, record: ScheduleRecord | null): void {
    const changes = this.#apply(new Map([[id, record]]));
    if (changes) this.#host.commits.keep(undefined, changes);
  }

  // --- their runs ---

  /** Starts what is due. */
  start(now: number): ScheduledRun[] {
    const due = [...this.#list].filter(([id, record]) => record.due <= now && !this.#running.has(id));
    return due.sort(([, a], [, b]) => a.due - b.due).map(([id, record]) => this.#start(id, record));
  }

  #start(id: string, record: ScheduleRecord): ScheduledRun {
    const host = this.#host;
    const { turns, world } = host;
    const run = new ScheduledRun(id, record);
    const release = world.pin(host);
    this.#running.set(id, run);
    const label = `${record.store}.${record.event}`;
    const over = async () => {
      try {
        await world.observed(label, (began) => this.#perform(run, record, began));
      } catch (error) {
        if (!turns.broken && !run.cut && !run.withdrawn)
          world.report("error", error, undefined, { name: label, args: world.logged(label, argumentsOf(record)) });
      }
      this.#running.delete(id);
      run.release();
      release();
      if (!turns.broken) world.scheduler.note(host);
    };
    run.over = over();
    return run;
  }

  async #perform(run: ScheduledRun, record: ScheduleRecord, began: () => void): Promise<void> {
    const { store, event, planned = record.due } = record;
    const { incarnation, turns, world } = this.#host;
    const { called, args } = await this.#ready(record).catch((error: unknown) => {
      if (turns.broken || run.cut) throw error;
      this.#keep(run, record);
      throw scheduleKept(this.#host.id, run.id, `${store}.${event}`, error);
    });
    const { definition, schema } = called;
    if (schema.background) run.release();
    await this.#host.run({
      definition,
      owner: definition,
      event: schema,
      on: undefined,
      args,
      caller: { context: {}, session: undefined, connection: undefined, trusted: true },
      control: run.control,
      ...world.repeatable(`${incarnation}.schedule.${planned}.${run.id}`),
      scheduled: run,
      began: () => {
        this.#confirm(run);
        began();
      },
      answer: (value) => silence(value),
    });
  }

  /** Ends a run whose turn has come, if its schedule was cancelled or replaced while it waited. */
  #confirm(run: ScheduledRun): void {
    if (this.#list.get(run.id) === run.record) return;
    run.withdrawn = true;
    throw cancelled();
  }

  /** Finds the event, checks the arguments, and loads the store. */
  async #ready(record: ScheduleRecord) {
    const called = this.#called(record.store, record.event);
    const args = await checkArguments(called.definition, called.schema, argumentsOf(record), UNBOUNDED);
    await this.#host.loader.open(record.store);
    return { called, args };
  }

  /** Keeps a schedule whose event cannot be called as things are. */
  #keep({ id }: ScheduledRun, record: ScheduleRecord): void {
    if (this.#list.get(id) !== record) return;
    this.#commit(id, { ...record, due: Date.now() + RETRY, planned: record.planned ?? record.due });
  }
}

/** @throws StateError for what is no time that a `Date` may have */
function dateOf(how: string, given: unknown, at: unknown): number {
  if (typeof at !== "number" || Number.isNaN(new Date(at).getTime())) throw badDate(how, given);
  return Math.ceil(at);
}

const argumentsOf = ({ args }: ScheduleRecord) => (args ? (decodeValue(args) as unknown[]) : []);

/** What a schedule is after a run: `null` where it is over. */
function nextOf({ planned, ...record }: ScheduleRecord, now: number): ScheduleRecord | null {
  const { due, every, timeZone } = record;
  if (every === undefined) return null;
  const next = nextTime({ every, ...(timeZone !== undefined && { timeZone }) }, planned ?? due, now);
  return next === undefined ? null : { ...record, due: next };
}

/** Whether an `every` is made as it is already. */
function isSame({ due: _, ...made }: ScheduleRecord, { due: __, planned: ___, ...before }: ScheduleRecord): boolean {
  return JSON.stringify(Object.entries(made).sort()) === JSON.stringify(Object.entries(before).sort());
}
