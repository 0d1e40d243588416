import type { LifecycleName } from "../lib/class/lifecycle.js";
import type { AppContext, ContextRequest, Problem } from "../lib/class/register.js";
import { badOption, uncheckedRefused } from "../lib/errors/setup-errors.js";
import { checkOrigins } from "./access/origins.js";
import type { SessionOptions } from "./access/session.js";
import type { Bounds } from "./access/session-limits.js";
import { uncheckedEvents } from "./definition/arguments.js";
import { definitionsOf } from "./definition/registration.js";
import type { AppGuard, Models, StoreOf, Stores } from "./definition/scope.js";
import type { Revalidate } from "./revalidate.js";
import type { RuntimeOptions } from "./runtime.js";
import { memory } from "./storage/memory.js";
import type { Storage } from "./storage/storage.js";
import type { Lives } from "./sweeper.js";
import { type LogEntry, loggedBy, reportTo } from "./wire/reporter.js";

// --- types ---

type Reserved = "handlers" | "router" | "preload" | "close" | "attach" | "as" | "then" | "visitor" | `$${string}`;
type Lifecycle<T> = [keyof T & LifecycleName] extends [never]
  ? unknown
  : Problem<`"${keyof T & LifecycleName}" is a lifecycle method: make it protected, or every client could call it`>;

