import type { Encoded } from "../lib/wire/codec.js";
import type { InstanceRef } from "../lib/wire/protocol.js";
import type { PreloadedStore } from "../server/call/preload.js";

/** What the vault knows of the server, and whose everything in it is. */
export interface VaultFacts {
  readonly owner: string;
  readonly session: string;
  readonly user: string | undefined;
  /** The schema, and the visitor's text, once states are kept. */
  readonly schema?: unknown;
  readonly visitor?: string | undefined;
}

/** The state of a twin. */
export interface StoredState {
  /** The address of the twin, after the tab if the store belongs to one. */
  readonly address: string;
  readonly owner: string;
  /** When it was written. */
  readonly at: number;
  /** A {@link PreloadedStore}, as JSON. */
  readonly state: string;
}

/** A call that has no answer. */
export interface StoredCall {
  /** Records sort by it, in the order of the calls. */
  readonly id: string;
  readonly owner: string;
  /** The page whose call it is. */
  readonly page: string;
  /** The tab, if the store belongs to one. */
  readonly tab: string | undefined;
  readonly store: string;
  readonly key: string | null;
  readonly event: string;
  readonly args: Encoded;
  readonly on: InstanceRef | undefined;
  /** The record of the call that makes its instance, which of so many. */
  readonly maker: readonly [id: string, index: number, count: number] | undefined;
  /** Since when it may have been sent, and how the server knows it then; `undefined`: it was never sent. */
  readonly sent: { readonly since: number; readonly as: readonly [client: string, i: string, n: number] } | undefined;
}

/** The stores of the database. */
export type StoreName = "facts" | "states" | "calls";
const FACTS = "facts";
const VERSION = 1;
/** How long the database may take to open, and for a transaction, in ms. */
const PATIENCE = 5000;

type Work<R> = (store: (name: StoreName) => IDBObjectStore, done: (result: R) => void) => void;

/** What a client keeps in the browser: a database of IndexedDB. */
export class VaultDatabase {
  readonly #db: IDBDatabase;

  private constructor(db: IDBDatabase) {
    this.#db = db;
    // A page with a later version of this code wants to change it.
    db.onversionchange = () => db.close();
  }

  /** @throws where there is none, it cannot be opened in time, or has a later version. One that is broken is made anew. */
  static async open(factory: IDBFactory, name: string): Promise<VaultDatabase> {
    try {
      return new VaultDatabase(await opened(factory, name));
    } catch (error) {
      if (["VersionError", "TimeoutError", "SecurityError"].includes((error as Error).name)) throw error;
      await settled(factory.deleteDatabase(name));
      return new VaultDatabase(await opened(factory, name));
    }
  }

  /**
   * Runs requests in one transaction. Resolves to what it was `done` with, once everything is written.
   * @throws the error of the transaction; nothing of it is written then
   */
  run<R = void>(mode: IDBTransactionMode, work: Work<R>): Promise<R> {
    const ran = new Promise<R>((resolve, reject) => {
      const transaction = this.#db.transaction(["facts", "states", "calls"] satisfies StoreName[], mode);
      let result: R;
      transaction.oncomplete = () => resolve(result);
      transaction.onabort = () => reject(transaction.error ?? new DOMException("The transaction was aborted.", "AbortError"));
      work(
        (name) => transaction.objectStore(name),
        (value) => {
          result = value;
        },
      );
    });
    return inTime(ran);
  }

  /** Runs `work` if everything here is `owner`'s. Resolves to whether it is. */
  runAs(owner: string, work: (store: (name: StoreName) => IDBObjectStore, facts: VaultFacts) => void): Promise<boolean> {
    return this.run("readwrite", (store, done) => {
      const request: IDBRequest<VaultFacts | undefined> = store("facts").get(FACTS);
      request.onsuccess = () => {
        const facts = request.result;
        const own = facts?.owner === owner;
        done(own);
        if (own) work(store, facts);
      };
    });
  }

  facts(): Promise<VaultFacts | undefined> {
    return this.run("readonly", (store, done) => take(store("facts").get(FACTS), done));
  }

  /** Makes everything here an owner's. What another one has left is deleted. Resolves to whether there was such a thing. */
  claim(facts: VaultFacts): Promise<boolean> {
    return this.run("readwrite", (store, done) => {
      const request: IDBRequest<VaultFacts | undefined> = store("facts").get(FACTS);
      request.onsuccess = () => {
        const other = request.result?.owner !== facts.owner;
        done(other && request.result !== undefined);
        if (!other) return;
        store("states").clear();
        store("calls").clear();
        store("facts").put(facts, FACTS);
      };
    });
  }

  /** The states of addresses, as far as they are an owner's. */
  states(owner: string, addresses: readonly string[]): Promise<PreloadedStore[]> {
    const found: PreloadedStore[] = [];
    return this.run("readonly", (store, done) => {
      done(found);
      for (const address of addresses) {
        take<StoredState | undefined>(store("states").get(address), (record) => {
          if (record?.owner === owner) found.push(JSON.parse(record.state) as PreloadedStore);
        });
      }
    });
  }

  /** Writes states, and what goes with them; only the latest `most` are kept. */
  save(owner: string, records: readonly StoredState[], facts: Pick<VaultFacts, "schema" | "visitor">, most: number): Promise<boolean> {
    return this.runAs(owner, (store, known) => {
      store("facts").put({ ...known, ...facts } satisfies VaultFacts, FACTS);
      const states = store("states");
      for (const record of records) states.put(record);
      take<IDBValidKey[]>(states.index("at").getAllKeys(), (keys) => {
        for (const key of keys.slice(0, -most)) states.delete(key);
      });
    });
  }

  close(): void {
    this.#db.close();
  }
}

function take<T>(request: IDBRequest, use: (result: T) => void): void {
  request.onsuccess = () => use(request.result as T);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error as Error);
  });
}

/** Opens the database, and makes its stores where it is new. */
function opened(factory: IDBFactory, name: string): Promise<IDBDatabase> {
  const request = factory.open(name, VERSION);
  request.onupgradeneeded = () => {
    const db = request.result;
    db.createObjectStore("facts" satisfies StoreName);
    db.createObjectStore("states" satisfies StoreName, { keyPath: "address" }).createIndex("at", "at");
    db.createObjectStore("calls" satisfies StoreName, { keyPath: "id" });
  };
  return inTime(settled(request));
}

/** Some browsers leave a database without an answer. */
async function inTime<R>(work: Promise<R>): Promise<R> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DOMException("The database does not answer.", "TimeoutError")), PATIENCE);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
