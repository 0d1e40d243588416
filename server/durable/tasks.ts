import { closing, dropped, isEventError, messageOf, superseded } from "../../lib/errors/errors.js";
import { endedBefore, manyTasks, otherStep, stopped, taskGone } from "../../lib/errors/task-errors.js";
import { decodeValue, encodeValue } from "../../lib/wire/value-codec.js";
import type { Outcome } from "../call/outcome.js";
import type { Turn } from "../host/context.js";
import type { EventCall } from "../host/event-runner.js";
import type { Host } from "../host/host.js";
import type { EventRecord } from "../storage/records.js";
import type { KeptAnswer, KeptOutcome, KeptTasks, TaskChange, TaskChanges } from "../storage/task-records.js";
import { randomEventId } from "../task/event-id.js";
import { errorShapeOf, type Report, tellable } from "../wire/error-shape.js";
import { plainOf, silence } from "../wire/plain-values.js";
import { checkAnswers, type GivenAnswer, type OpenAnswer } from "./answers.js";
import { type SeenTask, seenTask } from "./seen-task.js";
import { Task, taskId } from "./task.js";
import { callerKey, recordOf } from "./task-caller.js";
import type { TaskCalls } from "./task-calls.js";
import { TaskRun } from "./task-run.js";

/** How many tasks a scope instance may have that go on, and how many that have failed it keeps. */
const MOST = 1000;
const MOST_FAILED = 20;
/** How long what was stopped may take to clean up, in ms. */
const GRACE = 5000;
/** How long a caller waits before it asks again, when the server closes, in ms. */
const RETRY = 500;

/** What a commit takes of the tasks. */
interface TakenTasks {
  readonly changes: TaskChanges;
  /** Lets those go on that have got answers, once the commit is stored. */
  told(): void;
}

/** Runs the event of a task. */
type Perform = (host: Host, run: TaskRun, began: () => void) => Promise<unknown>;

/** The durable tasks of a host. */
export class Tasks {
  readonly #host: Host;
  readonly #perform: Perform;
  readonly #tasks = new Map<string, Task>();
  /** The tasks that are over since the last commit. */
  #over: string[] = [];
  #open: OpenAnswer[] = [];

  constructor(host: Host, perform: Perform, kept: KeptTasks = {}) {
    this.#host = host;
    this.#perform = perform;
    for (const [id, record] of Object.entries(kept)) this.#tasks.set(id, new Task(host, id, record));
  }

  get size(): number {
    return this.#tasks.size;
  }

