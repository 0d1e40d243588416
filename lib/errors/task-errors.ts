import { later, messageOf, refusal, shown, wrong } from "./errors.js";

// The errors of durable events: the server alone has them.

// --- at start ---

export const durableWith = (event: string, option: string) =>
  wrong(
    "TASK",
    `\`${event}\` has \`durable: true\` beside \`${option}\`: a durable event is a task of the server, which may take days. Leave \`${option}\` off${option === "timeout" ? ", and give its steps a `timeout`" : ""}.`,
  );
export const durableInQueue = (event: string) =>
  wrong(
    "TASK",
    `\`${event}\` has \`durable: true\` without \`background: true\`: it would hold the queue while it waits. Write \`@event({ background: true, durable: true })\`.`,
  );
export const durableInModel = (event: string) =>
  wrong(
    "TASK",
    `\`${event}\` has \`durable: true\`, and is an event of a model: after a restart, nobody knows which object it was called on. Make it an event of the store, which looks for the object by its id.`,
  );
export const durableGenerator = (event: string) =>
  wrong(
    "TASK",
    `\`${event}\` has \`durable: true\`, and is a generator: yields are not kept over a kill. Let it be an async method, and show how far it is by \`progress()\`.`,
  );
export const tasksInModel = (Class: string, member: string) =>
  wrong(
    "TASK",
    `\`${Class}.${member}\` has \`@tasks\`, and \`${Class}\` is a model: durable events belong to stores. Put the field into the class of the store.`,
  );

// --- in code ---

export const outsideTask = (what: string) =>
  wrong(
    "TASK",
    `\`${what}()\` was called in an event without \`durable: true\`, whose steps nobody keeps. Write \`@event({ background: true, durable: true })\`. An event that calls a durable one as a method runs it as a part of itself: begin it with \`schedule.after(0, this.…)\`.`,
  );
export const insideUpdate = (what: string) =>
  wrong("TASK", `\`${what}()\` was called inside \`update()\`, which is one change of state. Call it before, or after.`);
export const guardTask = (what: string) =>
  wrong("TASK", `\`${what}()\` was called in a guard, which says who may call an event, and changes nothing. Call it in the event.`);
export const insideStep = (what: string) =>
  wrong(
    "TASK",
    `\`${what}()\` was called inside \`step()\`, which is kept as one: after a kill it runs again as a whole. Call it after the step, with what that has given.`,
  );
export const callOutsideStep = (event: string) =>
  wrong(
    "TASK",
    `\`${event}\` was called by a durable event outside a step, and would be called again after each kill. Write \`await step("…", () => …)\` around the call.`,
  );
export const badStepName = (what: string, given: unknown, most: number) =>
  wrong("TASK", `\`${what}()\` takes a name of 1 to ${most} characters first: it was given ${shown(given)}.`);
export const badStep = (name: string, given: unknown) =>
  wrong("TASK", `\`step("${name}")\` takes a function as its second argument: it was given ${shown(given)}.`);
export const badStepOption = (name: string, option: string, expected: string, given: unknown) =>
  wrong("TASK", `The \`${option}\` of \`step("${name}")\` is ${shown(given)}: it must be ${expected}.`);
export const badTime = (what: string, given: unknown) =>
  wrong(
    "TASK",
    `\`${what}()\` was given ${typeof given === "number" ? given : shown(given)}: it takes a time in ms, as \`5000\`, or a text as \`"1h"\`, from 0 on, that ends before the year 275760.`,
  );
export const badUntilOptions = (name: string, given: unknown) =>
  wrong("TASK", `\`until("${name}")\` takes options as its second argument, as \`{ timeout: "2d" }\`: it was given ${shown(given)}.`);
export const badResumeOptions = (name: string, given: unknown) =>
  wrong("TASK", `\`resume("${name}")\` takes options as its third argument, as \`{ task: id }\`: it was given ${shown(given)}.`);
