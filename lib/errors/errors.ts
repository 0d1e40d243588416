import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { AppErrors } from "../class/register.js";

declare const process: { readonly env: { readonly NODE_ENV?: string } };

/**
 * A mistake in the use of twinstate, or a message that cannot be understood. `code` tells which, and each code has a page in `docs/errors`, which the message
 * names in development.
 */
export class StateError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(process.env.NODE_ENV === "development" ? `${message} See node_modules/twinstate/docs/errors/${code}.md.` : message, options);
    this.name = "StateError";
    this.code = code;
  }
}

// --- state ---

export const readOnlyDate = (method: string) => new StateError("READ_ONLY", `\`${method}\` on a date of a store: dates are values there. Assign a new one.`);
const COPIES = { Array: "[...view]", Map: "new Map(view)", Set: "new Set(view)" };
export const readOnlyView = (store: string, kind: keyof typeof COPIES, method: string) =>
  new StateError(
    "READ_ONLY",
    `\`${method}\` on ${kind === "Array" ? "an array" : `a ${kind}`} in a view of \`${store}\`: views cannot be changed. Call an event of the store, or copy it: \`${COPIES[kind]}\`.`,
  );
export const frozenView = (stores: readonly string[]) =>
  wrong(
    "READ_ONLY",
    `If what could not be changed here came from a store of the page (${stores.map((store) => `\`${store}\``).join(", ")}): views cannot be changed. Call an event of the store, or change a copy: \`{ ...view }\`.`,
  );
export const forgottenEvent = (name: string, method: string, cause: unknown) =>
  new StateError("READ_ONLY", `\`${name}.${method}\` changes state, and is no event: a page cannot run it. Did you forget \`@event\`?`, { cause });
export const readOnlyTwin = (store: string) => new StateError("READ_ONLY", `\`${store}\` is a twin: it cannot be changed here. Call one of its events.`);

// --- the wire ---

export const tagOf = (value: unknown) => Object.prototype.toString.call(value).slice(8, -1);

export function shown(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // The message names its kind instead.
  }
  text ??= tagOf(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

export const badWire = (what: string, value: unknown, cause?: unknown) =>
  new StateError("BAD_WIRE", `Expected ${what}, got ${shown(value)}. Do both ends speak the same version?`, cause === undefined ? undefined : { cause });
export const notSent = (value: unknown) =>
  new StateError("NOT_SENT", `A ${tagOf(value)}${typeof value === "bigint" ? " of so many digits" : ""} cannot be sent. Send plain data.`);

export const tooDeepForJson = (depth: number) =>
  new StateError(
    "NOT_SENT",
    `What the event returns is nested more than ${depth} levels deep, or in a cycle: plain JSON, which a stock tRPC client gets, cannot say that. Return less, or call it by a twin.`,
  );

/** The message of whatever has been thrown: an app may throw what throws itself when it is looked at. */
export function messageOf(thrown: unknown): string {
  try {
    // The text of an object may have no end: `String()` of a sparse array has as many commas as it has holes.
    return thrown instanceof Error ? String(thrown.message) : Object(thrown) === thrown ? Object.prototype.toString.call(thrown) : String(thrown);
  } catch {
    return "an error that cannot be shown";
  }
}

// --- errors that cross the wire ---

/** The codes of errors that a call can end with: the library's, and those that the app has registered as `errors` in `Register`. */
export type ErrorCode =
  | (keyof AppErrors & string)
  | "INTERNAL"
  | "FORBIDDEN"
  | "INVALID"
  | "NOT_FOUND"
  | "GONE"
  | "TOO_LARGE"
  | "CUT_SHORT"
  | "SUPERSEDED"
  | "DROPPED"
  | "CANCELLED"
  | "STOPPED"
  | "INTERRUPTED"
  | "UNKNOWN_OUTCOME"
  | "OUTDATED"
  | "RATE_LIMITED"
  | "UNAVAILABLE"
  | "OFFLINE";
/** The data of an error, by its code. */
export type EventErrorData<C> = C extends keyof AppErrors
  ? AppErrors[C]
  : C extends "INVALID"
    ? {
        readonly issues: readonly StandardSchemaV1.Issue[];
        /** `store.event`, whose schema has found them. */
        readonly event?: string;
        /** How many more there are, where not all are told. */
        readonly more?: number;
      }
    : C extends "RATE_LIMITED"
      ? { readonly retryAfter?: number; readonly limit?: string } | undefined
      : undefined;

// Shared by all copies of this module, of which Next makes several in one process.
const EVENT_ERROR = Symbol.for("twinstate.error");

/**
 * An error that reaches the caller of an event, with its code and data. Any other error arrives as `INTERNAL`, without detail.
 * The data may be anything that an event may return, up to 65,536 characters. Data that cannot be sent is left out, and the server's log says why.
 * @example throw new EventError("SOLD_OUT", "Nothing is left.", { left: 0 });
 */
export class EventError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C;
  readonly data: EventErrorData<C>;

  constructor(code: C, message: string, ...data: undefined extends EventErrorData<C> ? [data?: EventErrorData<C>] : [data: EventErrorData<C>]) {
    super(message);
    this.name = "EventError";
    this.code = code;
    this.data = data[0] as EventErrorData<C>;
  }

  get [EVENT_ERROR](): true {
    return true;
  }

  is<D extends ErrorCode>(code: D): this is EventError<D> {
    return (this.code as string) === code;
  }

  /**
   * For `catch (error: unknown)`.
   * @example if (EventError.is(error, "SOLD_OUT")) console.log(error.data.left);
   */
  static is<D extends ErrorCode>(error: unknown, code: D): error is EventError<D> {
    return isEventError(error) && (error.code as string) === code;
  }

  // A subclass matches its own instances only.
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: which class is asked is the question
    return this === EventError ? isEventError(value) : super[Symbol.hasInstance](value);
  }
}

