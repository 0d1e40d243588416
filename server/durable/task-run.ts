import { cutOff, eventEnded } from "../../lib/errors/errors.js";
import { badStep, insideUpdate } from "../../lib/errors/task-errors.js";
import type { TaskVerb } from "../../lib/event/task.js";
import type { Host } from "../host/host.js";
import type { KeptOutcome, TaskWait } from "../storage/task-records.js";
import { createGate } from "../task/gate.js";
import { silence } from "../wire/plain-values.js";
import { failureOf, outcomeOf, settleOutcome } from "./outcomes.js";
import { Replay } from "./replay.js";
import { type RetryPlan, retryPlan } from "./retry-plan.js";
import { checkedName, encodedProgress, type RunningEvent } from "./running-event.js";
import type { Task } from "./task.js";
import { cleanUp, makeChange } from "./task-change.js";
import { sleepDue, untilDue } from "./wait-times.js";
import { Waiters } from "./waiters.js";

/** A task that waits for longer than this, in ms, keeps its host in memory no more. */
const SHORT = 5000;

const never = () => new Promise<never>(() => {});

/** One run of a task in memory: from its beginning, or from where an earlier one has come to, until it ends or leaves memory. */
export class TaskRun {
  readonly task: Task;
  readonly control = new AbortController();
  /** Rejects when it leaves memory, or cannot go on. */
  readonly dropped: Promise<never>;
  /** Resolves when it has ended, however. */
  over: Promise<void> = Promise.resolve();
  /** Resolves when others need not wait for it any more: it is where it was. */
  readonly held: Promise<void>;
  readonly release: () => void;
  /** The step that it is at. */
  step: string | undefined;
  readonly #host: Host;
  #event!: RunningEvent;
  readonly #replay: Replay;
  readonly #counts = new Map<string, number>();
  /** How many steps and changes are under way. */
  #busy = 0;
  readonly #waiters = new Waiters();
  #drop!: (error: unknown) => void;
  #suspended = false;
  #gone = false;
  #unpin: (() => void) | undefined;
  #looking = false;

