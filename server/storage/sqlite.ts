import { resolve } from "node:path";
import type { Worker } from "node:worker_threads";
import { StateError } from "../../lib/errors/errors.js";
import { closedStorage, needsSqlite, threadEnded } from "../../lib/errors/storage-errors.js";
import { inSlices } from "../task/slices.js";
import type { Order, PackedHost, Reply } from "./packed.js";
import { pack, packCommits, unpack } from "./packing.js";
import type { CommitRecord, HostRecord } from "./records.js";
import type { DueHost, LoadedHost, Storage } from "./storage.js";
import { startThread } from "./thread.js";

/** The storage of `sqlite(file)`, with what only it has. */
export interface SqliteStorage extends Storage {
  load(id: string): Promise<LoadedHost | undefined>;
  append(id: string, commits: readonly CommitRecord[]): Promise<void>;
  save(id: string, record: HostRecord): Promise<void>;
  rest(): Promise<void>;
  close(): Promise<void>;
  /**
   * Copies the file while it is in use, as it is at one instant. The copy is a file like the original: to restore, stop the
   * server and put it in the original's place, without the files beside it that end in `-wal` and `-shm`.
   * @throws StateError `STORAGE` when the copy cannot be written
   * @example await storage.backup("backups/monday.db")
   */
  backup(to: string): Promise<void>;
}

/**
 * Keeps state in an SQLite file: what is acknowledged survives the process and, with the file on a disk that keeps its word, loss of
 * power. Needs Node 22.13. One process at a time; nothing is opened before the first use.
 * @throws StateError `STORAGE` where Node has no `node:sqlite`
 * @example createTwin({ stores, storage: sqlite("twin.db") })
 */
export function sqlite(file: string): SqliteStorage {
  if (!process.getBuiltinModule?.("node:sqlite")) throw needsSqlite(process.version);
  const thread = new Thread(resolve(file));

  return {
    "~storage": true,
    durable: true,
    async load(id) {
      const packed = (await thread.ask({ do: "load", id })) as PackedHost | undefined;
      return packed && inSlices(unpack(packed));
    },
    async append(id, commits) {
      await thread.ask({ do: "append", id, commits: await packCommits(commits) });
    },
    async save(id, record) {
      await thread.ask({ do: "save", id, record: await inSlices(pack(record)) });
    },
    async delete(id) {
      await thread.ask({ do: "delete", id });
    },
    async touch(ids) {
      await thread.ask({ do: "touch", ids });
    },
    async *list(prefix) {
      for (let after = ""; ; ) {
        const page = (await thread.ask({ do: "list", prefix, after })) as [id: string, stores: string[]][];
        for (const [id, stores] of page) yield { id, stores };
        const last = page.at(-1);
        if (!last) return;
        after = last[0];
      }
    },
    async expire(prefix, before) {
      return (await thread.ask({ do: "expire", prefix, before })) as string[];
    },
    async due(before, limit) {
      return (await thread.ask({ do: "due", before, limit })) as DueHost[];
    },
    async backup(to) {
      await thread.ask({ do: "backup", to: resolve(to) });
    },
    rest: () => thread.rest(),
    close: () => thread.close(),
  };
}

/** The other end of the worker: started by the first order, and again after it has failed. */
class Thread {
  readonly #path: string;
  #worker: Worker | undefined;
  /** The orders that go to the thread at the end of this turn of the event loop. */
  #outgoing: (Order & { readonly n: number })[] = [];
  #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #count = 0;
  #closed = false;
  #resting: Promise<unknown> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  ask(order: Order): Promise<unknown> {
    if (this.#closed) return Promise.reject(closedStorage(this.#path));
    return this.#resting ? this.#resting.then(() => this.ask(order)) : this.#send(order);
  }

  /** Lets go of the file, if no order is under way. The next one opens it again. */
  async rest(): Promise<void> {
    const worker = this.#worker;
    if (!worker || this.#closed || this.#waiting.size > 0) return;
    this.#resting = this.#send({ do: "close" })
      .then(() => {
        this.#worker = undefined;
        return worker.terminate();
      })
      .finally(() => {
        this.#resting = undefined;
      });
    await this.#resting;
  }

  #send(order: Order): Promise<unknown> {
    const worker = this.#worker ?? this.#start();
    const n = ++this.#count;
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) worker.ref();
      this.#waiting.set(n, { resolve, reject });
      if (this.#outgoing.push({ n, ...order }) > 1) return;
      setImmediate(() => {
        // The thread may have failed meanwhile: what waits now is for the next one.
        if (this.#worker !== worker) return;
        const orders = this.#outgoing;
        this.#outgoing = [];
        worker.postMessage(orders);
      });
    });
  }

  #start(): Worker {
    const worker = startThread(this.#path);
    this.#worker = worker;
    const fail = (error: Error) => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#outgoing = [];
      const waiting = this.#waiting;
      this.#waiting = new Map();
      for (const { reject } of waiting.values()) reject(error);
      void worker.terminate();
    };
    worker.on("message", (replies: readonly Reply[]) => {
      for (const { n, value, error } of replies) {
        const failure = error && new StateError(error.code, error.message);
        const waiting = this.#waiting.get(n);
        this.#waiting.delete(n);
        if (!failure) waiting?.resolve(value);
        else if (waiting) waiting.reject(failure);
        // The file could not be opened.
        else fail(failure);
      }
      // A thread without orders does not keep the process alive.
      if (this.#waiting.size === 0) worker.unref();
    });
    worker.on("error", (error) => fail(threadEnded(this.#path, error)));
    worker.on("exit", (code) => fail(threadEnded(this.#path, `exit code ${code}`)));
    return worker;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#resting;
    if (!this.#worker) return;
    const worker = this.#worker;
    await this.#send({ do: "close" });
    await worker.terminate();
  }
}
