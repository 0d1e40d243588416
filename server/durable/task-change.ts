import type { Turn } from "../host/context.js";
import type { Host } from "../host/host.js";
import type { KeptOutcome } from "../storage/task-records.js";
import { outcomeOf } from "./outcomes.js";
import type { Task } from "./task.js";

/** Makes a change of state for a task, in the host's turn: the change and what is kept of it are one commit. */
export async function makeChange(turn: Turn, task: Task, key: string, change: () => unknown): Promise<KeptOutcome> {
  const { commits, turns, world } = turn.host;
  turns.check(turn);
  let outcome: KeptOutcome = [key];
  const { newId } = turn;
  const run = () => {
    // Ids of its own: an event that goes on after a kill does not make the change again.
    turn.newId = world.ids(`${task.record.eventId} ${key}`);
    try {
      const value = change();
      if (!(value instanceof Promise)) outcome = outcomeOf(key, value);
      return value;
    } finally {
      turn.newId = newId;
    }
  };
  try {
    await turns.lend(turn, run, () => {
      turn.kept = () => task.keep(outcome);
      return commits.make(turn);
    });
    return outcome;
  } finally {
    turn.kept = undefined;
  }
}

/** Makes a change for a task that was stopped, and cleans up: nobody keeps that it was made. */
export const cleanUp = ({ commits, queue, turns }: Host, turn: Turn, change: () => unknown): Promise<unknown> =>
  queue.run(() => turns.lend(turn, change, () => commits.make(turn)));
