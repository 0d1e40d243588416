import type { Connected } from "../client/connect.js";
import type { Stores } from "../server/definition/scope.js";
import type { Peer } from "./network.js";

/** What `connect` gives a client of a pair. */
export type PairTab = Connected<Stores>;

/** A client of a pair. */
export interface Member {
  readonly peer: Peer;
  readonly twins: PairTab;
  readonly tabStorage: Record<string, string>;
  /** How many stores it opens that have not come. */
  opening: number;
}

/** A client, as tests have it. */
export function pairTab(member: Member, close: () => void): PairTab {
  return new Proxy(member.twins, {
    get(twins, name) {
      if (name === "$close") return close;
      const found: unknown = Reflect.get(twins, name);
      if (typeof name !== "string" || name.startsWith("$") || typeof found !== "function") return found;
      return (key?: string) => {
        const store = (found as (key?: string) => Promise<object>)(key);
        const done = () => void member.opening--;
        member.opening++;
        store.then(done, done);
        return store;
      };
    },
  });
}

/** The name of a client, by the order in which clients came. */
export const memberName = (n: number) => (n < 26 ? String.fromCharCode(97 + n) : `client ${n + 1}`);

/** A fault keeps a client from what the server sends. */
export const isHindered = ({ down, mute, stalled }: Peer) => down || mute || stalled;

/** The client has all answers, and a stream if it wants one. */
export function isServed(twins: PairTab): boolean {
  const { pending, status } = twins.$status.current;
  return pending === 0 && status !== "reconnecting" && status !== "offline";
}

/** What is still under way for a client. */
export function restless({ peer, twins }: Member): string[] {
  const { pending, status } = twins.$status.current;
  const told: string[] = [];
  if (pending > 0) told.push(`${peer.name} has ${pending} event${pending > 1 ? "s" : ""} without an answer`);
  if (status === "reconnecting" || status === "offline") told.push(`${peer.name} is ${status}`);
  for (const line of peer.lines) if (!line.streaming) told.push(`${peer.name} waits for ${line.path}`);
  if (peer.lines.size > 1) told.push(`${peer.name} has ${peer.lines.size} lines`);
  return told;
}
