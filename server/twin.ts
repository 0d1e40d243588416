import type { Server } from "node:http";
import type { AppContext } from "../lib/class/register.js";
import { noRevalidate } from "../lib/errors/server-code-errors.js";
import { otherTwin, uncheckedWarning } from "../lib/errors/setup-errors.js";
import type { ExportedStore, Whose } from "./call/data.js";
import { answerRefused, type PageProps, type PreloadOptions } from "./call/preload.js";
import { requestHeaders } from "./call/request.js";
import { createHandle, type Handle } from "./call/store-handle.js";
import { uncheckedEvents } from "./definition/arguments.js";
import { checkHooks } from "./definition/oversights.js";
import { type KindOf, labelOf, type Models, type Stores } from "./definition/scope.js";
import { type AttachOptions, attachTo } from "./http/attach.js";
import type { Handler } from "./http/fetch-handler.js";
import { type OpenApi, type OpenApiOptions, openApiOf } from "./http/openapi.js";
import type { TwinRouter } from "./http/router.js";
import { Runtime, type RuntimeOptions } from "./runtime.js";
import type { MigrationReport } from "./storage/migration.js";
import { checkOptions, type TwinOptions } from "./twin-options.js";

// --- types ---

/** State of stores for a page: what `<TwinPreload state={…}>` takes. */
export interface Preload<S> {
  readonly "~preload": S;
}

/** What a page asks for of a store. Which tab it comes to is not known while it is rendered. */
type PreloadOf<Kind> = Kind extends "room"
  ? string | readonly string[] | (PageProps & { readonly key: string })
  : Kind extends "keyed-tab"
    ? never
    : true | PageProps;

/** What a twin has beside its stores: handlers, router, preload, data, and its end. */
export interface TwinServer<S, M = {}> {
  /** The route handlers, for `app/api/twin/[...path]/route.ts`: `export const { GET, POST } = twin.handlers`, and `OPTIONS` where there are `origins`. */
  readonly handlers: { readonly GET: Handler; readonly POST: Handler; readonly OPTIONS: Handler };
  /**
   * Each event as a tRPC mutation: `todo.add`, with the input `{ args: ["milk"] }`. An event of an instance is `todo.Item.toggle`, with the input
   * `{ on: [incarnation, revision, number], args: [] }`.
   */
  readonly router: TwinRouter<S, M>;
  /**
   * The state with which a page begins, for the visitor whose request is being rendered.
   * With the page's `params` and `search`, as Next gives them, the store's `onLoad(page)` runs for this page first, and what it changes is part of the page.
   * @example
   * <TwinPreload state={await twin.preload({ todo: true, board: "sprint-42" })}>
   * <TwinPreload state={await twin.preload({ results: { params, search: searchParams } })}>
   * <TwinPreload state={await twin.preload({ board: key }, { refused: notFound })}>
   */
  preload(what: { readonly [K in keyof S]?: PreloadOf<KindOf<S[K]>> }, options?: PreloadOptions): Promise<Preload<S>>;
  /** The stores for another caller, or where there is no request (cron). */
  as(context: AppContext): { readonly [K in keyof S]: Handle<S[K]> };
  /**
   * Describes the events that clients may call by plain POST requests, as an OpenAPI 3.1 document. Nothing serves it unless a route of the app does. It names
   * the events of all stores, also of those that guards refuse to some callers.
   * @example export const GET = () => Response.json(twin.openapi({ title: "Tasks" })); // app/api/openapi.json/route.ts
   */
  openapi(options?: OpenApiOptions): OpenApi;
  /**
   * Gives all stored data of a user or a session: of each store all fields, private ones too. Rooms and other shared stores are the app's to search.
   * @example const data = await twin.$export({ user: "ann" });
   */
  $export(whose: Whose): Promise<readonly ExportedStore[]>;
  /** Deletes the data of a user or a session. Open pages see its stores begin again. */
  $erase(whose: Whose): Promise<void>;
  /**
   * Brings all stored data to the versions of its classes. Loading a store does so too; this does it ahead, before anything is served, or, with `dryRun`,
   * only checks whether it can be done, and changes nothing.
   * @example const { failed } = await twin.$migrate({ dryRun: true });
   */
  $migrate(options?: { dryRun?: boolean }): Promise<MigrationReport>;
  /**
   * Checks access again: of a user, a session, or everybody. Their streams end, come back by themselves, and are whoever `context` then says: so the access
   * of a user ends on all devices when you have ended their sign-ins, wherever you keep those. Rooms ask `allow` by themselves when they change, and
   * streams of a browser in which somebody else
   * signs in come back without it.
   * @example await db.signIns.delete({ user }); twin.$recheck({ user });
   */
  $recheck(whose?: Whose): void;
  /**
   * Begins what needs no visitor: schedules run from now on. The first request does so too.
   * @example export async function register() { (await import("./state/server")).twin.$start(); } // instrumentation.ts
   */
  $start(): void;
  /**
   * Lets streams come over WebSockets too, on the server's own port. Needs the package `ws`. Gives what ends it. For a custom server of Next's there is
   * `attach`.
   * @throws StateError where `ws` is not installed
   * @example await twin.attach(server);
   */
  attach(server: Server, options?: AttachOptions): Promise<() => void>;
  /**
   * Refuses new events (clients send them again, elsewhere), lets running ones end within `closeGrace`, ends all streams, and saves all state. SIGTERM and
   * SIGINT do so by themselves, unless the option `signals` is `false`.
   * @example await twin.close();
   */
  close(): Promise<void>;
  readonly "~stores": S;
  readonly "~models": M;
}
/** What `createTwin` returns: the server, and a handle for each store. */
export type TwinApp<S, M = {}> = TwinServer<S, M> & { readonly [K in keyof S]: Handle<S[K]> };

