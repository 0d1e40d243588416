import { type BigIntStats, realpathSync, statSync } from "node:fs";
import { lostFile } from "../../lib/errors/storage-errors.js";

/**
 * Whether an open SQLite file, and the log beside it, are still what stands under their names. What is written to a file that has been removed, or moved
 * away, looks kept and is gone with the process.
 */
export class Whereabouts {
  readonly #path: string;
  readonly #log: string;
  readonly #opened: string;
  /** The size of the file after the last transaction: nobody else writes to it. */
  #size: bigint | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#log = `${realpathSync(path)}-wal`;
    const file = look(path);
    this.#opened = this.#nameOf(file);
    this.#size = file?.size;
  }

  /**
   * Checks the file before a transaction.
   * @throws StateError `STORAGE_LOST`
   */
  before(): void {
    if (this.#find().size !== this.#size) throw lostFile(this.#path);
  }

  /**
   * Checks the file when a transaction is durable, before anybody gets its result.
   * @throws StateError `STORAGE_LOST`
   */
  after(): void {
    this.#size = this.#find().size;
  }

  #find(): BigIntStats {
    const file = look(this.#path);
    if (!file || this.#nameOf(file) !== this.#opened) throw lostFile(this.#path);
    return file;
  }

  /** Gives what tells the file and its log from all others. */
  #nameOf(file: BigIntStats | undefined): string {
    const log = look(this.#log);
    return `${file?.dev} ${file?.ino} ${log?.dev} ${log?.ino}`;
  }
}

function look(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    // The folder is closed to the process.
    return undefined;
  }
}