/** Whether a value is an {@link EventError}, whichever copy of this module made it. */
export const isEventError = (value: unknown): value is EventError => typeof value === "object" && value !== null && EVENT_ERROR in value;

/** The prototype of views of errors that are state. */
export const errorViews: object = /* @__PURE__ */ (() => Object.create(EventError.prototype, { name: { value: "EventError" } }))();

/** An error that crosses the wire, by its code. */
export const refusal = (code: string, message: string, data?: unknown) => new EventError(code as "INTERNAL", message, data as undefined);
const AGAIN = Symbol.for("twinstate.again");
/** A refusal of the server's own: the call has taken no number, and may be made again. An app's error is none, whatever its code. */
export const later = (code: string, message: string, data?: unknown) => askAgain(refusal(code, message, data));
export const askAgain = <E extends Error>(error: E): E => Object.defineProperty(error, AGAIN, { value: true });
export const isLater = (error: unknown): boolean => typeof error === "object" && error !== null && AGAIN in error;
const invalid = (message: string, issues: readonly StandardSchemaV1.Issue[] = [{ message }]) => refusal("INVALID", message, { issues });

export const unknownStore = (store: string) => refusal("NOT_FOUND", `There is no store \`${store}\`. Is it named in \`createTwin({ stores })\`?`);
export const unknownEvent = (store: string, event: string) => refusal("NOT_FOUND", `\`${store}\` has no event \`${event}\`. Did you forget \`@event\`?`);
export const badRequest = (message: string) => invalid(`${message}.`);
export const tooManyValues = (most: number) => badRequest(`Expected at most ${most} objects and lists in the arguments`);
export const badKey = (store: string, what: string, longest: number) =>
  invalid(`\`${store}\` ${what}: give a \`key\`, a string of 1 to ${longest} characters.`);
export const badKeyedTab = (store: string, longest: number) =>
  invalid(`\`${store}\` is called as \`twin.${store}(tabId, key)\`: the id of a tab, and a key of 1 to ${longest} characters.`);
export const illFormedKey = (kind: string, key: string) =>
  invalid(`The ${kind} ${shown(key)} has half a surrogate pair, which is no character. Give a well-formed string: see \`String.isWellFormed()\`.`);