  /** When the first task goes on, if the server is killed now; `undefined`: none does. */
  get first(): number | undefined {
    return firstOf(this.#tasks.values(), (task) => (task.run && !task.error ? task.run.due : task.due));
  }

  /** When there is something to do for the first of them; `undefined`: never. */
  get next(): number | undefined {
    return firstOf(this.#tasks.values(), (task) => (task.run && !task.error ? task.run.next : task.due));
  }

  save(): KeptTasks | undefined {
    return this.#tasks.size > 0 ? Object.fromEntries(Array.from(this.#tasks, ([id, task]) => [id, task.save()])) : undefined;
  }

  /** The tasks of a store, as server code sees them. */
  of(store: string): SeenTask[] {
    return [...this.#tasks.values()].filter(({ record }) => record.store === store).map(seenTask);
  }

  // --- as stores show them ---

  /** Lists the tasks of a store that is live from now on. */
  list(store: string): void {
    for (const task of this.#tasks.values()) if (task.record.store === store) this.#show(task, true);
  }

  show(task: Task): void {
    if (!this.#tasks.has(task.id)) return;
    this.#show(task, true);
    this.#host.ticks.due();
  }

  #show(task: Task, there: boolean): void {
    const entry = this.#host.shelf.live.get(task.record.store);
    if (!entry || this.#host.turns.broken) return;
    for (const { name, tasks } of entry.definition.schema.fields.values()) if (tasks) entry.store.show(name, task.id, there ? { ...task.shown } : undefined);
  }

  // --- commits ---

  /** Takes what is new of all tasks. `turn`: whose commit it is, with the answers that its event has given. */
  take(turn?: Turn): TakenTasks | undefined {
    turn?.kept?.();
    const told = turn ? this.#giveAnswers() : [];
    const changes: [string, TaskChange | null][] = [];
    for (const [id, task] of this.#tasks) {
      if (task.run && !task.run.gone && !task.error) task.setDue(task.run.due);
      const change = task.take();
      if (!change) continue;
      changes.push([id, change]);
      this.#show(task, true);
    }
    for (const id of this.#over) changes.push([id, null]);
    this.#over = [];
    if (changes.length === 0) return undefined;
    return { changes, told: () => told.forEach((tell) => void tell()) };
  }

  /** Undoes what is not committed. */
  rollback(): void {
    this.#open = [];
  }

  #giveAnswers(): (() => void)[] {
    const told: (() => void)[] = [];
    const open = this.#open.splice(0);
    // What a task has kept since may leave no room: then none of them gets anything.
    checkAnswers(open);
    for (const { name, value, tasks } of open) {
      for (const task of tasks) {
        if (this.#tasks.get(task.id) !== task || task.error) continue;
        const key = task.waiter(name);
        if (key === undefined) task.setAnswers([...task.answers, [name, value] satisfies KeptAnswer]);
        else told.push(this.#give(task, [key, value]));
      }
    }
    return told;
  }

  #give(task: Task, outcome: KeptOutcome): () => void {
    task.keep(outcome);
    if (!task.run) task.setDue(0);
    return () => task.run?.answered(outcome);
  }

  // --- how they begin ---

  /**
   * Makes a task of a call, or joins the one that it has made before. Resolves once that is stored, with what waits for its end.
   * @throws EventError `DROPPED`, `RATE_LIMITED`, and StateError for arguments that are no data
   */
  async begin<R>(call: EventCall<R>): Promise<{ readonly answer: Promise<R> }> {
    const { commits, schedules } = this.#host;
    const eventId = call.eventId || randomEventId();
    const id = taskId(eventId);
    const known = this.#tasks.get(id);
    const joined = (one: Task) => ({ answer: one.calls.join(call, () => this.#stop(one, stopped(one.label))) });
    if (known && !known.error) return joined(known);
    const record = recordOf(call, eventId);
    const task = new Task(this.#host, id, record);
    this.#admit(call, callerKey(record.by));
    task.begin();
    this.#tasks.set(id, task);
    commits.keep(call.numbered && { ...call.numbered }, call.scheduled && schedules?.end(call.scheduled));
    // It may be stopped before its beginning is stored. A schedule has done its part then.
    const caller = call.scheduled ? undefined : joined(task);
    caller?.answer.catch(() => {});
    await commits.settled();
    this.#start(task);
    return caller ?? { answer: Promise.resolve(task.calls.answer(call, undefined)) };
  }

  /** Applies the policy of the event, and the limit. */
  #admit({ definition, event }: EventCall<unknown>, caller: string): void {
    const label = `${definition.name}.${event.name}`;
    const isLike = (task: Task) => task.label === label && !task.error && (event.per === "instance" || callerKey(task.record.by) === caller);
    const others = event.queue === "serial" ? [] : [...this.#tasks.values()].filter(isLike);
    if (others.length > 0 && event.queue === "drop") throw dropped(label);
    let live = 0;
    for (const { error } of this.#tasks.values()) if (!error) live++;
    if (live - others.length >= MOST) throw manyTasks(label, MOST);
    for (const other of others) this.#stop(other, superseded(label));
  }

  /** The answer to a call whose task goes on, for whoever makes the call again after a restart. */
  answer(client: string, n: number): Promise<unknown> | undefined {
    return this.#called(client, n)?.calls.outcome;
  }

  /** The task that goes on of a numbered call. */
  #called(client: string, n: number): Task | undefined {
    for (const task of this.#tasks.values()) {
      const { numbered } = task.record;
      if (numbered?.client === client && numbered.n === n && !task.error) return task;
    }
    return undefined;
  }

  // --- how they run ---

  /** Starts what is to go on, and wakes what waits. Gives the new runs, and whether there was anything to do. */
  start(now: number): { readonly runs: readonly TaskRun[]; readonly any: boolean } {
    const runs: TaskRun[] = [];
    let any = false;
    for (const task of this.#tasks.values()) {
      if (task.run) any = task.run.wake(now) || any;
      else if (task.due !== undefined && task.due <= now) runs.push(this.#run(task));
    }
    return { runs, any: any || runs.length > 0 };
  }

  #start(task: Task): void {
    if (!task.run && this.#tasks.get(task.id) === task) this.#host.world.scheduler.follow(this.#host, this.#run(task));
  }

  #run(task: Task): TaskRun {
    const run = new TaskRun(this.#host, task, (kept, asked) => otherStep(task.id, task.label, kept, asked));
    task.run = run;
    run.over = this.#work(task, run);
    return run;
  }

  async #work(task: Task, run: TaskRun): Promise<void> {
    const { turns, world } = this.#host;
    try {
      if (!this.#isThere(task)) {
        run.begun = true;
        throw taskGone(task.id, task.label);
      }
      const value = await world.observed(task.label, (began) => this.#perform(this.#host, run, began));
      // One that was stopped has its answer, whatever its code makes of that.
      if (run.gone || this.#tasks.get(task.id) !== task) return silence(value);
      if (run.missing !== undefined) throw endedBefore(task.id, task.label, run.missing, undefined);
      this.#end(task, value);
    } catch (error) {
      silence(error);
      if (this.#tasks.get(task.id) !== task || turns.broken || (run.gone && error === undefined)) return;
      // What cannot be loaded is tried again, later each time.
      if (!run.begun) {
        run.failed = true;
        world.report("error", error, undefined, { name: task.label, args: undefined });
      } else this.#fail(task, run.gone || run.missing === undefined ? error : endedBefore(task.id, task.label, run.missing, error));
    } finally {
      run.end();
      if (task.run === run) task.run = undefined;
      if (!turns.broken) world.scheduler.note(this.#host);
    }
  }

  /** The class has the event still. */
  #isThere({ record: { store, event } }: Task): boolean {
    const { kind, world } = this.#host;
    const definition = world.definitions.get(store);
    return definition?.kind === kind && definition.schema.events.get(event)?.durable === true;
  }

  // --- how they end ---

  /** Ends a task with its value. */
  #end(task: Task, given: unknown): void {
    silence(given);
    // What callers get is data, as a caller after a restart gets it.
    const encoded = encodeValue(plainOf(given));
    const { commits } = this.#host;
    this.#forget(task);
    this.#answer(task, { r: commits.revision, v: encoded }, (call) => call.ended(decodeValue(encoded)));
  }

  /** Ends a task with its error, and keeps that it has failed. */
  #fail(task: Task, error: unknown): void {
    const { world } = this.#host;
    const report: Report = (level, cause, id) => world.report(level, cause, id, { name: task.label, args: world.logged(task.label, task.args) });
    const told = tellable(error, report);
    const why = messageOf(error);
    task.fail({ code: told.code, message: told.message, ...(!isEventError(error) && { why }) });
    const failed = [...this.#tasks.values()].filter((one) => one.error);
    for (const old of failed.slice(0, -MOST_FAILED)) this.#forget(old);
    this.#answer(task, { r: this.#host.commits.revision, error: errorShapeOf(told, report) }, (call) => call.failed(error, told));
  }

  /** Stops a task. What runs of it has five seconds to clean up. */
  #stop(task: Task, why: Error): void {
    const { run } = task;
    this.#forget(task);
    const outcome: Outcome = { r: this.#host.commits.revision, error: errorShapeOf(why, this.#host.world.report) };
    this.#answer(task, outcome, (call) => call.failed(why, why));
    if (!run) return;
    run.control.abort(why);
    setTimeout(() => run.drop(undefined), GRACE).unref();
  }

  #forget(task: Task): void {
    this.#tasks.delete(task.id);
    this.#over.push(task.id);
    this.#show(task, false);
  }

  /** Stores the end of a task with its answer, and then lets those know who wait for it. */
  #answer(task: Task, answer: Outcome, tell: Parameters<TaskCalls["tell"]>[0]): void {
    const { commits } = this.#host;
    const { numbered } = task.record;
    const event: EventRecord | undefined = numbered && { ...numbered, at: Date.now(), answer };
    commits.keep(event);
    commits.after(() => task.calls.tell(tell));
  }

  // --- what events and operators ask ---

  /** Answers tasks with the next commit of an event. Gives how many. */
  resume({ name, value, task }: GivenAnswer): number {
    const live = [...this.#tasks.values()].filter((one) => !one.error && (task === undefined || one.id === task));
    const waiting = live.filter((one) => one.waiter(name) !== undefined);
    const tasks = waiting.length > 0 ? waiting : live;
    const answer: OpenAnswer = { name, value, tasks };
    checkAnswers([...this.#open, answer]);
    this.#open.push(answer);
    return tasks.length;
  }

  /** Stops a task, or takes one off the list that has failed. Gives whether there was one. */
  stop(id: unknown): boolean {
    const task = this.#tasks.get(String(id));
    if (!task) return false;
    if (!task.error) this.#stop(task, stopped(task.label));
    else {
      this.#forget(task);
      this.#host.commits.keep();
    }
    return true;
  }

  /** Stops the tasks of events, but not the one that asks. Gives how many. */
  cancel(labels: readonly string[], asking: AbortController): number {
    const found = [...this.#tasks.values()].filter(({ label, error, run }) => labels.includes(label) && !error && run?.control !== asking);
    for (const task of found) this.#stop(task, stopped(task.label));
    return found.length;
  }

  /** Stops the task of a call that its client cancels. */
  cancelCall(client: string, n: number): void {
    const task = this.#called(client, n);
    if (task) this.#stop(task, stopped(task.label));
  }

  // --- as the host goes ---

  /** The server closes: callers ask again in the next one. */
  close(): void {
    for (const { calls } of this.#tasks.values()) calls.tell((call) => call.cut(closing(RETRY)));
  }

  /** What runs leaves memory. With an error, so do those who wait. */
  drop(error?: Error): void {
    for (const task of this.#tasks.values()) {
      task.run?.drop(undefined);
      if (error) task.calls.tell((call) => call.cut(error));
    }
  }

  /** Runs what goes on from the beginning, by the classes as they are now. */
  restart(): void {
    for (const task of this.#tasks.values()) {
      if (!task.run) continue;
      task.setDue(0);
      task.run.drop(undefined);
      task.run = undefined;
    }
    this.#host.world.scheduler.note(this.#host);
  }
}

function firstOf(tasks: Iterable<Task>, of: (task: Task) => number | undefined): number | undefined {
  let first: number | undefined;
  for (const task of tasks) {
    const due = of(task);
    if (due !== undefined && (first === undefined || due < first)) first = due;
  }
  return first;
}
