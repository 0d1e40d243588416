import { Viewers } from "../../lib/channel/viewers.js";
import type { VisibleTo } from "../../lib/class/schema.js";
import { visibleToFailed, visibleToPromise } from "../../lib/errors/viewer-errors.js";
import { randomId } from "../../lib/event/random-id.js";
import { type HiddenMember, hiddenIn } from "../definition/hidden.js";
import { silence } from "../wire/plain-values.js";
import type { Caller } from "./context.js";
import type { Host } from "./host.js";

/** How long the numbers of viewers are kept that nobody watches with, in ms. */
const LINGER = 60_000;

/** Clients of a host that see the same hidden members. The name says which numbers containers have for them, and nothing else. */
export class HostViewers extends Viewers {
  readonly name = randomId();
  used = Date.now();
  /** How many calls are under way that name instances by these numbers. */
  held = 0;
}

/** The answers of `visibleTo` predicates, each asked once for a context: that of a stream, a call or a page. */
const asked = new WeakMap<Caller, Map<VisibleTo, boolean>>();

/** The audiences of a host, besides that of all clients for whom no `visibleTo` is true. */
export class Audiences {
  readonly #host: Host;
  /** Most hosts have nothing hidden. */
  #live: Map<string, HostViewers> | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  /** The audience of a caller. `undefined` where it sees nothing hidden. Server code is not asked: it needs no numbers. */
  of(caller: Caller): HostViewers | undefined {
    const { kind, world } = this.#host;
    const hidden = hiddenIn(world.definitions, world.models, kind);
    if (hidden.length === 0 || caller.trusted) return undefined;
    const seen = hidden.map((member) => this.#sees(caller, member));
    if (!seen.includes(true)) return undefined;
    const key = seen.map(Number).join("");
    this.#live ??= new Map();
    let viewers = this.#live.get(key);
    if (!viewers) {
      viewers = new HostViewers(new Set(hidden.flatMap(({ visibleTo }, i) => (seen[i] ? [visibleTo] : []))));
      this.#live.set(key, viewers);
    }
    viewers.used = Date.now();
    return viewers;
  }

  /** Keeps the numbers of a caller's audience until the returned function is called. */
  hold(caller: Caller): () => void {
    const viewers = this.of(caller);
    if (viewers) viewers.held++;
    return () => {
      if (viewers) viewers.held--;
    };
  }

  #sees(caller: Caller, member: HiddenMember): boolean {
    let answers = asked.get(caller);
    if (!answers) asked.set(caller, (answers = new Map()));
    let answer = answers.get(member.visibleTo);
    if (answer === undefined) {
      answer = this.#ask(caller, member);
      answers.set(member.visibleTo, answer);
    }
    return answer;
  }

  #ask({ context }: Caller, { label, visibleTo }: HiddenMember): boolean {
    const { report } = this.#host.world;
    try {
      const answer: unknown = visibleTo(context as never);
      if (typeof (answer as { then?: unknown } | null | undefined)?.then !== "function") return Boolean(answer);
      silence(answer);
      report("error", visibleToPromise(label));
    } catch (error) {
      report("error", visibleToFailed(label, error));
    }
    return false;
  }

  /** The audiences that may be watched. */
  get live(): Iterable<HostViewers> {
    return this.#live?.values() ?? [];
  }

  /** Gives up the numbers that nobody has watched or called with for a while. */
  sweep(): void {
    if (!this.#live) return;
    const { shelf, watchers } = this.#host;
    const now = Date.now();
    for (const [key, viewers] of this.#live) {
      if (now - viewers.used < LINGER) continue;
      viewers.used = now;
      if (viewers.held > 0 || watchers.shows(viewers)) continue;
      this.#live.delete(key);
      for (const { store } of shelf.live.values()) store.dropViewers(viewers);
    }
  }

  /** The classes were replaced: all get other numbers. */
  renew(): void {
    this.#live = undefined;
  }
}