const namesOf = (path: StandardSchemaV1.Issue["path"]) => path?.map((part) => (typeof part === "object" ? part.key : part)).join(".");
export function invalidArguments(store: string, event: string, issues: readonly StandardSchemaV1.Issue[]) {
  const [first] = issues;
  const path = namesOf(first?.path);
  const message = `The arguments of \`${store}.${event}\` are not valid: ${first?.message ?? "unknown"}${path ? ` (at ${path})` : ""}.`;
  return refusal("INVALID", message, { issues });
}
/** How many messages of a schema are told as one. */
const MOST_TOLD = 5;
/** The messages of a schema, for users to read. */
export function refusedBySchema(store: string, event: string, issues: readonly StandardSchemaV1.Issue[], more = 0) {
  const messages = [...new Set(issues.map(({ message }) => message))];
  const left = messages.length - MOST_TOLD + more;
  const told = [...messages.slice(0, MOST_TOLD), ...(left > 0 ? [`And ${left} more`] : [])];
  const message = told.length === 1 ? (told[0] as string) : told.map((one) => (/[.!?…]$/.test(one) ? one : `${one}.`)).join(" ");
  return refusal("INVALID", message, { issues, event: `${store}.${event}`, ...(more > 0 && { more }) });
}
export const notJson = (type: string) => invalid(`The body must be JSON, with the content type application/json: got ${type}.`);
export const bodyTooLarge = (limit: number) => invalid(`The body is larger than ${limit} bytes. Send less at once, or raise \`createTwin({ maxBody })\`.`);
export const notForm = (type: string) => invalid(`The body must be a form, as browsers send it: got ${type}.`);
export const unreadableForm = () => invalid("The form cannot be read.");
export const noEventInForm = () => invalid("The form does not say which event it calls, by the name of a field, as `$todo.add`.");
export const foreignOrigin = (origin: string) =>
  refusal(
    "FORBIDDEN",
    `Pages of ${origin} may not call this app. Name its origin in \`createTwin({ origins })\` if they shall; behind a proxy that hides the host, give \`proxies\`.`,
  );
export const foreignClient = () => refusal("FORBIDDEN", "This client id belongs to another session.");
export const noSession = (store: string) =>
  refusal("FORBIDDEN", `\`${store}\` belongs to a session, and the caller has none. Is \`proxy\` of \`twinstate/next\` in place?`);
export const notSignedIn = (store: string) =>
  refusal(
    "FORBIDDEN",
    `\`${store}\` belongs to a user, and nobody is signed in: the context has no \`user.id\` that is a string of one character or more, a finite number or a bigint.`,
  );
export const noTab = (store: string) => invalid(`\`${store}\` belongs to a browser tab: it is there for twins alone.`);
export const refusedRoom = (store: string, key: string) => refusal("FORBIDDEN", `\`${store}\` does not let you into \`${key}\`.`);
export const refusedStore = (store: string) => refusal("FORBIDDEN", `You may not use \`${store}\`.`);
export const refusedEvent = (store: string, event: string) => refusal("FORBIDDEN", `You may not call \`${store}.${event}\`.`);
export const roomDeleted = (key: string) => refusal("NOT_FOUND", `The room \`${key}\` has been deleted.`);
export const erased = () => refusal("NOT_FOUND", "The data that this was for has been erased.");
export const oldTicket = () => refusal("NOT_FOUND", "This ticket is used or too old. Ask for another one with `$connect`.");
export const noLine = () =>
  refusal("NOT_FOUND", "No such line of this session is open. `$join` needs one that is: `[client, epoch]` of the tab that has opened it.");
export const takenTab = () => badRequest("Expected `tab` to be a whole number above 0 that no other tab on the line has");
export const newerConnection = () => refusal("SUPERSEDED", "A newer connection of this client has taken the place of this one.");
export const otherProtocol = (got: unknown, mine: number) =>
  refusal("OUTDATED", `The server speaks version ${mine} of the protocol, the client ${shown(got)}. Reload the page.`);
export const outdatedPage = () => refusal("OUTDATED", "The server's new version lacks some of what this page was built on. Reload it.");
export const lostCode = () =>
  refusal(
    "OUTDATED",
    process.env.NODE_ENV === "production" ? "Reload the page." : "The server answers, yet has no code of this page any more. Reload the page.",
  );
const limited = (limit: string, message: string, retryAfter?: number) =>
  later("RATE_LIMITED", `${message} The limit is \`createTwin({ ${limit} })\`.`, { limit, ...(retryAfter !== undefined && { retryAfter }) });
export const tooFast = (retryAfter: number) => limited("eventRate", "This session asks for more than it may in a second.", retryAfter);
export const tooManyPending = (retryAfter: number) => limited("maxPending", "So many events of this session wait already that no more are taken.", retryAfter);
export const queueFull = (id: string, retryAfter: number) =>
  limited("maxWaiting", `So many events of \`${id}\` wait already that no more are taken.`, retryAfter);
export const tooManySessions = (retryAfter: number) => limited("maxSessions", "Too many new visitors have come from this address.", retryAfter);
export const tooManyStreams = (retryAfter: number) => limited("maxStreams", "This session has too many tabs open.", retryAfter);
export const tooManyWatches = (store: string) => limited("maxWatches", `\`${store}\` is not watched: this tab watches too many stores.`);
export const closing = (retryAfter: number) => later("OFFLINE", "The server is closing, and takes no more events. Ask again.", { limit: "close", retryAfter });
export const cookieReplaced = () => later("UNAVAILABLE", "The session's cookie has been replaced since this was sent. Ask again, with the new one.");
export const dropped = (event: string) => refusal("DROPPED", `\`${event}\` is running already.`);
export const superseded = (event: string) => refusal("SUPERSEDED", `A later call of \`${event}\` has taken the place of this one.`);
export const cancelled = () => refusal("CANCELLED", "The call was cancelled.");
export const unknownOutcome = (incarnation: string, durable?: boolean) =>
  refusal("UNKNOWN_OUTCOME", "The server has lost the state of this call: whether it ran is not known.", { incarnation, durable });
