import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { unwritable } from "../../lib/errors/deploy-errors.js";
import type { NextApp } from "../app/next-app.js";

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

  write(path: string, text: string): void {
    if (text !== this.app.read(path)) this.#after.set(path, text);
  }

  /** The files that change, with their texts before and after. */
  get changes(): { readonly path: string; readonly before: string | undefined; readonly after: string }[] {
    return [...this.#after].map(([path, after]) => ({ path, before: this.app.read(path), after }));
  }

  /** @throws StateError if a file cannot be written */
  apply(): void {
    for (const { path, after } of this.changes) {
      const file = join(this.app.folder, path);
      try {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, after);
      } catch (error) {
        throw unwritable(path, (error as Error).message);
      }
    }
  }
}
