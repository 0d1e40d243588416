import { guardTask, insideStep, outsideTask } from "../../lib/errors/task-errors.js";
import type { TaskVerb } from "../../lib/event/task.js";
import type { Turn } from "../host/context.js";
import { givenAnswer } from "./answers.js";

/**
 * Does what running code asks of tasks: of its own, or of those of its scope instance.
 * @throws StateError where no task is there that could do it
 */
export function askTasks(turn: Turn, verb: TaskVerb, args: readonly unknown[]): unknown {
  const { tasks } = turn.host;
  if (verb === "resume") {
    const answer = givenAnswer(turn, args);
    return tasks?.resume(answer) ?? 0;
  }
  if (turn.guard) throw guardTask(verb);
  if (verb === "stop") return tasks?.stop(args[0]) ?? false;
  if (turn.step !== undefined && verb !== "progress") throw insideStep(verb);
  if (!turn.task) throw outsideTask(verb);
  return turn.task.ask(verb, args);
}