export const alreadyAnswered = (n: number) => refusal("UNKNOWN_OUTCOME", `Event ${n} has been answered before, and the answer is kept no more.`);
export const outOfOrder = (expected: number) => later("OUT_OF_ORDER", `Events before this one have not come: repeat from ${expected}.`, { expected });
export const unnamed = (status: number) => refusal("INTERNAL", `The server answered ${status}, and not as a twin does: is \`url\` its route?`);
export const outboxFull = (limit: number) => refusal("OFFLINE", `${limit} calls wait for the server already (\`maxPending\`): this one was not made.`);
export const notConnected = () => refusal("OFFLINE", "There is no connection, and a `volatile` event is not kept for later.");
export const closed = () => refusal("CANCELLED", "The client was closed before the answer came.");

// --- the server ---

export const wrong = (code: string, message: string, cause?: unknown) => new StateError(code, message, cause === undefined ? undefined : { cause });

export const notRegistered = (name: string) => wrong("UNKNOWN_STORE", `\`${name}\` is no store of this app. Name its class in \`createTwin({ stores })\`.`);
export const notOfScope = (store: string, kind: string, mine: string) =>
  wrong(
    "UNKNOWN_STORE",
    `\`${store}\` has ${kind} scope, and the event runs in ${mine} scope: \`get\` gives stores of the same scope instance. Call it by its address instead, as \`twin.${store}(…)\`.`,
  );
export const storeNotMade = (store: string, takesArguments: boolean, cause: unknown) => {
  const wayOut = takesArguments ? " (its constructor gets no arguments: give its parameters defaults)" : "";
  return wrong("NOT_CONSTRUCTED", `The store \`${store}\` could not be made${wayOut}: ${messageOf(cause)}`, cause);
};
export const unavailable = () => later("UNAVAILABLE", "The server cannot store or load this just now. Ask again: nothing is done twice.");
export const crowded = () => later("UNAVAILABLE", "The server has as much state in memory as `createTwin({ maxHosts })` allows. Ask again.");
export const cutOff = () => refusal("INTERRUPTED", "The server ended while this event was running. What it had committed stays; it is not run again.");
export const droppedField = (store: string, model: string, field: string) =>
  wrong(
    "DROPPED_FIELD",
    `What is kept of \`${store}\` has a field \`${field}\`${model ? ` in instances of \`${model}\`` : ""} that its class does not keep: it is dropped.`,
  );
export const notStored = (id: string, cause: unknown) =>
  new StateError("NOT_STORED", `The storage did not take a commit of \`${id}\`. What was not acknowledged is asked again.`, { cause });
export const dataNotSent = (code: string, cause: unknown) =>
  wrong("NOT_SENT", `The data of \`EventError("${code}")\` cannot be sent: ${messageOf(cause)} The caller is told its code and message alone.`, cause);
export const dataTooLarge = (most: number) => new StateError("NOT_SENT", `It is longer than ${most} characters as JSON. Send what says why, not the state.`);
export const valueTooLarge = (most: number, what: string) =>
  new StateError("NOT_SENT", `A value of more than ${most} ${what} cannot be sent. Send it in parts, or where it can be had.`);
export const logFailed = (cause: unknown) => wrong("APP_FAILED", `The app's own \`log\` or \`logArguments\` has thrown: ${messageOf(cause)}`, cause);
export const eventEnded = (event: string) =>
  new StateError("EVENT_ENDED", `State was changed by \`${event}\` after it had ended. Await what it starts, or use \`background: true\` with \`update()\`.`);
export function lateUpdate(event: string, ms: number, reason: unknown) {
  const why = messageOf(reason);
  const message = `\`update()\` of \`${event}\` was refused: the event has known for more than ${ms / 1000} s that it is over. ${why} Clean up at once, in \`finally\`.`;
  return new StateError("LATE_UPDATE", message, { cause: reason });
}
export const slowEvent = (event: string, ms: number) =>
  new StateError(
    "SLOW_EVENT",
    `\`${event}\` kept its turn for ${Math.round(ms)} ms, and other events of its scope instance could not run meanwhile. Use \`background: true\` for long work.`,
  );
