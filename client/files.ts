import { randomId } from "../lib/event/random-id.js";
import type { Slot } from "../lib/wire/codec.js";
import { ValueWriter } from "../lib/wire/value-codec.js";

/** Writes arguments. A file is a slot with its number, as its bytes travel by themselves. */
export class ArgumentWriter extends ValueWriter {
  readonly #files: Blob[] = [];

  override slot(value: unknown): Slot {
    if (!(value instanceof Blob)) return super.slot(value);
    const known = this.#files.indexOf(value);
    return [known < 0 ? this.#files.push(value) - 1 : known];
  }

  /** The files that it has met, if any. */
  get files(): CallFiles | undefined {
    return this.#files.length > 0 ? { id: randomId(), list: this.#files } : undefined;
  }
}

/** The files of a call. */
export interface CallFiles {
  /** Names them to the server, however often the call is sent. */
  readonly id: string;
  readonly list: readonly (Blob & Partial<Pick<File, "name" | "lastModified">>)[];
}
