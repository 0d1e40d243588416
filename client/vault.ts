import type { Classes } from "../lib/class/view-registry.js";
import { cancelled } from "../lib/errors/errors.js";
import { vaultFailed } from "../lib/errors/offline-errors.js";
import { snapshotOf } from "../lib/mirror/mirror-snapshot.js";
import type { PreloadData, PreloadedStore } from "../server/call/preload.js";
import type { Granted } from "./connection.js";
import { engine } from "./lazy-prediction.js";
import type { ClientOptions } from "./options.js";
import type { OutboxEntry } from "./outbox.js";
import type { ServerFacts } from "./server-facts.js";
import type { Cell } from "./status.js";
import type { LiveTwin, Position } from "./twin.js";
import { type CallsWorld, VaultCalls } from "./vault-calls.js";
import { type StoredState, VaultDatabase, type VaultFacts } from "./vault-database.js";
import type { Visiting } from "./visitor.js";

/** How often states are written at most, in ms. */
const PAUSE = 1000;
/** How many times as long as writing takes the vault pauses after it. */
const REST = 20;
/** How often the vault looks for twins that wait, while the server cannot be reached, in ms. */
const LOOK = 100;
/** How many states are kept: those that were written last. */
const MOST_STATES = 100;
/** The cache of whole pages that OFFLINE.md's service worker fills: pages show whose they are. */
const PAGES = "twinstate-pages";

export interface VaultWorld extends CallsWorld {
  readonly options: Pick<ClientOptions, "offline" | "url"> & { readonly stores?: Classes | undefined; readonly models?: Classes | undefined };
  readonly server: ServerFacts;
  readonly twins: ReadonlyMap<string, LiveTwin>;
  readonly visitor: Pick<Cell<Visiting>, "current">;
  preload(state: PreloadData): void;
}

/** @throws where the browser has no place for it */
export async function openVault(world: VaultWorld): Promise<Vault> {
  const { offline, url } = world.options;
  const { indexedDB, locks = globalThis.navigator?.locks } = { indexedDB: globalThis.indexedDB, ...(offline as object) } as Exclude<
    typeof offline,
    boolean | undefined
  >;
  if (!indexedDB || !locks) throw new TypeError(`There are no ${indexedDB ? "Web Locks" : "databases"}.`);
  const name = `twinstate ${url}`;
  return new Vault(world, await VaultDatabase.open(indexedDB, name), locks, name);
}

const ownerOf = (session: string, user = "") => `${session} ${user}`;

/** Keeps the states of twins and the calls of an outbox for the next page, which may have no network. */
export class Vault {
  readonly #world: VaultWorld;
  readonly #db: VaultDatabase;
  readonly #calls: VaultCalls;
  /** The owner of the page: the server has said so, or could not be reached. */
  #owner: string | undefined;
  /** The page shows what was kept, and the server has not said yet whose it is. */
  #restored: VaultFacts | undefined;
  /** The server cannot be reached. */
  #away = true;
  /** Calls may be taken over once the schema is known. */
  #due = false;
  #last: Promise<void> = Promise.resolve();
  #looking: ReturnType<typeof setInterval> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When states may be written again. */
  #next = 0;
  /** The positions of the twins that are written. Those are the owner's of which the owner's stream has told. */
  #saved = new WeakMap<LiveTwin, Position | undefined>();
  #full = false;
  readonly #life = new AbortController();

