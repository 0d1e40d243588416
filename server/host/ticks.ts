import { SERVER } from "./context.js";
import type { Host } from "./host.js";

/** When clients get what has changed of a host's volatile state. */
export class Ticks {
  readonly #host: Host;
  #due = false;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Some store has changes that are not sent yet, by `Store.feed`. They leave with the host's next turn. */
  due(): void {
    if (this.#due) return;
    this.#due = true;
    const { commits, queue, turns, world } = this.#host;
    const commit = () => {
      this.#due = false;
      return turns.take("tick", { caller: SERVER }, (turn) => commits.make(turn));
    };
    queue.run(commit).catch((error: unknown) => world.report("error", error));
  }
}