export const circle = (from: string, to: string) =>
  new StateError(
    "CIRCLE",
    from === to
      ? `An event of \`${from}\` waits for a call of the same scope instance, whose turn comes when the event has ended. Call the method itself, as \`this.add()\`, or that of another store by \`(await current().get(Other)).add()\`.`
      : `\`${from}\` waits for \`${to}\`, which waits for \`${from}\`: neither could go on. Do not await one of the calls, or use \`background: true\`.`,
  );

// --- React ---

export const outsideProvider = (what: string) => wrong("NO_PROVIDER", `\`${what}\` is used outside of \`<TwinProvider>\`. Put one into the root layout.`);
export const nestedProvider = () =>
  wrong(
    "NO_PROVIDER",
    "`<TwinProvider>` stands inside another one: the page has two connections, and hooks below take the inner one. Put one into the root layout.",
  );
export const compiledLive = (hook: string, component: string) =>
  wrong(
    "COMPILED_LIVE",
    `\`${component}\` uses \`${hook}\`, and the React Compiler has compiled it: what it makes of a list is kept, and goes stale. Write it in place, \`observer(function ${component}() { … })\`, begin it with \`"use no memo"\`, or use \`${hook.replace("Live", "")}\`.`,
  );
export const notPreloaded = (hook: string) =>
  wrong("NOT_PRELOADED", `\`${hook}\` has no preloaded state. Give it with \`<TwinPreload>\`, or put \`<Suspense>\` around.`);
export const noKey = (by: string) =>
  wrong("NO_KEY", `An item of \`<For each>\` has no key (by \`${by}\`). Say what tells it from the others: \`by={(item) => item.name}\`.`);
export const noFieldSetter = (key: string) =>
  wrong("NO_SETTER", `\`useField\` does not know which event sets \`${key}\`: give it, as \`useField(store, "${key}", (value) => store.rename(value))\`.`);
export const notOptimistic = (event: string, why: string) =>
  wrong(
    "NOT_OPTIMISTIC",
    `\`${event}\` is \`optimistic: true\` and ${why}, so it is not shown before the server's answer. Let a synchronous method change the state, and call what waits from another event.`,
  );

// --- decorators, and what runs inside events ---

export const outsideEvent = (store: string, path: string) =>
  new StateError(
    "OUTSIDE_EVENT",
    `\`${path}\` was changed outside an event of \`${store}\`. State changes only while one of its \`@event\` methods runs, or inside \`update()\`.`,
  );
export const outsideCurrent = (what: string) =>
  new StateError("OUTSIDE_EVENT", `\`${what}\` was called outside an event. Call it while an \`@event\` method runs.`);
const ON: Readonly<Record<string, string>> = { state: "a field", computed: "a getter", event: "a method" };
export const misplacedDecorator = (what: string, member: string) =>
  wrong(
    "DECORATOR",
    `\`@${what}\` on \`${member}\`: it goes on ${ON[what]} of a class that is public to the decorator, neither static nor \`#private\`, and named by a string.`,
  );
export const notCompiled = (what: string, member: string) =>
  wrong(
    "NOT_COMPILED",
    `\`@${what}\` on \`${member}\` was not compiled. Set \`"experimentalDecorators": true\` and \`"emitDecoratorMetadata": true\` in tsconfig.json.`,
  );
export const notDecoratorOptions = (what: string, got: unknown) =>
  wrong("DECORATOR", `\`@${what}\` takes options as an object${what === "event" ? ", or Standard Schemas" : ""}: got ${shown(got)}.`);
export const badDecoratorOption = (what: string, member: string, option: string, expected: string, got?: unknown) =>
  wrong("DECORATOR", `\`@${what}({ ${option} })\` on \`${member}\`: expected ${expected}${got === undefined ? "" : `, got ${shown(got)}`}.`);

// --- tests ---

export const pairOpen = () =>
  wrong(
    "PAIR",
    "A `pair()` is opened while another is open. There is one at a time, as it has the timers of the process: that one is ended. Declare it with `await using`.",
  );
export const netClosed = () => wrong("PAIR", "This net is closed: its time is over. Open another with `pair()`.");
export const notOfPair = () => wrong("PAIR", "This client is closed, or not of this net: take what `net.client()` gives.");
export const notQuiet = (ms: number, why: readonly string[]) =>
  new StateError("NOT_QUIET", `The net is not quiet after ${ms / 60_000} minutes of its time: ${why.join(", ") || "the server is busy"}.`);
