import { settle } from "../../client/settle.js";
import type { EventError } from "../../lib/errors/errors.js";
import { Source } from "./source.js";

/** A file on its way to an event, or what came of it. */
export interface Upload<T = unknown> {
  readonly id: number;
  readonly file: File;
  readonly phase: "waiting" | "sending" | "done" | "refused" | "cancelled";
  /** How much of it is sent, from 0 to 1. */
  readonly progress: number;
  /** Why it was refused. */
  readonly error: EventError | undefined;
  /** The event's value. */
  readonly value: T | undefined;
}

interface UploadCall<T> extends PromiseLike<T> {
  onProgress?: ((part: number) => void) | undefined;
  cancel?(): void;
}
/** An event that takes one file. */
export type TakeFile<T> = (file: File) => UploadCall<T>;

/** How many files are on their way at once. */
const PARALLEL = 3;

/** The files that one component has sent: a call for each. */
export class Uploads<T> {
  readonly list = new Source<readonly Upload<T>[]>([]);
  send!: TakeFile<T>;
  /** Whether somebody sees the list: a refusal that nobody sees goes to `<TwinProvider onError>`. */
  shown = false;
  readonly #calls = new Map<number, UploadCall<T>>();
  #last = 0;

  readonly add = (files: Iterable<File>): void => {
    const more = Array.from(files, (file): Upload<T> => ({ id: ++this.#last, file, phase: "waiting", progress: 0, error: undefined, value: undefined }));
    this.list.set([...this.list.get(), ...more]);
    this.#next();
  };

  readonly cancel = (id: number): void => {
    const call = this.#calls.get(id);
    if (!call && this.#phaseOf(id) !== "waiting") return;
    this.#set(id, { phase: "cancelled" });
    if (!call) return;
    this.#calls.delete(id);
    call.cancel?.();
    this.#next();
  };

  readonly retry = (id: number): void => {
    const phase = this.#phaseOf(id);
    if (phase !== "refused" && phase !== "cancelled") return;
    this.#set(id, { phase: "waiting", progress: 0, error: undefined });
    this.#next();
  };

  readonly remove = (id: number): void => {
    if (this.#calls.has(id)) this.cancel(id);
    this.list.set(this.list.get().filter((one) => one.id !== id));
  };

  #phaseOf(id: number): Upload["phase"] | undefined {
    return this.list.get().find((one) => one.id === id)?.phase;
  }

  #set(id: number, change: Partial<Upload<T>>): void {
    this.list.set(this.list.get().map((one) => (one.id === id ? { ...one, ...change } : one)));
  }

  #next(): void {
    for (const { id, file, phase } of this.list.get()) {
      if (this.#calls.size >= PARALLEL) return;
      if (phase === "waiting") this.#begin(id, file);
    }
  }

  #begin(id: number, file: File): void {
    const call = this.send(file);
    this.#calls.set(id, call);
    this.#set(id, { phase: "sending" });
    call.onProgress = (progress) => this.#calls.get(id) === call && this.#set(id, { progress });
    const end = (change: Partial<Upload<T>>) => {
      if (this.#calls.get(id) !== call) return;
      this.#calls.delete(id);
      this.#set(id, change);
      this.#next();
    };
    settle(
      call,
      (value) => end({ phase: "done", progress: 1, value }),
      (thrown) => {
        const error = thrown as EventError;
        end(error.code === "CANCELLED" ? { phase: "cancelled" } : { phase: "refused", error });
        return this.shown;
      },
    );
  }
}
