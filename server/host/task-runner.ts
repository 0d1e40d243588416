import { insideStep, stepTimedOut } from "../../lib/errors/task-errors.js";
import type { StepAttempt } from "../../lib/event/task.js";
import { callerOf } from "../durable/task-caller.js";
import type { TaskRun } from "../durable/task-run.js";
import { Cancellation } from "./cancellation.js";
import { runIn, type Turn } from "./context.js";
import type { Host } from "./host.js";

/** Runs the event of a task, from its beginning: what its steps have given before is given again. */
export async function performTask(host: Host, run: TaskRun, began: () => void): Promise<unknown> {
  const { loader, turns, world } = host;
  const { label, record, args } = run.task;
  const entry = await loader.open(record.store);
  if (run.gone) return undefined;
  const { eventId, by } = record;
  const caller = callerOf(by);
  const turn = turns.beside(label, { caller, eventId, control: run.control, newId: world.ids(eventId) });
  const cancellation = new Cancellation(label, run.control, world.report);
  cancellation.watch(turn);
  turn.cancellation = cancellation;
  turn.task = run;
  turn.update = (change) => run.update(change);
  const event = entry.definition.schema.events.get(record.event);
  if (event?.revalidate) {
    turn.subject = entry.store.instance;
    turn.revalidates = { owner: entry.definition, event, args };
  }
  run.begin({
    turn,
    check: () => cancellation.check(),
    tell: () => cancellation.tell(),
    attempt: (key, work, attempt, timeout) => attemptStep(turn, key, work, attempt, timeout),
  });
  began();
  // The method comes from the class: an event may have overwritten it on the instance.
  const method = Reflect.get(entry.definition.Class.prototype, record.event) as (...args: unknown[]) => unknown;
  try {
    const work = runIn(turn, async () => turns.stretch(turn, () => method.apply(entry.store.instance, args)));
    const value = await Promise.race([work, run.dropped]);
    await Promise.race([turn.revalidates?.revalidating, run.dropped]);
    if (!run.control.signal.aborted) await host.commits.effects(turn);
    turn.done = true;
    return value;
  } finally {
    cancellation.stop();
    turns.leave(turn, () => run.ended);
  }
}

/** Runs one attempt of a step: beside what waits for it, and with ids and messages of its own, which are the same when it runs again. */
async function attemptStep(turn: Turn, key: string, work: (attempt: StepAttempt) => unknown, attempt: number, timeout: number | undefined): Promise<unknown> {
  const { world } = turn.host;
  const control = new AbortController();
  const { signal } = turn.control;
  const end = () => control.abort(signal.reason);
  signal.addEventListener("abort", end);
  const late = () => control.abort(stepTimedOut(key.split(" ").slice(2).join(" "), timeout as number));
  const timer = timeout === undefined ? undefined : setTimeout(late, timeout);
  const id = `${turn.task?.task.record.eventId} ${key}`;
  const { messages } = world.repeatable(id);
  const own = {
    control,
    done: false,
    step: key,
    newId: world.ids(id),
    update: () => Promise.reject(insideStep("update")),
    outgoing: undefined,
    messages,
  };
  const step = Object.assign(Object.create(turn), own) as Turn;
  try {
    const value = await new Promise((resolve, reject) => {
      control.signal.addEventListener("abort", () => reject(control.signal.reason));
      runIn(step, async () => work({ signal: control.signal, attempt })).then(resolve, reject);
    });
    step.done = true;
    return value;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}
