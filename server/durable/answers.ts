import { badResumeOptions, largeAnswer, manyAnswers, resumeNow } from "../../lib/errors/task-errors.js";
import type { ResumeOptions } from "../../lib/event/task.js";
import type { Encoded } from "../../lib/wire/codec.js";
import type { Turn } from "../host/context.js";
import { checkedName, encodedWithin } from "./running-event.js";
import { answerSize, type Task } from "./task.js";

/** How many answers a task keeps that it has not asked for. */
const MOST_ANSWERS = 100;

/** What `resume()` was given. */
export interface GivenAnswer {
  readonly name: string;
  readonly value: Encoded;
  /** The one task that is meant; `undefined`: all. */
  readonly task: string | undefined;
}

/** An answer that a running event gives, with its next commit. */
export interface OpenAnswer {
  readonly name: string;
  readonly value: Encoded;
  readonly tasks: readonly Task[];
}

/**
 * Reads what `resume()` was given.
 * @throws StateError where nothing may change, and for what is no name, no data, or no options
 */
export function givenAnswer(turn: Turn, [given, value, options]: readonly unknown[]): GivenAnswer {
  if (turn.ended) throw turn.ended;
  if (!turn.open) throw resumeNow();
  const name = checkedName("resume", given);
  if (options !== undefined && (typeof options !== "object" || options === null)) throw badResumeOptions(name, options);
  return { name, value: encodedWithin(`resume("${name}")`, value), task: (options as ResumeOptions | undefined)?.task };
}

/** @throws StateError where a task could not keep the answers that an event gives */
export function checkAnswers(open: readonly OpenAnswer[]): void {
  const given = new Map<Task, { count: number; early: number; size: number }>();
  for (const { name, value, tasks } of open) {
    const size = answerSize(name, value);
    for (const task of tasks) {
      const all = given.get(task) ?? { count: 0, early: 0, size: 0 };
      given.set(task, all);
      all.count++;
      all.size += size;
      if (task.waiter(name) === undefined) all.early++;
      if (task.answers.length + all.early > MOST_ANSWERS) throw manyAnswers(name, MOST_ANSWERS);
      if (!task.takes(all.count, all.size)) throw largeAnswer(name, task.label);
    }
  }
}
