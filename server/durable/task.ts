import { createHash } from "node:crypto";
import type { RunningTask } from "../../lib/class/tasks.js";
import { largeTask, longTask } from "../../lib/errors/task-errors.js";
import type { Encoded } from "../../lib/wire/codec.js";
import { decodeValue } from "../../lib/wire/value-codec.js";
import type { Host } from "../host/host.js";
import type { KeptAnswer, KeptOutcome, TaskChange, TaskError, TaskRecord, TaskWait } from "../storage/task-records.js";
import { TaskCalls } from "./task-calls.js";
import type { TaskRun } from "./task-run.js";

/** How many results a task may keep, and how many characters of them and its arguments. */
const MOST_KEPT = 10_000;
const MOST_CHARACTERS = 1 << 20;

/** How many characters something takes that is kept. */
const sizeOf = (kept: unknown): number => JSON.stringify(kept)?.length ?? 0;

/** How many characters an answer takes at most, as the result of the step that asks for it. */
export const answerSize = (name: string, value: Encoded): number => sizeOf([`until ${MOST_KEPT} ${name}`, value]);

/** The id of the task that a call makes: the same, however often it is called. */
export const taskId = (eventId: string): string => createHash("sha256").update(eventId).digest("base64url").slice(0, 16);

/** A durable task in memory: what is kept of it, and what of that no commit has yet. */
export class Task {
  readonly id: string;
  /** `store.event` */
  readonly label: string;
  readonly #record: TaskRecord;
  readonly #history: KeptOutcome[];
  readonly #waits: Map<string, TaskWait>;
  #answers: readonly KeptAnswer[];
  #progress: Encoded | undefined;
  #due: number | undefined;
  #error: TaskError | undefined;
  #size: number;
  #change: { -readonly [K in keyof TaskChange]: TaskChange[K] } | undefined;
  #kept: KeptOutcome[] = [];
  #changedWaits = new Map<string, TaskWait | null>();
  /** What runs it; `undefined`: nothing does, it waits. */
  run: TaskRun | undefined;
  readonly calls: TaskCalls;

  constructor(host: Host, id: string, record: TaskRecord) {
    this.id = id;
    this.calls = new TaskCalls(host, record.store);
    this.label = `${record.store}.${record.event}`;
    this.#record = record;
    this.#history = [...record.history];
    this.#waits = new Map(Object.entries(record.waits));
    this.#answers = record.answers ?? [];
    this.#progress = record.progress;
    this.#due = record.due;
    this.#error = record.error;
    this.#size = sizeOf(record.args);
    for (const outcome of record.history) this.#size += sizeOf(outcome);
    this.#size += answersSize(this.#answers);
    if (this.#size > MOST_CHARACTERS) throw largeTask(this.label, MOST_CHARACTERS);
  }

  get record(): TaskRecord {
    return this.#record;
  }

  get history(): readonly KeptOutcome[] {
    return this.#history;
  }

  get answers(): readonly KeptAnswer[] {
    return this.#answers;
  }

  get due(): number | undefined {
    return this.#due;
  }

  get error(): TaskError | undefined {
    return this.#error;
  }

  /** The arguments of the event: another copy each time. */
  get args(): unknown[] {
    return this.#record.args ? (decodeValue(this.#record.args) as unknown[]) : [];
  }

  wait(key: string): TaskWait | undefined {
    return this.#waits.get(key);
  }

  /** What a step has given. */
  outcome(key: string): KeptOutcome | undefined {
    return this.#history.findLast((outcome) => outcome[0] === key);
  }

  /** The step that waits for an answer of a name. */
  waiter(name: string): string | undefined {
    for (const [key, wait] of this.#waits) if (wait.name === name) return key;
    return undefined;
  }

  // --- what changes of it, with the next commit ---

  #open() {
    this.#change ??= {};
    return this.#change;
  }

  /**
   * Keeps what a step has given. It waits for nothing any more.
   * @throws StateError where that is more than a task may keep
   */
  keep(outcome: KeptOutcome): void {
    const size = sizeOf(outcome);
    if (this.#history.length >= MOST_KEPT) throw longTask(this.label, MOST_KEPT);
    if (this.#size + size > MOST_CHARACTERS) throw largeTask(this.label, MOST_CHARACTERS);
    this.#size += size;
    this.#history.push(outcome);
    this.#open();
    this.#kept.push(outcome);
    if (this.#waits.delete(outcome[0])) this.#changedWaits.set(outcome[0], null);
  }

  /** Whether there is room for answers: so many, of so many characters. */
  takes(count: number, size: number): boolean {
    return this.#history.length + this.#answers.length + count <= MOST_KEPT && this.#size + size <= MOST_CHARACTERS;
  }

  setWait(key: string, wait: TaskWait): void {
    this.#open();
    this.#waits.set(key, wait);
    this.#changedWaits.set(key, wait);
  }

  setAnswers(answers: readonly KeptAnswer[]): void {
    this.#size += answersSize(answers) - answersSize(this.#answers);
    this.#answers = answers;
    this.#open().answers = answers;
  }

  setProgress(progress: Encoded): void {
    this.#progress = progress;
    this.#open().progress = progress;
  }

  setDue(due: number | undefined): void {
    if (due === this.#due) return;
    this.#due = due;
    this.#open().due = due ?? null;
  }

  /** Begins it: all of it is new. */
  begin(): void {
    this.#open().whole = this.#record;
  }

  /** Leaves of a task that has failed what shows that. */
  fail(error: TaskError): void {
    this.#error = error;
    this.#due = undefined;
    this.#history.length = 0;
    this.#waits.clear();
    this.#answers = [];
    this.#kept = [];
    this.#changedWaits.clear();
    this.#change = { whole: this.save() };
  }

  /** Takes what no commit has yet. */
  take(): TaskChange | undefined {
    const change = this.#change;
    if (!change) return undefined;
    this.#change = undefined;
    if (this.#kept.length > 0) change.kept = this.#kept;
    if (this.#changedWaits.size > 0) change.waits = [...this.#changedWaits];
    this.#kept = [];
    this.#changedWaits = new Map();
    return change;
  }

  save(): TaskRecord {
    const { due: _, error: __, answers: ___, progress: ____, args, by, ...record } = this.#record;
    return {
      ...record,
      // One that has failed runs no more: what is personal of it is not kept.
      ...(args && !this.#error && { args }),
      ...(by && !this.#error && { by }),
      history: [...this.#history],
      waits: Object.fromEntries(this.#waits),
      ...(this.#answers.length > 0 && { answers: this.#answers }),
      ...(this.#progress && { progress: this.#progress }),
      ...(this.#due !== undefined && { due: this.#due }),
      ...(this.#error && { error: this.#error }),
    };
  }

  // --- as it is shown ---

  /** The step that it is at. */
  get #step(): string | undefined {
    if (this.run?.step !== undefined) return this.run.step;
    const [kind, , ...name] = (this.#waits.keys().next().value ?? this.#history.at(-1)?.[0] ?? "").split(" ");
    return kind === "sleep" ? kind : name.join(" ") || undefined;
  }

  get shown(): RunningTask {
    const error = this.#error;
    return {
      id: this.id,
      event: this.#record.event,
      running: error === undefined,
      step: this.#step,
      progress: this.#progress && decodeValue(this.#progress),
      since: new Date(this.#record.at),
      error: error && { code: error.code, message: error.message },
    };
  }
}

function answersSize(answers: readonly KeptAnswer[]): number {
  let size = 0;
  for (const [name, value] of answers) size += answerSize(name, value);
  return size;
}