/** The options of `createTwin`. */
export interface TwinOptions<S, M> {
  /** The stores, by the names under which clients know them. */
  stores: S & { [K in keyof S & Reserved]: Problem<`"${K}" is a name of twin's own`> } & { [K in keyof S]: Lifecycle<StoreOf<S[K]>> };
  /** Classes of the instances in the stores. */
  models?: M | undefined;
  /** Makes the context of each request: see `defineContext`. */
  context?: ((request: ContextRequest) => AppContext | Promise<AppContext>) | undefined;
  /**
   * Whether the caller may use a store: asked before the guards of stores, `allow` and guards of events, for each call, watch and page of an end user. `key` is
   * a room's. Where it refuses, the effects that it has had take place in the caller's browser. One that calls the twin needs a return type.
   * @default everybody may
   * @example
   * guard({ user }, store) {
   *   if (user || store === "start") return true;
   *   effect.redirect("/sign-in");
   *   return false;
   * }
   */
  guard?: ((context: AppContext, store: NoInfer<keyof S> & string, key: string | undefined) => boolean | Promise<boolean>) | undefined;
  /** @default memory() */
  storage?: Storage | undefined;
  /** The cookie that tells visitors apart. */
  session?:
    | (SessionOptions & {
        /**
         * How long the state of a session that nobody uses is kept, in seconds.
         * @default 30 days
         */
        life?: number | undefined;
      })
    | undefined;
  /**
   * How long the state of users, rooms and tabs that nobody uses is kept, in seconds, to the minute. Any use of any of their stores restarts the time.
   * @default users and rooms for good, tabs a day
   */
  life?: { user?: number | undefined; room?: number | undefined; tab?: number | undefined } | undefined;
  /** Refuse, at start, an event of which neither schema nor `design:paramtypes` is known. */
  requireSchemas?: boolean | undefined;
  /**
   * Tells twins apart, where a process has several.
   * @default "twin"
   */
  name?: string | undefined;
  /** Other origins whose pages may call: `["https://app.example.com"]`. Let the route export `OPTIONS` too. */
  origins?: readonly string[] | undefined;
  /** The version of the app that is running. Clients get it. */
  build?: string | undefined;
  /**
   * How long an event may run, in ms. What it has changed since its last commit is then undone.
   * @default 30,000
   */
  eventTimeout?: number | undefined;
  /** How long a server process that shares a storage may be silent until others take over what it has, in ms. @default 5,000 */
  leaseTime?: number | undefined;
  /**
   * How long state that nobody uses stays in memory, in ms; it then stays in the storage.
   * @default 60,000
   */
  idle?: number | undefined;
  /**
   * How long a tab may be away before `onDisconnect`, in ms.
   * @default 2,000
   */
  grace?: number | undefined;
  /**
   * How many bytes the body of a request may have.
   * @default 1,048,576
   */
  maxBody?: number | undefined;
  /**
   * How many bytes of changes a scope instance keeps for clients that resume.
   * @default 1,048,576
   */
  maxLog?: number | undefined;
  /**
   * How many bytes may wait for a slow reader. Past it, a snapshot takes the place of what waits.
   * @default 1,048,576
   */
  maxQueued?: number | undefined;
  /**
   * How many bytes of answers over 64 KiB may wait for their readers, of all requests. Past it, the least recently read ones are cut off, as are those
   * that nobody reads for half a minute; twins send their calls again by themselves.
   * @default 67,108,864
   */
  maxAnswers?: number | undefined;
  /**
   * How many requests a session may make a second, over time: events, and what it asks of its stream. Ten seconds' worth may come at once. Past it, they
   * are refused with `RATE_LIMITED`, and `data.retryAfter` in ms; twins come back by themselves.
   * @default 100
   */
  eventRate?: number | undefined;
  /**
   * How many events of one session may wait or run at once.
   * @default 1,000
   */
  maxPending?: number | undefined;
  /**
   * How many events of one scope instance may wait for their turn, of all who call them.
   * @default 10,000
   */
  maxWaiting?: number | undefined;
  /**
   * How many streams a session may have open: one for each tab.
   * @default 100
   */
  maxStreams?: number | undefined;
  /**
   * How many stores and rooms a tab may watch at once.
   * @default 200
   */
  maxWatches?: number | undefined;
  /**
   * How many sessions may begin to hold state from one address, an hour. A keyed tab store counts as a tenth of one. It needs `proxies`.
   * @default 1,000
   */
  maxSessions?: number | undefined;
  /**
   * How many proxies of yours stand before the app. Each must add the address that called it to `x-forwarded-for`: so clients' addresses are known. A
   * larger number than there are would let visitors choose their address.
   * @default 0: it is not known, and `maxSessions` does not apply
   */
  proxies?: number | undefined;
  /**
   * How many scope instances may be in memory at once. Unused ones leave memory first.
   * @default 50,000
   */
  maxHosts?: number | undefined;
  /**
   * How deep the arguments of an event may be nested.
   * @default 100
   */
  maxDepth?: number | undefined;
  /**
   * How many objects, lists, Maps and Sets the arguments of an event may hold.
   * @default 100,000
   */
  maxValues?: number | undefined;
  /**
   * How many bytes a file may have that a client uploads to an event. Past it, the call is refused with `TOO_LARGE`.
   * @default 104,857,600
   */
  maxFileSize?: number | undefined;
  /**
   * How many files a call may have. Past it, the call is refused with `TOO_LARGE`.
   * @default 20
   */
  maxFiles?: number | undefined;
  /**
   * How long `twin.close()` lets events run that have begun, in ms.
   * @default 10,000
   */
  closeGrace?: number | undefined;
  /**
   * How long `preload` waits for computeds that are promises, in ms. The page is then rendered with `pending: true`. 0: it does not wait.
   * @default 1,000
   */
  preloadTimeout?: number | undefined;
  /**
   * Whether the signals SIGTERM and SIGINT close the twin, from its first event or stream on. Ending the process stays up to those who listen too, as Next
   * does; where nobody does, the signal ends it once the twin is closed.
   * @default true
   */
  signals?: boolean | undefined;
  /**
   * Revalidates the tags that events name by `@event({ revalidate })`. In Next, pass that of `twinstate/next`.
   * @example import { revalidate } from "twinstate/next";
   */
  revalidate?: Revalidate | undefined;
  /** Gets errors and warnings. @default the console; warnings in development only */
  log?: ((entry: LogEntry) => void) | undefined;
  /**
   * Whether the log shows the arguments of an event that has failed: they may be passwords. A function gives what is shown of them.
   * @default false
   * @example logArguments: (event, args) => (event === "login.signIn" ? ["…"] : args)
   */
  logArguments?: (boolean | ((event: string, args: readonly unknown[]) => readonly unknown[] | undefined)) | undefined;
}

// --- checks at start ---

const KNOWN = new Set([
  "stores",
  "models",
  "context",
  "guard",
  "storage",
  "session",
  "requireSchemas",
  "name",
  "life",
  "origins",
  "build",
  "signals",
  "log",
  "logArguments",
  "proxies",
  "revalidate",
]);
const DAY = 24 * 3600;
const DEFAULTS = {
  eventTimeout: 30_000,
  leaseTime: 5000,
  idle: 60_000,
  grace: 2000,
  closeGrace: 10_000,
  preloadTimeout: 1000,
  maxBody: 1 << 20,
  maxLog: 1 << 20,
  maxQueued: 1 << 20,
  eventRate: 100,
  maxPending: 1000,
  maxWaiting: 10_000,
  maxStreams: 100,
  maxWatches: 200,
  maxSessions: 1000,
  maxHosts: 50_000,
  maxDepth: 100,
  maxValues: 100_000,
  maxAnswers: 64 << 20,
  maxFileSize: 100 << 20,
  maxFiles: 20,
};

