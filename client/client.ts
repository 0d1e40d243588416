import { createTRPCUntypedClient, httpBatchStreamLink } from "@trpc/client";
import type { AnyTRPCRouter } from "@trpc/server";
import { type EventError, lostCode, unnamed } from "../lib/errors/errors.js";
import { atomically } from "../lib/graph/batch.js";
import { Signal } from "../lib/graph/signal.js";
import type { Snapshot } from "../lib/wire/codec.js";
import { ANSWER_WAIT } from "../lib/wire/protocol.js";
import type { PreloadData } from "../server/call/preload.js";
import { loadOnline } from "./chunks.js";
import { ServerConnection } from "./connection.js";
import { type Inspection, inspect } from "./inspection.js";
import type { BrowserClasses, ClientOptions } from "./options.js";
import { Outbox } from "./outbox.js";
import type { PresenceClient, PresenceWorld } from "./presence.js";
import type { Receiver } from "./receiver.js";
import { toldBy } from "./refusal.js";
import { type Scope, scopeName } from "./scope.js";
import type { ServerFacts } from "./server-facts.js";
import type { Taker } from "./socket.js";
import { type Cell, createCell, createStatus, type Status } from "./status.js";
import { addressOf, LiveTwin, type Twin, type TwinWorld } from "./twin.js";
import type { Visiting } from "./visitor.js";

type Online = Awaited<ReturnType<typeof loadOnline>>;

/** The twins of one tab, and their connection to the server. */
export interface Client {
  /** The twin of a store, for rooms by key. The same one while it is used or lingers; nothing is fetched before it is used. */
  twin(store: string, key?: string | null): Twin;
  /** Takes what a page was rendered with. What is older than the twin, or of another session, is ignored. */
  preload(state: PreloadData): void;
  readonly status: Status;
  /** The visitor, as the server knows them. */
  readonly visitor: Cell<Visiting>;
  /** Calls back for each call that fails and that nobody awaits. */
  onError(listener: (error: EventError) => void): () => void;
  /** Calls back for each effect that an event has in this browser, after what it changed is shown. */
  onEffect(listener: (name: string, args: readonly unknown[]) => void): () => void;
  /** What this tab shows of itself to others, once it is loaded. */
  presence?: PresenceClient;
  readonly parts: ClientParts;
  /** Ends the connection. Calls that have no answer are rejected. */
  close(): void;
}

/** What code that a page loads later needs of a client. */
interface ClientParts extends PresenceWorld {
  /** Gives an effect to those who listen. */
  readonly effects: Pick<Signal<[name: string, args: readonly unknown[]]>, "tell">;
}

