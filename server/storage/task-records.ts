import type { Encoded } from "../../lib/wire/codec.js";

/** The durable tasks of a scope instance, by their ids. */
export type KeptTasks = Readonly<Record<string, TaskRecord>>;

/** A call of an event that goes on after a kill where it was. */
export interface TaskRecord {
  readonly store: string;
  readonly event: string;
  /** The `current().eventId` of the event. */
  readonly eventId: string;
  /** The arguments as the event got them, as an encoded value; missing where there are none. */
  readonly args?: Encoded;
  /** When it began: ms since 1970. */
  readonly at: number;
  /** Its caller, as far as that is kept. */
  readonly by?: TaskCaller;
  /** The client's number for the call, under which its answer is stored. */
  readonly numbered?: { readonly client: string; readonly n: number; readonly confirmed: number };
  /** What its steps have given, in the order in which they ended. */
  readonly history: readonly KeptOutcome[];
  /** What it waits for, by the step that does so. */
  readonly waits: Readonly<Record<string, TaskWait>>;
  /** The answers that nothing has asked for yet. */
  readonly answers?: readonly KeptAnswer[];
  /** The last value of `progress()`. */
  readonly progress?: Encoded;
  /** When it goes on: ms since 1970; 0: at once. Missing where it waits for an answer, or has failed. */
  readonly due?: number;
  /** The error of one that has failed. */
  readonly error?: TaskError;
}

/** Who has started a task, for `current()` in its later runs. */
export interface TaskCaller {
  readonly session?: string;
  readonly connection?: { readonly id: string; readonly since: number };
  /** The `user` of the caller's context, as an encoded value. */
  readonly user?: Encoded;
}

/** What a step, an `update()`, a `sleep()` or an `until()` has given. */
export type KeptOutcome = readonly [key: string, value?: Encoded | null, error?: KeptError];

/** An error that a step has thrown. `own`: an `EventError`; else the code is the error's name. */
export type KeptError = readonly [code: string, message: string, own: boolean, data?: Encoded];

/** What a step waits for: a time (ms since 1970), an answer of a name, or either. `attempt`: which attempt of the step comes then. */
export interface TaskWait {
  readonly due?: number;
  readonly name?: string;
  readonly attempt?: number;
}

/** An answer that is kept until the client has confirmed it. */
export type KeptAnswer = readonly [name: string, value: Encoded];

/** `code` and `message`: what clients see. `why`: the message for server code, where it is another. */
export interface TaskError {
  readonly code: string;
  readonly message: string;
  readonly why?: string;
}

/** What a commit does to the tasks of its scope instance: what is new of each; `null`: it is over. */
export type TaskChanges = readonly (readonly [id: string, change: TaskChange | null])[];

/** What a commit changes of one task. */
export interface TaskChange {
  /** The whole task, in the place of what was kept of it. */
  readonly whole?: TaskRecord;
  /** What it has kept since. */
  readonly kept?: readonly KeptOutcome[];
  /** What it waits for now, or not any more. */
  readonly waits?: readonly (readonly [key: string, wait: TaskWait | null])[];
  readonly answers?: readonly KeptAnswer[];
  readonly progress?: Encoded;
  readonly due?: number | null;
}

interface OpenTask {
  record: TaskRecord;
  readonly history: KeptOutcome[];
  readonly waits: Map<string, TaskWait>;
}

/** Folds what commits have done to tasks into what was kept of them before; `undefined`: there are none. */
export function foldTasks(kept: KeptTasks | undefined, commits: readonly { readonly tasks?: TaskChanges }[]): KeptTasks | undefined {
  const records = new Map(Object.entries(kept ?? {}));
  const open = new Map<string, OpenTask>();
  const opened = (id: string, whole: TaskRecord | undefined) => {
    const record = whole ?? records.get(id);
    if (record && (whole || !open.has(id))) open.set(id, { record, history: [...record.history], waits: new Map(Object.entries(record.waits)) });
    return open.get(id);
  };
  for (const [id, change] of commits.flatMap(({ tasks }) => tasks ?? [])) {
    if (change) {
      const task = opened(id, change.whole);
      if (task) merge(task, change);
    } else {
      open.delete(id);
      records.delete(id);
    }
  }
  for (const [id, { record, history, waits }] of open) records.set(id, { ...record, history, waits: Object.fromEntries(waits) });
  return records.size > 0 ? Object.fromEntries(records) : undefined;
}

function merge(task: OpenTask, { kept = [], waits = [], answers, progress, due }: TaskChange): void {
  for (const outcome of kept) task.history.push(outcome);
  for (const [key, wait] of waits) {
    if (wait) task.waits.set(key, wait);
    else task.waits.delete(key);
  }
  const { due: before, ...record } = task.record;
  const next = due === undefined ? before : (due ?? undefined);
  task.record = { ...record, ...(answers && { answers }), ...(progress && { progress }), ...(next !== undefined && { due: next }) };
}