/**
 * Checks the options of a twin, and gives them as its runtime takes them: complete, with defaults.
 * @throws StateError that names the option, the store, the model or the field
 */
export function checkOptions(options: TwinOptions<Stores, Models>): RuntimeOptions {
  for (const name of Object.keys(options)) if (!KNOWN.has(name) && !Object.hasOwn(DEFAULTS, name)) throw badOption(name, "is no option of `createTwin`");
  const {
    stores,
    models = {},
    context = () => ({}),
    guard,
    storage = memory(),
    session = {},
    origins = [],
    proxies = 0,
    build,
    signals = true,
    revalidate,
    log,
    logArguments = false,
  } = options;
  if (typeof context !== "function") throw badOption("context", "is not a function: use `defineContext`");
  if (guard !== undefined && typeof guard !== "function") throw badOption("guard", "is not a function");
  if (storage?.["~storage"] !== true) throw badOption("storage", "is no storage: use `memory()`, or another one's factory");
  if (typeof storage.due !== "function") throw badOption("storage", "has no `due()`, which schedules need: see the doc comments of `Storage`");
  if (typeof signals !== "boolean") throw badOption("signals", "is neither `true` nor `false`");
  if (!Number.isInteger(proxies) || proxies < 0) throw badOption("proxies", "is no whole number");
  checkOrigins(origins);
  if (revalidate !== undefined && typeof revalidate !== "function") throw badOption("revalidate", "is not a function: use that of `twinstate/next`");
  const definitions = definitionsOf(stores, models, guard as AppGuard | undefined);
  const unchecked = options.requireSchemas ? uncheckedEvents(definitions.values()) : [];
  if (unchecked.length > 0) throw uncheckedRefused(unchecked);
  const report = reportTo(log);
  const logged = loggedBy(logArguments, report);
  return {
    name: options.name ?? "twin",
    definitions,
    models,
    context,
    storage,
    session: sessionOf(session),
    lives: livesOf(options),
    limits: limitsOf(options),
    origins,
    proxies,
    build,
    signals,
    revalidate,
    report,
    logged,
  };
}

/** The options of the session's cookie. */
function sessionOf({ life: _, ...cookie }: NonNullable<TwinOptions<Stores, Models>["session"]>): SessionOptions {
  for (const name of Object.keys(cookie))
    if (!["secret", "secure", "maxAge"].includes(name)) throw badOption(`session.${name}`, "is no option of `createTwin`");
  return cookie;
}

/** How long state that nobody uses is kept, by scope, in ms. What is kept for good is left out. */
function livesOf({ session = {}, life = {} }: TwinOptions<Stores, Models>): Lives {
  for (const name of Object.keys(life)) if (!["user", "room", "tab"].includes(name)) throw badOption(`life.${name}`, "is no option of `createTwin`");
  const { user = Infinity, room = Infinity, tab = DAY } = life;
  const given = { "session.life": session.life ?? 30 * DAY, "life.user": user, "life.room": room, "life.tab": tab };
  for (const [name, seconds] of Object.entries(given)) if (!(typeof seconds === "number" && seconds > 0)) throw badOption(name, "is no number of seconds");
  const lives = { session: given["session.life"], user, room, tab, "keyed-tab": tab };
  return Object.fromEntries(Object.entries(lives).flatMap(([kind, seconds]) => (seconds < Infinity ? [[kind, seconds * 1000]] : [])));
}

function limitsOf(options: Partial<typeof DEFAULTS>): Bounds {
  for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
    const value = options[name];
    if (value !== undefined && !(typeof value === "number" && value >= 0)) throw badOption(name, "is not a number");
  }
  const limits = Object.fromEntries(Object.entries(DEFAULTS).map(([name, value]) => [name, options[name as keyof typeof DEFAULTS] ?? value]));
  const { maxLog, maxQueued, ...others } = limits as typeof DEFAULTS;
  return { ...others, logBytes: maxLog, streamBytes: maxQueued };
}
