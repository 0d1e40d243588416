import type { RunningTask } from "../../lib/class/tasks.js";
import type { Task } from "./task.js";

/** A durable event that goes on, or has failed, as server code sees it. */
export interface SeenTask extends RunningTask {
  /** The event's arguments; none of one that has failed. */
  readonly args: readonly unknown[];
  /** When it goes on; `undefined`: it runs, waits for an answer, or has failed. */
  readonly due: Date | undefined;
}

export function seenTask(task: Task): SeenTask {
  const { shown, args, due, error } = task;
  const why = error && { code: error.code, message: error.why ?? error.message };
  return { ...shown, error: why, args: error ? [] : args, due: due === undefined || due === 0 ? undefined : new Date(due) };
}
