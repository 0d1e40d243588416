import type { ResumeMessage, SnapshotMessage, VolatileMessage } from "../lib/wire/protocol.js";
import type { Scope } from "./scope.js";
import type { LiveTwin } from "./twin.js";

/** The state of a store, which waits for those of the other stores of its host. */
interface HeldState {
  readonly twin: LiveTwin;
  readonly scope: Scope;
  /** A resume brings the volatile state alone. */
  readonly message: SnapshotMessage | ResumeMessage;
  readonly volatile: VolatileMessage | undefined;
}

/** The states of one host, which wait for each other, as a change of several stores is shown whole or not at all. */
export class HeldStates {
  readonly #watches: (twin: LiveTwin) => boolean;
  #held: HeldState[] = [];

  /** @param watches whether the server is asked for a twin's state */
  constructor(watches: (twin: LiveTwin) => boolean) {
    this.#watches = watches;
  }

  add(state: HeldState): void {
    this.#held.push(state);
  }

  /** Whether the state of another store of the same host is still to come. */
  lacks(twinsOf: (scope: Scope) => LiveTwin[]): boolean {
    // A twin that is synced by another number of the host was fed by an earlier life of it: the stream goes on where the host has moved.
    const has = (twin: LiveTwin, [head, host, , , incarnation, revision]: HeldState["message"]) =>
      (head === "resume" ? twin.synced && twin.host === host : twin.shows(incarnation, revision)) || this.#held.some((one) => one.twin === twin);
    const behind = (twin: LiveTwin, message: HeldState["message"]) => twin.state === "ready" && this.#watches(twin) && !has(twin, message);
    return this.#held.some(({ scope, message }) => twinsOf(scope).some((twin) => behind(twin, message)));
  }

  takeAll(): readonly HeldState[] {
    const held = this.#held;
    this.#held = [];
    return held;
  }
}
