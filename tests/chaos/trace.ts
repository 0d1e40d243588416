import type { Pause } from "./actor.js";
import type { Cluster } from "./cluster.js";
import type { Fault, Mishap } from "./trouble.js";

/** How many pauses are told. */
const MOST = 30;
/** How long before its call a client's requests are told, in ms: the stream may have been lost just before. */
const BEFORE = 100;

/** The pause of a client after something has gone wrong. */
export interface PauseAfter extends Pause {
  readonly mishap: Mishap;
}

/** What went wrong when; and the longest pauses after faults of one kind, each with what its client asked for meanwhile, which node, and what came of it. Times count from `zero`. */
export function* traceOf(fault: Fault, pauses: readonly PauseAfter[], mishaps: readonly Mishap[], cluster: Cluster, zero: number): Generator<string> {
  const time = (at: number | undefined) => (at === undefined ? "never" : ((at - zero) / 1000).toFixed(2));
  for (const { fault, at, end, port } of mishaps) yield `${time(at)} to ${time(end)}: ${fault} ${port ?? ""}`;
  const told = new Set<object>();
  for (const { waited, actor, call, mishap } of pauses.filter(({ mishap }) => mishap.fault === fault).toSorted((a, b) => b.waited - a.waited)) {
    if (!call || told.has(call)) continue;
    if (told.size === MOST) return;
    told.add(call);
    const { begun, ended = Infinity, outcome } = call;
    const who = `client ${actor.number} (${actor.room ?? "its session"})`;
    yield `${(waited / 1000).toFixed(2)} s after the ${fault} of ${mishap.port ?? "Redis"} at ${time(mishap.at)}: ${who}, called ${time(begun)}, answered ${time(ended)}, ${JSON.stringify(outcome)}`;
    for (const { id, what, at, head, status, end, how, refusals } of actor.requests.between(Math.min(begun, mishap.at) - BEFORE, ended))
      yield `    ${time(at)} ${what} at ${cluster.wayOf(id).join(", then ")}: ${status ?? "no head"} ${time(head)}, ${how ?? "goes on"} ${time(end)} ${refusals.join(" | ")}`;
  }
}
