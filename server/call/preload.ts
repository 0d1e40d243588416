import type { WireSchema } from "../../lib/class/schema.js";
import { type EventError, refusal } from "../../lib/errors/errors.js";
import { noSessionInPreload } from "../../lib/errors/setup-errors.js";
import type { Page, PageParams } from "../../lib/event/current.js";
import type { Encoded } from "../../lib/wire/codec.js";
import type { Effect, RefusalParts } from "../../lib/wire/protocol.js";
import { definitionOf, userTagOf, visitorOf } from "../access/access.js";
import { clientAddressOf } from "../access/address.js";
import type { Admission } from "../access/admission.js";
import { type Callers, sessionOf } from "../access/callers.js";
import { asksForPage } from "../access/document.js";
import { locateGuarded, permit } from "../access/permission.js";
import { type Sessions, sessionTagOf } from "../access/session.js";
import { keptCookies } from "../definition/kept-fields.js";
import { type Definition, isKeyed } from "../definition/scope.js";
import type { Caller } from "../host/context.js";
import { Elsewhere, elsewhere, whereverItIs } from "../host/elsewhere.js";
import type { Hosts } from "../host/hosts.js";
import type { Nodes } from "../nodes/nodes.js";
import { errorShapeOf, type Report, told } from "../wire/error-shape.js";
import { redirectIn } from "./redirect.js";

/** One store of a page's preload. */
export type PreloadedStore =
  | {
      readonly store: string;
      readonly key: string | null;
      readonly incarnation: string;
      readonly revision: number;
      readonly snapshot: unknown;
      /** The revision at which the store's containers got new numbers. */
      readonly since?: number;
      /** The audience whose numbers its containers have, if it sees hidden members. */
      readonly audience?: string;
      /** The volatile state, if the store has any. */
      readonly volatile?: unknown;
    }
  | {
      readonly store: string;
      readonly key: string | null;
      readonly refused: RefusalParts;
      /** The address to which the guard leads that has refused it. */
      readonly redirect?: string;
    };

/** What `twin.preload()` has read, for `<TwinPreload state>`. */
export interface PreloadData {
  readonly schema: WireSchema;
  readonly session: string;
  /** Tells the users of a session apart, if somebody is signed in. */
  readonly user?: string;
  /** The context's `visitor`, as an encoded value. */
  readonly visitor?: Encoded;
  readonly stores: readonly PreloadedStore[];
}

/** A page's own props, as `preload` takes them. */
export interface PageProps {
  readonly params?: PageParams | Promise<PageParams>;
  readonly search?: PageParams | Promise<PageParams>;
}

/** The options of `twin.preload`. */
export interface PreloadOptions {
  /**
   * Called for a store that the visitor may not see, as a room that `allow` refuses; not where the server itself has failed. It may throw, as Next's
   * `notFound` and `redirect` do. `to`: the address, if the guard that refuses has called `effect.redirect()`. It decides alone: the page is not redirected
   * then.
   * @default the page is redirected to that address, as by Next's `redirect`; without one, the hook of the store throws the error in the page
   * @example await twin.preload({ board: key }, { refused: notFound })
   * @example await twin.preload({ board: key }, { refused: (error, store, key, to) => (to ? redirect(to) : notFound()) })
   */
  refused?(error: EventError, store: string, key: string | null, to: string | undefined): unknown;
}

interface Server {
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly schema: WireSchema;
  readonly report: Report;
  readonly proxies: number;
  readonly limits: { readonly preloadTimeout: number };
  readonly sessions: Sessions;
  readonly callers: Callers;
  readonly hosts: Hosts;
  readonly admission: Admission;
  readonly nodes: Nodes | undefined;
  contextOf(headers: Headers, session: string | undefined): Promise<object>;
}

/** The visitor whose page is rendered. */
interface PageVisitor {
  readonly caller: Caller;
  /** The request came without a session. */
  readonly isNew: boolean;
  readonly address: string | undefined;
  readonly headers: Headers;
}

/** The stores of which a warning was logged that a page came without a session. */
const warned = new WeakSet<Server>();