  constructor(world: VaultWorld, db: VaultDatabase, locks: LockManager, name: string) {
    this.#world = world;
    this.#db = db;
    this.#calls = new VaultCalls(world, db, locks, name, () => this.#isAway());
    const { signal } = this.#life;
    const on = (event: string, listener: () => void) => globalThis.addEventListener?.(event, listener, { signal, capture: true });
    on("online", () => world.outbox.sender?.flush());
    on("pagehide", () => this.#save());
    on("visibilitychange", () => {
      if (document.hidden) this.#save();
      // Another tab may have gone with calls.
      else if (!this.#isAway()) void this.#calls.takeOver(this.#owner as string).catch(() => {});
    });
  }

  #isAway(): boolean {
    return this.#away || globalThis.navigator?.onLine === false;
  }

  /** The server can be reached, and has said who asks. Resolves when the stream may begin. */
  confirm(granted: Granted): Promise<void> {
    return this.#inTurn(() => this.#confirm(granted));
  }

  /** The server could not be reached; `answered`: it has refused the client. */
  failed(answered: boolean): Promise<void> {
    return this.#inTurn(() => this.#fail(answered));
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(work).catch((error: unknown) => {
      this.#away = false;
      this.#giveUp(error);
    });
    return this.#last;
  }

  async #confirm({ session, user }: Granted): Promise<void> {
    const { outbox, server } = this.#world;
    const owner = ownerOf(session, user);
    // What was called on somebody else's state is nobody's now.
    if (this.#restored && this.#owner !== owner) for (const entry of [...outbox.entries]) outbox.reject(entry, cancelled());
    if (await this.#db.claim({ owner, session, user })) {
      this.#calls.forget();
      await globalThis.caches?.delete(PAGES);
    }
    // A twin may show the state of somebody else, until the stream tells of it.
    if (this.#owner !== owner) this.#saved = new WeakMap();
    this.#owner = owner;
    this.#restored = undefined;
    clearInterval(this.#looking);
    this.#away = false;
    this.#due = !server.schema;
    if (!this.#due) await this.#calls.takeOver(owner, true);
    this.#calls.sync();
    outbox.sender?.flush();
    await this.#calls.repeated();
  }

  async #fail(answered: boolean): Promise<void> {
    const { options, outbox, server, twins } = this.#world;
    this.#away = !answered || this.#restored !== undefined;
    if (!this.#away) outbox.sender?.flush();
    if (answered || this.#owner !== undefined) return;
    const facts = await this.#db.facts();
    if (!facts?.schema || (server.session !== undefined && ownerOf(server.session, server.user) !== facts.owner)) return;
    this.#owner = facts.owner;
    this.#restored = facts;
    if (options.stores ?? options.models) await engine.load();
    await this.#fill([...twins.values()]);
    if (this.#life.signal.aborted) return;
    // Components that come later want theirs, too.
    this.#looking = setInterval(() => {
      const waiting = [...twins.values()].filter((twin) => twin.state === "waiting");
      if (waiting.length > 0) this.#fill(waiting).catch(() => {});
    }, LOOK);
    await this.#calls.takeOver(facts.owner, true);
  }

  /** Shows what was kept of twins, as long as the server cannot be reached. */
  async #fill(twins: readonly LiveTwin[]): Promise<void> {
    if (!this.#restored) return;
    const { owner, schema, session, user, visitor } = this.#restored;
    const addresses = twins.map((twin) => this.#calls.addressOf(twin, schema as PreloadData["schema"]));
    const stores = await this.#db.states(owner, addresses);
    if (!this.#restored) return;
    this.#world.preload({ schema, session, user, visitor: visitor && JSON.parse(visitor), stores } as PreloadData);
  }

  /** Whether a call must not be sent yet. */
  holds(entry: OutboxEntry): boolean {
    return this.#isAway() || this.#calls.holds(entry);
  }

  /** Twins may have changed: they are written in a while. */
  keep(): void {
    if (this.#away || this.#full) return;
    if (this.#due && this.#world.server.schema) {
      this.#due = false;
      void this.#calls.takeOver(this.#owner as string).catch(() => {});
    }
    this.#timer ??= setTimeout(() => this.#save(), Math.max(PAUSE, this.#next - performance.now()));
  }

  #save(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { server, visitor } = this.#world;
    if (this.#away || this.#full || !server.schema) return;
    const began = performance.now();
    const records = [...this.#world.twins.values()].flatMap((twin) => this.#recordOf(twin) ?? []);
    this.#next = performance.now() + REST * (performance.now() - began);
    if (records.length === 0) return;
    const facts = { schema: server.schema, visitor: visitor.current.text };
    this.#db.save(this.#owner as string, records, facts, MOST_STATES).catch((error: unknown) => {
      this.#full = true;
      this.#giveUp(error);
    });
  }

  #recordOf(twin: LiveTwin): StoredState | undefined {
    const { at, have } = twin;
    if (twin.synced && !this.#saved.has(twin)) this.#saved.set(twin, undefined);
    if (twin.state !== "ready" || !at || !have || !this.#saved.has(twin) || this.#saved.get(twin) === at) return undefined;
    this.#saved.set(twin, at);
    const { store, key } = twin;
    const [incarnation, revision, audience] = at;
    let state: PreloadedStore | undefined;
    // Without the predictions.
    engine.change(twin, () => {
      state = { store, key, incarnation, revision, ...(audience !== undefined && { audience }), ...snapshotOf(twin.mirror) };
    });
    const address = this.#calls.addressOf(twin, this.#world.server.schema as PreloadData["schema"]);
    return { address, owner: this.#owner as string, at: Date.now(), state: JSON.stringify(state) };
  }

  #giveUp(error: unknown): void {
    if (process.env.NODE_ENV !== "production" && !this.#life.signal.aborted) console.warn(vaultFailed(error));
    this.#world.outbox.sender?.flush();
  }

  async close(): Promise<void> {
    this.#life.abort();
    clearInterval(this.#looking);
    this.#save();
    await this.#calls.close();
    this.#db.close();
  }
}