/** Makes a client. It does no I/O before one of its twins is used. */
export function createClient(options: ClientOptions & BrowserClasses = {}): Client {
  const { linger = 30_000, maxPending = 1000 } = options;
  const url = (options.url ?? "/api/twin").replace(/\/$/, "");
  const ownFetch = options.fetch !== undefined;
  options = { ...options, url };
  const get: typeof fetch = async (url, init) => {
    // The twin's route may be of another origin.
    const response = await (options.fetch ?? fetch)(url, { ...init, credentials: "include" });
    if (response.ok || response.status >= 500 || response.headers.get("content-type")?.includes("json")) return response;
    throw unnamed(response.status);
  };
  // A line may be dead without a sign.
  const patient: typeof fetch = (url, init) => get(url, { ...init, signal: AbortSignal.any([init?.signal ?? [], AbortSignal.timeout(ANSWER_WAIT)].flat()) });
  const taker: Taker = {};
  /** Asks the server: so many calls in one request, at most. */
  const asking = (maxItems: number) =>
    createTRPCUntypedClient<AnyTRPCRouter>({ links: [httpBatchStreamLink({ url, fetch: patient as never, maxItems, maxURLLength: 2000 })] });
  const trpc = asking(100);
  const twins = new Map<string, LiveTwin>();
  const scopes = new Map<string, Scope>();
  const errors = new Signal<[error: EventError]>();
  const effects = new Signal<[name: string, args: readonly unknown[]]>();
  const status = createStatus();
  const visitor = createCell<Visiting>({});
  let inspection: Inspection | undefined;
  if (process.env.NODE_ENV !== "production") {
    inspection = inspect(status, twins, options);
    options = inspection.network?.options ?? options;
  }
  const server: ServerFacts = { schema: undefined, session: undefined, greeted: false, refusals: 0 };
  let closed = false;
  let missed = 0;
  let receiver: Receiver | undefined;

  const connection = new ServerConnection({
    options,
    load,
    trpc,
    // So whatever comes by the stream finds it loaded.
    stream: async (...how) => (await load().catch(missing)).openStream(outbox, ...how),
    kept: (twin) => receiver?.keeper.kept(twin),
    receive: (message) => receiver?.receive(message),
    lost: () => receiver?.lost(),
    status,
    failed: (error) =>
      void load().then(
        () => receiver?.failed(error),
        () => {},
      ),
  });

  const outbox = new Outbox({
    url,
    get,
    ownFetch,
    trpc,
    one: asking(1),
    taker,
    connection,
    scopeOf,
    status,
    limit: maxPending,
    known: options,
    visitor,
    unheard,
  });

  if (process.env.NODE_ENV !== "production") outbox.news = inspection?.news;

  /** Loads what runs once there is a stream. Calls wait for it too. */
  async function load(): Promise<Online> {
    const online = await loadOnline();
    if (!receiver) {
      const sender = new online.Sender(outbox, effects);
      receiver = new online.Receiver({ server, twins, scopes, effects, twinAt, preload, inspection }, outbox, sender);
      outbox.sender = sender;
      sender.flush();
    }
    return online;
  }

  /** The code did not come, though the server has answered. After the second time in a row, a deploy has removed it: only another page can go on. */
  function missing(cause: unknown): never {
    if (missed++) {
      end(lostCode());
      status.update({ status: "outdated" });
    }
    throw cause;
  }

  function end(error?: ReturnType<typeof lostCode>): void {
    connection.close();
    outbox.close(error);
    for (const twin of twins.values()) {
      if (!error) twin.close();
      else if (twin.state === "waiting") twin.refuse(error);
    }
  }

  function unheard(error: EventError): void {
    if (QUIET.has(error.code)) return;
    if (errors.heard) errors.tell(error);
    else console.error("twinstate:", error);
  }

  const world: TwinWorld = {
    url,
    server,
    linger,
    known: options,
    begin: (...call) => outbox.begin(...call),
    watch(twin) {
      if (closed) return;
      // A twin that was forgotten may come back with components that still hold it.
      const address = addressOf(twin);
      if (!twins.has(address)) twins.set(address, twin);
      connection.watch(twin);
    },
    forget(twin) {
      connection.unwatch(twin);
      twin.synced = false;
      const address = addressOf(twin);
      if (twins.get(address) === twin) twins.delete(address);
      if (process.env.NODE_ENV !== "production") inspection?.news.tell({ what: "twins" });
    },
  };

  function twinAt(store: string, key: string | null = null): LiveTwin {
    const address = addressOf({ store, key });
    let twin = twins.get(address);
    if (!twin) {
      twin = new LiveTwin(world, store, key);
      twins.set(address, twin);
      if (process.env.NODE_ENV !== "production") inspection?.news.tell({ what: "twins" });
    }
    return twin;
  }

  function scopeOf({ store, key }: LiveTwin): Scope | undefined {
    const name = server.schema && scopeName(server.schema, store, key);
    if (name === undefined) return undefined;
    let scope = scopes.get(name);
    if (!scope) {
      scope = { incarnation: undefined, last: new Map() };
      scopes.set(name, scope);
    }
    return scope;
  }

  function preload(data: PreloadData): void {
    if (server.session !== undefined && data.session !== server.session) return;
    server.session ??= data.session;
    server.user ??= data.user;
    server.schema ??= data.schema;
    // The stream knows better.
    if (!server.greeted) visitor.update({ text: JSON.stringify(data.visitor) });
    const rendered: LiveTwin[] = [];
    atomically(() => {
      for (const one of data.stores) {
        const twin = twinAt(one.store, one.key);
        if ("refused" in one) {
          if (twin.state === "waiting") twin.refuse(toldBy(one.refused));
          continue;
        }
        const scope = scopeOf(twin);
        if (scope) scope.incarnation ??= one.incarnation;
        if (twin.fill([one.incarnation, one.revision, one.audience], one.snapshot as Snapshot, one.since, one.volatile as Snapshot)) rendered.push(twin);
      }
    });
    for (const twin of rendered) twin.rendered();
  }

  return {
    twin: twinAt,
    parts: { connection, server, twins, trpc, effects, unheard },
    status,
    visitor,
    preload,
    onError: errors.subscribe,
    onEffect: effects.subscribe,
    close() {
      closed = true;
      end();
    },
  };
}

/** Calls that end so were ended on purpose: that nobody awaits them is no failure. */
export const QUIET: ReadonlySet<string> = new Set(["CANCELLED", "SUPERSEDED", "DROPPED"]);