/** The committed state of stores for a page, with what it takes to go live from there. */
export async function preload(server: Server, what: Readonly<Record<string, unknown>>, headers: Headers): Promise<PreloadData> {
  const { callers, definitions, proxies, schema, sessions } = server;
  const known = await callers.recognise(headers.get("cookie"));
  const session = known && !known.replaced ? known.id : newSession(sessions, headers);
  if (!known && process.env.NODE_ENV !== "production" && asksForPage(headers) && !warned.has(server)) {
    warned.add(server);
    server.report("warn", noSessionInPreload());
  }
  const caller: Caller = { context: await server.contextOf(headers, session), session: sessionOf(session, undefined), connection: undefined, trusted: false };
  const visitor = { caller, isNew: session !== known?.id, address: clientAddressOf(headers, proxies), headers };
  if (known && !known.replaced) callers.notice(known, caller.context);
  const wanted: [Definition, string | null, Page | undefined][] = [];
  for (const [store, asked] of Object.entries(what)) {
    const definition = definitionOf(definitions, store);
    if (asked === undefined || asked === null || asked === false) continue;
    const page = isPage(asked) ? asked : undefined;
    const keys = page ? page.key : asked;
    for (const key of isKeyed(definition.kind) ? [keys].flat() : [null]) wanted.push([definition, key as string | null, page && (await pageOf(page))]);
  }
  const stores = await Promise.all(wanted.map(([definition, key, page]) => preloaded(server, definition, key, page, visitor)));
  return { schema, session: sessionTagOf(session), ...userTagOf(session, caller.context), ...visitorOf(caller.context), stores };
}

/** The sessions of requests that came without one: the layout and the page of one request preload for the same visitor. */
const made = new WeakMap<Headers, string>();

function newSession(sessions: Sessions, headers: Headers): string {
  const session = made.get(headers) ?? sessions.create();
  made.set(headers, session);
  return session;
}

/** The same of one store, for a page that another node renders. */
export async function preloadFor(server: Server, store: string, key: string | null, page: Page | undefined, headers: Headers, session: string, isNew: boolean) {
  const caller: Caller = { context: await server.contextOf(headers, session), session: sessionOf(session, undefined), connection: undefined, trusted: false };
  return preloaded(server, definitionOf(server.definitions, store), key, page, { caller, isNew, address: clientAddressOf(headers, server.proxies), headers });
}

async function preloaded(server: Server, definition: Definition, key: string | null, page: Page | undefined, visitor: PageVisitor): Promise<PreloadedStore> {
  const store = definition.name;
  let redirect: string | undefined;
  const take = (effects: readonly Effect[]) => {
    redirect = redirectIn(effects);
  };
  try {
    return await whereverItIs(() => readFor(server, definition, key, page, visitor, take));
  } catch (error) {
    return { store, key, refused: told(errorShapeOf(error, server.report)), ...(redirect !== undefined && { redirect }) };
  }
}

/** @throws EventError as the visitor is refused */
async function readFor(
  { admission, hosts, limits, nodes }: Server,
  definition: Definition,
  key: string | null,
  page: Page | undefined,
  { caller, isNew, address, headers }: PageVisitor,
  take: (effects: readonly Effect[]) => void,
): Promise<PreloadedStore> {
  const store = definition.name;
  const id = await locateGuarded(definition, caller, key, take);
  const kept = definition.kept && keptCookies(definition.kept, headers.get("cookie"));
  const host = await (page || kept ? admission.enter(address, id) : hosts.use(id)).catch(elsewhere);
  if (host instanceof Elsewhere) {
    if (!nodes) throw host;
    return await nodes.work.preload(host.node, { store, key, page, head: headers, session: caller.session?.id ?? "", isNew });
  }
  try {
    await permit(definition, host, caller, take);
    // No state is kept of a session that was made for this page alone: nobody will ever ask for it.
    const lasting = page && !(isNew && definition.kind === "session");
    await host.loader.load(store, { caller, page, lasting, bring: kept && host.kept.of(store, kept) });
    await host.settled(store, host.audiences.of(caller), limits.preloadTimeout);
    const { tick, ...state } = await host.read(store, host.audiences.of(caller));
    return { store, key, incarnation: host.incarnation, ...state };
  } finally {
    admission.leave(host);
  }
}

/** Here it is not the visitor who is refused: the server has failed. */
const FAILURES: readonly string[] = ["INTERNAL", "UNAVAILABLE"];

/** Tells the page of stores that were refused, or leads it where the guard of one does. Gives what the page gets. */
export async function answerRefused(data: PreloadData, refused: PreloadOptions["refused"]): Promise<PreloadData> {
  const stores: PreloadedStore[] = [];
  for (const one of data.stores) {
    if (!("refused" in one)) {
      stores.push(one);
      continue;
    }
    const { redirect: to, ...told } = one;
    stores.push(told);
    if (FAILURES.includes(told.refused[0])) continue;
    if (refused) await refused(refusal(...told.refused), told.store, told.key, to);
    else if (to !== undefined) (await import("next/navigation.js")).redirect(to);
  }
  return { ...data, stores };
}

const isPage = (asked: unknown): asked is PageProps & { readonly key?: unknown } => typeof asked === "object" && asked !== null && !Array.isArray(asked);

async function pageOf({ params = {}, search = {} }: PageProps): Promise<Page> {
  return { params: { ...(await params) }, search: { ...(await search) } };
}