  /** `stuck`: makes the error of an event that does not ask for what it had come to. */
  constructor(host: Host, task: Task, stuck: (kept: string, asked: readonly string[]) => Error) {
    this.#host = host;
    this.task = task;
    this.#replay = new Replay(task.history, (kept, asked) => this.drop(stuck(kept, asked)));
    this.#unpin = host.world.pin(host);
    ({ opened: this.held, open: this.release } = createGate());
    this.dropped = new Promise((_, reject) => {
      this.#drop = reject;
    });
    this.dropped.catch(() => {});
    this.control.signal.addEventListener("abort", () => this.#refuse(this.control.signal.reason));
  }

  /** Its event has begun to run, or could not. */
  begun = false;
  failed = false;

  /** The event begins to run. */
  begin(event: RunningEvent): void {
    this.#event = event;
    this.begun = true;
    if (this.#replay.over) this.release();
  }

  /** The step to which the event has not come; `undefined`: it has come to all of them. */
  get missing(): string | undefined {
    return this.#replay.next;
  }

  /** The reason for what its code may do no more. */
  get ended(): Error {
    const { aborted, reason } = this.control.signal;
    return aborted && reason instanceof Error ? reason : eventEnded(this.task.label);
  }

  /** The run has left memory. */
  get gone(): boolean {
    return this.#gone;
  }

  // --- what its code asks ---

  ask(verb: TaskVerb, args: readonly unknown[]): unknown {
    if (verb === "progress") return this.#progress(args[0]);
    const asked = this.#asked(verb, args);
    // A step that nobody awaits must not end the process.
    asked.catch(() => this.control.signal.aborted && this.#event.tell());
    return asked;
  }

  async #asked(verb: TaskVerb, args: readonly unknown[]): Promise<unknown> {
    if (this.#event.turn.open) throw insideUpdate(verb);
    switch (verb) {
      case "step":
        return this.#step(args[0], args[1], args[2]);
      case "sleep":
        return this.#sleep(args[0]);
      default:
        return this.#until(args[0], args[1]);
    }
  }

  /** The key of a step: its kind, which of its name it is, and its name. */
  #key(kind: string, name: string): string {
    const count = (this.#counts.get(`${kind} ${name}`) ?? 0) + 1;
    this.#counts.set(`${kind} ${name}`, count);
    return name === "" ? `${kind} ${count}` : `${kind} ${count} ${name}`;
  }

  /** Notes where it is, and gives what the step has given in an earlier run; `undefined`: it is to do it. */
  async #kept(key: string, step: string | undefined): Promise<KeptOutcome | undefined> {
    if (this.#gone || this.#suspended) return never();
    this.control.signal.throwIfAborted();
    if (step !== undefined) this.#at(step);
    if (this.#replay.over) return undefined;
    const kept = await this.#waiters.open<KeptOutcome | undefined>((give) => this.#replay.ask(key, give));
    // What earlier runs have let happen is not to happen again.
    this.#event.turn.effects = [];
    if (this.#replay.over) this.release();
    return kept;
  }

  #at(step: string): void {
    this.step = step;
    this.#host.tasks?.show(this.task);
  }

  async #step(given: unknown, run: unknown, options: unknown): Promise<unknown> {
    const name = checkedName("step", given);
    if (typeof run !== "function") throw badStep(name, run);
    const plan = retryPlan(name, options);
    const key = this.#key("step", name);
    const kept = await this.#kept(key, name);
    if (kept) return settleOutcome(kept);
    const begun = this.task.wait(key);
    if (begun) await this.#setWait(key, begun);
    for (let attempt = begun?.attempt ?? 1; ; attempt++) {
      const outcome = await this.#live(() => this.#attempt(key, run as () => unknown, attempt, plan));
      if (outcome) return settleOutcome(outcome.kept, outcome.cause);
      await this.#setWait(key, { attempt: attempt + 1, due: Date.now() + plan.waitAfter(attempt) });
    }
  }

  /** Tries a step once. `undefined`: it is to be tried again. */
  async #attempt(key: string, run: () => unknown, attempt: number, { attempts, timeout }: RetryPlan) {
    let kept: KeptOutcome;
    let cause: unknown;
    try {
      const value = await this.#event.attempt(key, run, attempt, timeout);
      silence(value);
      kept = outcomeOf(key, value);
    } catch (error) {
      silence(error);
      if (this.#gone) return never();
      this.control.signal.throwIfAborted();
      if (attempt < attempts) return undefined;
      cause = error;
      kept = failureOf(key, error);
    }
    if (this.#gone) return never();
    this.control.signal.throwIfAborted();
    await this.#keep(kept);
    return { kept, cause };
  }

  async #sleep(time: unknown): Promise<void> {
    const due = sleepDue(time);
    const key = this.#key("sleep", "");
    if (await this.#kept(key, "sleep")) return;
    const begun = this.task.wait(key);
    await this.#setWait(key, begun ?? { due });
    this.#lightly([key]);
  }

  async #until(given: unknown, options: unknown): Promise<unknown> {
    const name = checkedName("until", given);
    const due = untilDue(name, options);
    const key = this.#key("until", name);
    const kept = await this.#kept(key, name);
    if (kept) return settleOutcome(kept);
    // An answer may have come while it went on to here.
    const early = this.task.outcome(key);
    if (early) {
      await this.#live(() => this.#host.commits.settled());
      return settleOutcome(early);
    }
    const { answers } = this.task;
    const at = answers.findIndex(([one]) => one === name);
    if (at >= 0) {
      this.task.setAnswers(answers.toSpliced(at, 1));
      const outcome: KeptOutcome = [key, answers[at]?.[1] as KeptOutcome[1]];
      await this.#live(() => this.#keep(outcome));
      return settleOutcome(outcome);
    }
    const wait = this.task.wait(key) ?? { name, ...(due !== undefined && { due }) };
    const outcome = await this.#setWait(key, wait);
    if (outcome) return settleOutcome(outcome);
    this.#lightly([key]);
    return undefined;
  }

  #progress(value: unknown): void {
    if (!this.#replay.over || this.#gone) return;
    this.task.setProgress(encodedProgress(value));
    this.#host.tasks?.show(this.task);
  }

  /** Changes state for the event, once: the change and what is kept of it are one commit. */
  update(change: () => unknown): Promise<unknown> {
    const updated = this.#update(change);
    updated.catch(() => {});
    return updated;
  }

  async #update(change: () => unknown): Promise<unknown> {
    const { turn, check } = this.#event;
    const { commits, queue, turns } = this.#host;
    if (check()) return cleanUp(this.#host, turn, change);
    const key = this.#key("update", "");
    const kept = await this.#kept(key, undefined);
    if (kept) return settleOutcome(kept);
    return this.#live(async () => {
      let outcome: KeptOutcome | undefined;
      try {
        outcome = await queue.run(() => {
          check();
          return makeChange(turn, this.task, key, change);
        });
      } catch (error) {
        if (this.#gone || turns.broken) return never();
        this.control.signal.throwIfAborted();
        outcome = failureOf(key, error);
        await this.#keep(outcome);
        return settleOutcome(outcome, error);
      }
      await commits.settled();
      return settleOutcome(outcome);
    });
  }

  // --- what is kept, and waited for ---

  /** Keeps a result. Resolves when it is stored. */
  async #keep(outcome: KeptOutcome): Promise<void> {
    const { commits } = this.#host;
    try {
      this.task.keep(outcome);
    } catch (error) {
      // Code that caught it would go on with what nobody keeps.
      this.drop(error);
      return never();
    }
    commits.keep();
    await commits.settled();
  }

  /** Keeps with the next commit that a time has come: after a kill it has come all the more. */
  #lightly(outcome: KeptOutcome): void {
    try {
      this.task.keep(outcome);
    } catch (error) {
      this.drop(error);
    }
  }