export const notData = (what: string, cause: unknown) => wrong("TASK", `\`${what}\` was given what cannot be kept: ${messageOf(cause)}`, cause);
export const notKept = (what: string, cause: unknown) =>
  wrong("TASK", `The result of ${what} cannot be kept: ${messageOf(cause)} Let it give data, as an event's answer is.`, cause);
export const argumentsNotKept = (event: string, cause: unknown) =>
  wrong(
    "TASK",
    `The arguments of \`${event}\` cannot be kept, as a durable event needs: ${messageOf(cause)} Pass data; keep a file elsewhere, and pass its id.`,
    cause,
  );
export const longTask = (event: string, most: number) =>
  wrong("TASK", `\`${event}\` has kept ${most} results, as many as a durable event may. Let one step do more, or begin another durable event for the rest.`);
export const largeTask = (event: string, most: number) =>
  wrong(
    "TASK",
    `\`${event}\` would keep more than ${most} characters of arguments and results. Keep what is large in state or in files, and let steps give ids.`,
  );
export const largeProgress = (most: number) => wrong("TASK", `\`progress()\` was given more than ${most} characters. Show a number, or a few of them.`);
export const manyTasks = (event: string, most: number) =>
  refusal("RATE_LIMITED", `\`${event}\` was not begun: ${most} durable events go on here, as many as a scope instance may have.`, { limit: "tasks" });
export const resumeNow = () =>
  wrong(
    "TASK",
    "`resume()` was called where nothing may change: in a guard, a step, or an event with `background: true` outside `update()`. Call it in an event, or as `await update(() => resume(…))`.",
  );
export const manyAnswers = (name: string, most: number) =>
  wrong("TASK", `\`resume("${name}")\` was not taken: a task keeps ${most} answers already that it has not asked for.`);
export const largeAnswer = (name: string, event: string) =>
  wrong(
    "TASK",
    `\`resume("${name}")\` was not taken: with this value, a task of \`${event}\` would keep more results and answers than it may. Give an id, and keep what is large in state or in files.`,
  );
export const stepTimedOut = (name: string, ms: number) => wrong("TASK", `The step \`${name}\` took more than ${ms} ms, as its \`timeout\` says.`);

// --- as it ends ---

export const stopped = (event: string) => refusal("STOPPED", `\`${event}\` was stopped. What it had committed stays.`);
export const taskGoesOn = (event: string) => later("UNAVAILABLE", `\`${event}\` goes on. Ask again for its answer.`, { retryAfter: 0 });

const KINDS: Readonly<Record<string, (name: string) => string>> = {
  step: (name) => `step("${name}")`,
  update: () => "update()",
  sleep: () => "sleep()",
  until: (name) => `until("${name}")`,
};

/** Names what a key of the history stands for: `step("row")`, the 2nd. */
export function keyed(key: string): string {
  const [kind = "", count = "", ...name] = key.split(" ");
  const what = KINDS[kind]?.(name.join(" ")) ?? key;
  return count === "1" ? `\`${what}\`` : `\`${what}\` no. ${count}`;
}

const keepOld = "Keep the steps of tasks that go on, or give the changed event another name.";

export const otherStep = (id: string, event: string, kept: string, asked: readonly string[]) =>
  wrong(
    "TASK",
    `The task \`${id}\` of \`${event}\` cannot go on: it had come to ${keyed(kept)}, and the event now asks for ${asked.length > 0 ? asked.map(keyed).join(", ") : "nothing"}. The class has changed, or goes by time or chance outside of steps. Nothing was run twice, and it has failed. ${keepOld}`,
  );
export const endedBefore = (id: string, event: string, kept: string, cause: unknown) =>
  wrong(
    "TASK",
    `The task \`${id}\` of \`${event}\` cannot go on: it had come to ${keyed(kept)}, and the event now ends before${cause === undefined ? "" : `, by an error: ${messageOf(cause)}`}. Nothing was run twice, and it has failed. ${keepOld}`,
    cause,
  );
export const taskGone = (id: string, event: string) =>
  wrong("TASK", `The task \`${id}\` cannot go on: no store has a durable event \`${event}\` any more. It has failed. ${keepOld}`);