// --- the facade ---

// Next evaluates the app's module, and this one, in several module graphs of one process: they share the runtime. A twin has it by the same symbol, for the
// doors that are entries of their own.
const RUNTIME = Symbol.for("twinstate.runtime");

/**
 * The server side of the app's state: its stores, whose they are, and who calls.
 * @example
 * export const twin = createTwin({ stores: { todo: Todo, board: scope.room(Board, { allow: ({ user }) => !!user }) }, context });
 */
export function createTwin<S extends Stores, M extends Models = {}>(options: TwinOptions<S, M>): TwinApp<S, M> {
  const { name = "twin" } = options;
  const checked = checkOptions(options as TwinOptions<Stores, Models>);
  const runtime = runtimeOf(name, checked, options.requireSchemas === true);
  const handles = (context?: object) =>
    Object.fromEntries([...checked.definitions].map(([store, { kind }]) => [store, createHandle(runtime, store, kind, context)]));
  return Object.defineProperties(handles(), {
    handlers: { value: { GET: runtime.serve, POST: runtime.serve, OPTIONS: runtime.serve } },
    router: { get: () => runtime.router },
    preload: {
      value: async (what: Record<string, unknown>, { refused }: PreloadOptions = {}) =>
        answerRefused(await runtime.preload(what, await requestHeaders("twin.preload()")), refused),
    },
    as: { value: handles },
    openapi: { value: (options?: OpenApiOptions) => openApiOf(runtime.definitions, options) },
    [RUNTIME]: { value: runtime },
    $export: { value: (whose: Whose) => runtime.data.export(whose) },
    $erase: { value: (whose: Whose) => runtime.data.erase(whose) },
    $recheck: {
      value: (whose?: Whose) => {
        runtime.streams.recheck(whose);
        runtime.nodes?.recheck(whose);
      },
    },
    $start: { value: () => runtime.scheduler.start() },
    $migrate: { value: ({ dryRun = false } = {}) => runtime.data.migrate(dryRun) },
    attach: {
      value: async (server: Server, options: AttachOptions = {}) => {
        const stop = await attachTo(server, () => runtime, options);
        const end = () => {
          runtime.ends.delete(end);
          stop();
        };
        runtime.ends.add(end);
        return end;
      },
    },
    close: {
      value: async () => {
        if (runtimes().get(name) === runtime) runtimes().delete(name);
        await runtime.close();
      },
    },
  }) as unknown as TwinApp<S, M>;
}

/**
 * Does what `twin.attach()` does, for a server file that cannot import the app's module, as a custom server of Next's: it finds the twin of the process by
 * its name.
 * @example await attach(server);
 */
export function attach(server: Server, { name = "twin", ...options }: AttachOptions & { name?: string } = {}): Promise<() => void> {
  return attachTo(server, () => runtimes().get(name), options);
}

function runtimes(): Map<string, Runtime> {
  const shared = globalThis as unknown as { [RUNTIME]?: Map<string, Runtime> };
  shared[RUNTIME] ??= new Map();
  return shared[RUNTIME];
}

function runtimeOf(name: string, options: RuntimeOptions, requireSchemas: boolean): Runtime {
  if (process.env.NODE_ENV !== "production") for (const definition of options.definitions.values()) checkHooks(definition, options.report);
  const found = runtimes().get(name);
  if (process.env.NODE_ENV !== "production" && !options.revalidate) warnOfTags(options);
  if (found) {
    if (process.env.NODE_ENV === "production") {
      if (namesOf(options) !== namesOf(found)) throw otherTwin(name);
    } else {
      if (!isNextVersion(options, found)) options.report("warn", otherTwin(name));
      found.adopt(options);
    }
    return found;
  }
  const unchecked = uncheckedEvents(options.definitions.values());
  if (unchecked.length > 0 && !requireSchemas) options.report("warn", uncheckedWarning(unchecked));
  const runtime = new Runtime(options);
  runtimes().set(name, runtime);
  return runtime;
}

/** A module that is hot reloaded has stores or classes of the same names. Another one, that makes a twin of its own, has not. */
function isNextVersion({ definitions }: RuntimeOptions, found: Runtime): boolean {
  const classes = new Set([...found.definitions.values()].map(({ Class }) => Class.name));
  return [...definitions].some(([store, { Class }]) => found.definitions.has(store) || classes.has(Class.name));
}

/** Tags that nobody revalidates leave pages old. */
function warnOfTags({ definitions, report }: RuntimeOptions): void {
  const owners = [...definitions.values()].flatMap((definition) => [definition, ...definition.models.values()]);
  const events = owners.flatMap((owner) => [...owner.schema.events.values()].filter(({ revalidate }) => revalidate).map((event) => labelOf(owner, event)));
  if (events.length > 0) report("warn", noRevalidate(events));
}

const namesOf = ({ definitions }: Pick<RuntimeOptions, "definitions">) => [...definitions.keys()].toSorted().join();