  /** Waits, once it is stored that it does. */
  async #setWait(key: string, wait: TaskWait): Promise<KeptOutcome | undefined> {
    const { commits } = this.#host;
    const known = this.task.wait(key) === wait;
    if (!known) this.task.setWait(key, wait);
    const over = this.#wait(key, wait);
    over.catch(() => {});
    if (!known) {
      commits.keep();
      await commits.settled();
    }
    return over;
  }

  #wait(key: string, { due }: TaskWait): Promise<KeptOutcome | undefined> {
    const over = this.#waiters.wait(key, due);
    this.#host.world.scheduler.note(this.#host);
    this.#balance();
    return over;
  }

  /** Does something that keeps the host in memory. */
  async #live<R>(work: () => Promise<R>): Promise<R> {
    this.#busy++;
    this.#balance();
    try {
      const value = await work();
      return this.#suspended || this.#gone ? never() : value;
    } finally {
      this.#busy--;
      if (this.#suspended && this.#busy === 0) this.drop(undefined);
      this.#balance();
    }
  }

  #refuse(reason: unknown): void {
    this.#waiters.refuse(reason);
    this.#balance();
  }

  // --- when it goes on ---

  /** When the first of what it waits for is due; `undefined`: never. */
  get next(): number | undefined {
    return this.#waiters.next;
  }

  /** When the task is to go on, if the server is killed now: 0, at once, unless all that it does is to wait. */
  get due(): number | undefined {
    if (!this.#replay.over) return this.task.due;
    if (this.#busy > 0 || this.#waiters.size === 0) return 0;
    // A step may have its answer, and not know yet: the commit that brings it is on its way.
    for (const key of this.#waiters.keys) if (!this.task.wait(key)) return 0;
    return this.next;
  }

  /** Goes on with what is due. Gives whether anything was. */
  wake(now: number): boolean {
    const woken = this.#waiters.wake(now);
    if (woken) this.#balance();
    return woken;
  }

  /** An answer has come for a step that waits, and is stored. */
  answered(outcome: KeptOutcome): void {
    this.#waiters.give(outcome);
    this.#balance();
  }

  /** Keeps the host in memory, unless all that the task does is to wait for long. */
  #balance(): void {
    if (this.#gone || this.control.signal.aborted) return this.#leaveHost();
    if (!this.#waits) this.#unpin ??= this.#host.world.pin(this.#host);
    if (this.#looking || this.#busy > 0 || this.#waiters.size === 0) return;
    this.#looking = true;
    setImmediate(() => {
      this.#looking = false;
      if (this.#gone || this.#busy > 0 || this.#waiters.size === 0) return;
      // Several steps at once: the last one of those that did more than wait has ended.
      if (this.due !== this.task.due) this.#host.commits.keep();
      if (this.#waits) this.#leaveHost();
    });
  }

  /** Whether the run does nothing but wait for long. */
  get #waits(): boolean {
    if (this.#busy > 0 || this.#waiters.size === 0 || !this.#replay.over) return false;
    return (this.next ?? Number.POSITIVE_INFINITY) > Date.now() + SHORT;
  }

  #leaveHost(): void {
    this.#unpin?.();
    this.#unpin = undefined;
  }

  /** The server ends: what is under way is kept still, and nothing else begins. */
  suspend(): void {
    this.#suspended = true;
    if (this.#busy === 0) this.drop(undefined);
  }

  cutOff(): void {
    this.drop(undefined);
  }

  /** Leaves memory where the run is. With an error, the task cannot go on. */
  drop(error: unknown): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#replay.stop();
    this.#waiters.clear();
    this.#drop(error);
    this.control.abort(error ?? cutOff());
    this.end();
  }

  /** The run has ended. */
  end(): void {
    this.#gone = true;
    this.#replay.stop();
    this.#leaveHost();
    this.release();
  }
}
