import { readFileSync } from "node:fs";
import { join } from "node:path";
import { changedMeanwhile, notUtf8 } from "../../lib/errors/command-errors.js";
import { type NextApp, textOf } from "../app/next-app.js";
import { writeWhole } from "../source/whole-files.js";

/** Something that is left to do by hand. */
export interface ByHand {
  /** The file, with its line where that is known. */
  readonly where: string;
  readonly why: string;
  /** What to write there. */
  readonly lines?: string;
}

/** What is about to become of an app: whole files, of which nothing is written yet. */
export class InitPlan {
  readonly app: NextApp;
  readonly byHand: ByHand[] = [];
  readonly #after = new Map<string, string>();

  constructor(app: NextApp) {
    this.app = app;
  }

  /** The text of a file as it will be. */
  read(path: string): string | undefined {
    return this.#after.get(path) ?? this.app.read(path);
  }

  /** @throws StateError if the file has bytes that are no text, which would be lost */
  write(path: string, text: string): void {
    const before = this.app.read(path);
    if (text === before) return;
    if (before !== undefined && !readFileSync(join(this.app.folder, path)).equals(Buffer.from(before))) throw notUtf8(path);
    this.#after.set(path, text);
  }

  /** The files that change, with their texts before and after. */
  get changes(): { readonly path: string; readonly before: string | undefined; readonly after: string }[] {
    return [...this.#after].map(([path, after]) => ({ path, before: this.app.read(path), after }));
  }

  /**
   * Writes what was planned: all of it, or nothing.
   * @throws StateError if a file cannot be written, or has changed since the plan was made
   */
  apply(): void {
    for (const { path, before } of this.changes) if (textOf(join(this.app.folder, path)) !== before) throw changedMeanwhile(path);
    writeWhole(this.app.folder, this.#after);
  }
}
