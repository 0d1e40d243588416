import { cancelled, cutOff } from "../../lib/errors/errors.js";
import { earlyId } from "./call-ids.js";

/** How many cancellations are kept of calls that have not come. */
const MOST_EARLY = 10_000;

/** The calls of clients that wait or run, and those that were cancelled before they came. */
export class RunningCalls {
  readonly #all = new Set<AbortController>();
  /** The numbered ones, by host, client and number. */
  readonly #numbered = new Map<string, AbortController>();
  readonly #early = new Set<string>();

  /** Adds a call. What it returns cancels it. */
  add(): AbortController {
    const control = new AbortController();
    this.#all.add(control);
    return control;
  }

  /** The same for a numbered call, which may have been cancelled before it came. `i`: the incarnation for which it was made. */
  addNumbered(id: string, i: string | undefined): AbortController {
    const control = this.add();
    this.#numbered.set(id, control);
    if (this.#early.delete(earlyId(id, i))) control.abort(cancelled());
    return control;
  }

  remove(control: AbortController, id?: string): void {
    this.#all.delete(control);
    if (id !== undefined) this.#numbered.delete(id);
  }

  /** Cancels a numbered call that waits or runs, or that is still to come. Gives whether it was there. */
  cancel(id: string, i: unknown): boolean {
    const control = this.#numbered.get(id);
    if (control) {
      control.abort(cancelled());
      return true;
    }
    // It overtakes its call, or the answer overtakes it.
    this.#early.add(earlyId(id, i));
    if (this.#early.size > MOST_EARLY) this.#early.delete(this.#early.values().next().value as string);
    return false;
  }

  /** Asks all to stop. */
  stop(): void {
    for (const control of this.#all) control.abort(cutOff());
  }
}
