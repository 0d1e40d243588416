import { circle } from "../../lib/errors/errors.js";
import type { Turn } from "../host/context.js";
import type { Hosts } from "../host/hosts.js";
import type { Nodes } from "../nodes/nodes.js";

interface Server {
  readonly hosts: Hosts;
  readonly nodes: Nodes | undefined;
}

/** A host that is waited for, and the node that the call has gone to, where it has gone to another one. */
type Awaited = readonly [id: string, node: string | undefined];

/**
 * Finds circles of hosts whose events wait for each other. Each node knows what the events of its own hosts wait for, so a search that leads to other nodes is
 * continued there. A wait is noted before the search, which begins at once where the call stays here, and else where it arrives. So the last search of those
 * that a circle begins finds all waits of it.
 */
export class Circles {
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  /**
   * Notes that an event waits for the answer of another host, until the returned function is called. `found` is called with the error where a circle is found
   * later that leads over other nodes.
   * @throws StateError when that host waits, in turn, for the event's own.
   */
  waits(turn: Turn, id: string, found: (error: Error) => void): () => void {
    const { host, waitsFor } = turn;
    const search = host.turn === turn ? new Search(this.#server.hosts, host.id) : undefined;
    const refused = () => circle(host.id, id);
    if (search?.reaches([[id, turn.passedTo?.get(id)]])) throw refused();
    waitsFor.add(id);
    if (search && search.left.size > 0) this.#goOn(search).then((is) => is && found(refused()), lost);
    return () => void waitsFor.delete(id);
  }

  /**
   * A call has come from another node, for whose answer an event of a host there waits.
   * @throws StateError when the called host waits, in turn, for that one.
   */
  async arrives(to: string, waiting: string): Promise<void> {
    if (await this.reaches([to], waiting, [])) throw circle(waiting, to);
  }

  /** Whether one of these hosts waits for another one, by way of any others. `seen`: those that need not be looked at. */
  async reaches(from: readonly string[], goal: string, seen: readonly string[]): Promise<boolean> {
    const search = new Search(this.#server.hosts, goal, seen);
    return search.reaches(from.map((id) => [id, undefined])) || this.#goOn(search).catch(lost);
  }

  /** Continues a search at other nodes. What was seen there may be over by now, so a circle is one that is found twice. */
  async #goOn({ goal, left, seen }: Search): Promise<boolean> {
    const ask = async () => {
      const asked = Array.from(left, async ([node, ids]) => {
        const passed = [...seen].filter((id) => !ids.includes(id));
        return (await this.#server.nodes?.work.reaches(node, ids, goal, passed)) ?? false;
      });
      return (await Promise.all(asked)).includes(true);
    };
    return left.size > 0 && (await ask()) && (await ask());
  }
}

/** A node that does not answer waits for nothing any more. */
const lost = () => false;

/** A search among the hosts of this node. */
class Search {
  readonly #hosts: Hosts;
  readonly goal: string;
  readonly seen: Set<string>;
  /** The hosts of other nodes to which it has led, by node. */
  readonly left = new Map<string, string[]>();

  constructor(hosts: Hosts, goal: string, seen: readonly string[] = []) {
    this.#hosts = hosts;
    this.goal = goal;
    this.seen = new Set(seen);
  }

  /** Whether it leads to the goal. */
  reaches(from: readonly Awaited[]): boolean {
    const waiting = [...from];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const [id, node] = next;
      if (id === this.goal) return true;
      if (this.seen.has(id)) continue;
      this.seen.add(id);
      const turn = this.#hosts.find(id)?.turn;
      if (turn) for (const other of turn.waitsFor) waiting.push([other, turn.passedTo?.get(other)]);
      else if (node !== undefined) this.left.set(node, [...(this.left.get(node) ?? []), id]);
    }
    return false;
  }
}
