import { refusal, StateError, shown, wrong } from "./errors.js";

// The errors of calls that the server alone gives, or a page's code for calls: a page of views does not load them.

declare const process: { readonly env: { readonly NODE_ENV?: string } };

/** The instance whose event was called is in the store no more. */
export const gone = (event: string) =>
  refusal(
    "GONE",
    `The object on which \`${event}\` was called is not there any more: nothing was done. Call it on what the page shows now.${process.env.NODE_ENV === "production" ? "" : " Objects in volatile state (`persist: false`, presence) have no events: hold those that have some in a field that is stored."}`,
  );

/** The instance whose event goes on beside the queue has left the store. */
export const goneMeanwhile = (event: string) =>
  refusal("GONE", `The object on which \`${event}\` was called has left its store meanwhile. What the event had committed stays.`);

/** An event of a model was called on a view that has none. */
export const nestedEvent = (model: string, event: string) =>
  refusal(
    "NOT_FOUND",
    `\`${event}\` is an event of \`${model}\`, and this object cannot have it called: it is in no store of a client or a server, or the event is internal. Call it on an object in a store, as \`todo.items[0]\`.`,
  );

/** What `current().cancel()` was given is no event that runs in the scope instance. */
export const noEvent = (given: unknown) => {
  const what = typeof given !== "function" ? shown(given) : given.name ? `the function \`${given.name}\`` : "a function";
  return wrong(
    "EVENT_USE",
    `\`current().cancel()\` was given ${what}, which is no event here. Give the method of an \`@event\`, as \`this.answer\`: of a store of the same scope instance, or of a model.`,
  );
};

export const nestedUpdate = () =>
  wrong("EVENT_USE", "`update()` was called inside `update()`, which has the turn already: make the change directly, or after the outer one, with `await`.");
export const asyncUpdate = () =>
  wrong(
    "EVENT_USE",
    "`update()` was given a function that returns a promise: it takes a synchronous one. Wait first, then call `update()` with the change alone.",
  );

// Shared by all copies of this module, as that of `EventError` is.
const OUT_OF_TIME = /* @__PURE__ */ Symbol.for("twinstate.outOfTime");
const outOfTime = (message: string) => Object.defineProperty(refusal("INTERRUPTED", message), OUT_OF_TIME, { value: true });
/** Whether an event was ended as its time, or that of the event that called it, was over. */
export function isOutOfTime(error: unknown): boolean {
  try {
    return typeof error === "object" && error !== null && OUT_OF_TIME in error;
  } catch {
    // An app may throw a Proxy that throws itself.
    return false;
  }
}

/** An event held its host for longer than it may. `own`: the limit is the event's own. */
export const eventTimedOut = (event: string, ms: number, own: boolean) =>
  outOfTime(
    `\`${event}\` ran for more than ${ms} ms and was cut off: what it had not committed is undone. Use \`background: true\`, or raise ${own ? "its `@event({ timeout })`" : "`createTwin({ eventTimeout })`, or its own `@event({ timeout })`"}.`,
  );
/** An event beside the queue ran for longer than it says. */
export const backgroundTimedOut = (event: string, ms: number) =>
  outOfTime(`\`${event}\` ran for more than ${ms} ms and was ended: what it had committed stays. Raise its \`@event({ timeout })\`.`);
/** The event that has called another one has no time left. */
export const callerOutOfTime = (event: string, reason: Error) =>
  outOfTime(`\`${event}\` was ended together with the event that called it, whose time is over. ${reason.message}`);
/** An event is over, and its code goes on to call others. */
export const callerEnded = (event: string, reason: Error) =>
  refusal("INTERRUPTED", `\`${event}\` was not called: the event that calls it is over. ${reason.message}`);
/** What `effect.to()` was given names no tab. */
export const noConnection = (given: unknown) =>
  wrong(
    "EVENT_USE",
    `\`effect.to()\` takes a \`Connection\`, or the id of one, but got ${given === null ? "null" : typeof given}. Calls from server code have no connection.`,
  );
/** The page cannot follow the server any more, and a call of it has no answer. */
export const unansweredCall = () => refusal("UNKNOWN_OUTCOME", "The server has another version now: whether this call ran is not known. Reload the page.");
/** A guard has had an effect for others than its caller. */
export const guardEffect = (effect: string, whose: string) =>
  wrong(
    "EVENT_USE",
    `\`effect.${whose}.${effect}()\` was called in a guard: its effects are for the caller alone. Call \`effect.${effect}()\`, or have an event do this.`,
  );
/** A guard of a store has asked `current()` for what only events have. */
export const eventPart = (part: string) =>
  new StateError(
    "OUTSIDE_EVENT",
    `\`current().${part}()\` was called in the guard of a store or of the app, or in \`allow\`, which run outside events. Use the context and the key, or ask by \`@event({ guard })\`.`,
  );
