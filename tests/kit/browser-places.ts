import { IDBFactory } from "fake-indexeddb";
import type { OfflinePlaces } from "../../client/options.js";

/** A page's part of a browser's places. */
export interface PagePlaces extends Required<OfflinePlaces> {
  /** The page is gone at once: nothing more is written, and its locks are free. */
  kill(): void;
  /** From now on its database takes nothing, and says nothing. */
  stall(): void;
  /** From now on nothing can be written: the disk is full. */
  fill(): void;
}

interface Lock {
  readonly name: string;
  readonly page: object;
  free(): void;
}

/** The databases and locks of one browser, for pages that may be killed. */
export class BrowserPlaces {
  readonly factory = new IDBFactory();
  #held: Lock[] = [];
  #waiting: { readonly name: string; readonly page: object; begin(): void }[] = [];
  /** The pages that were made, in order. */
  readonly pages: PagePlaces[] = [];

  page(): PagePlaces {
    const page = {};
    const life = new AbortController();
    const state = { stalled: false, full: false };
    const places: PagePlaces = {
      indexedDB: this.#databases(life.signal, state),
      stall: () => void (state.stalled = true),
      fill: () => void (state.full = true),
      locks: this.#locks(page),
      kill: () => {
        life.abort();
        this.#waiting = this.#waiting.filter((one) => one.page !== page);
        for (const lock of this.#held.filter((one) => one.page === page)) lock.free();
      },
    };
    this.pages.push(places);
    return places;
  }

  #databases(life: AbortSignal, state: { readonly stalled: boolean; readonly full: boolean }): IDBFactory {
    const open = (...name: Parameters<IDBFactory["open"]>) => {
      const request = this.factory.open(...name);
      request.addEventListener("success", () => {
        const db = request.result;
        const transaction = db.transaction.bind(db);
        db.transaction = (...what) => {
          if (life.aborted) throw new DOMException("The page is gone.", "InvalidStateError");
          if (state.stalled) return SILENT;
          const made = transaction(...what);
          if (state.full && what[1] === "readwrite") {
            queueMicrotask(() => made.abort());
            Object.defineProperty(made, "error", { value: new DOMException("The disk is full.", "QuotaExceededError") });
          }
          life.addEventListener("abort", () => {
            try {
              made.abort();
            } catch {}
          });
          return made;
        };
      });
      return request;
    };
    const factory = this.factory;
    return { open, deleteDatabase: (name: string) => factory.deleteDatabase(name) } as IDBFactory;
  }

  #locks(page: object): LockManager {
    const request = (name: string, run: (lock: { name: string }) => unknown) =>
      new Promise<unknown>((resolve, reject) => {
        const begin = () => {
          let over = false;
          const lock: Lock = {
            name,
            page,
            free: () => {
              if (over) return;
              over = true;
              this.#held = this.#held.filter((one) => one !== lock);
              const next = this.#waiting.findIndex((one) => one.name === name);
              if (next >= 0) this.#waiting.splice(next, 1)[0]?.begin();
            },
          };
          this.#held.push(lock);
          Promise.resolve()
            .then(() => run({ name }))
            .then(resolve, reject)
            .finally(lock.free);
        };
        if (this.#held.some((lock) => lock.name === name)) this.#waiting.push({ name, page, begin });
        else begin();
      });
    const query = async () => ({ held: this.#held.map(({ name }) => ({ name })), pending: [] });
    return { request, query } as unknown as LockManager;
  }
}

/** A transaction of which nothing is heard. */
const SILENT = { objectStore: () => new Proxy({}, { get: () => () => ({}) }) } as unknown as IDBTransaction;
