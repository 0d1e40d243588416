import type { TwinRequest } from "../access/callers.js";
import type { Streams } from "../stream/streams.js";
import { RecentMap } from "../task/recent-map.js";
import { type PassedRequest, passedOf, requestFrom } from "./passed-request.js";
import type { Peers } from "./peers.js";

/** What a tab wants of its stream, by request. */
export type WishKind = "watch" | "unwatch" | "present" | "join" | "drop";
type Sent = readonly [kind: WishKind, request: PassedRequest, input: unknown];

const WISH = "wish";
/** The number of clients whose node is remembered. */
const MOST_KNOWN = 10_000;

interface Server {
  readonly streams: Pick<Streams, WishKind>;
  contextOf(head: Headers, session: string | undefined): Promise<object>;
}

/** What tabs want of their streams where the request came to one node and the stream is at another. */
export class Wishes {
  readonly #peers: Peers;
  /** The requests that other nodes have passed on. */
  readonly #passed = new WeakSet<TwinRequest>();
  /** The nodes that have had the streams of clients. */
  readonly #nodes = new RecentMap<string, string>(MOST_KNOWN);

  constructor(server: Server, peers: Peers) {
    this.#peers = peers;
    peers.serve(WISH, ({ data }) => {
      const [kind, passed, input] = data as Sent;
      const request = requestFrom(passed, (head, session) => server.contextOf(head, session));
      this.#passed.add(request);
      return server.streams[kind](request, input);
    });
  }

  /** Whether another node has passed a request on. */
  isPassed(request: TwinRequest): boolean {
    return this.#passed.has(request);
  }

  /**
   * Has the node that has the stream do what a tab wants: the one that had it the last time, or all are asked. Resolves to whether one has it.
   * @throws EventError what that node throws
   */
  async pass(kind: WishKind, request: TwinRequest, input: unknown): Promise<boolean> {
    if (this.isPassed(request)) return false;
    const sent: Sent = [kind, passedOf(request), input];
    const client = clientIn(input);
    const last = this.#nodes.get(client);
    const others = await this.#peers.others();
    if (last !== undefined && others.includes(last) && (await this.#ask(last, sent).catch(() => false))) return true;
    const asked = others.filter((node) => node !== last);
    if (await this.#any(client, asked, sent)) return true;
    // The stream may be at a node that has joined since.
    const later = (await this.#peers.others("now")).filter((node) => !others.includes(node));
    return this.#any(client, later, sent);
  }

  async #any(client: string, nodes: readonly string[], sent: Sent): Promise<boolean> {
    const answers = await Promise.allSettled(nodes.map((node) => this.#ask(node, sent)));
    const at = answers.findIndex((answer) => answer.status === "fulfilled" && answer.value);
    if (at < 0) {
      const failed = answers.find((answer) => answer.status === "rejected");
      if (failed) throw failed.reason;
      return false;
    }
    this.#nodes.set(client, nodes[at] as string);
    return true;
  }

  async #ask(node: string, sent: Sent): Promise<boolean> {
    return (await this.#peers.ask(node, WISH, sent)) === true;
  }
}

/** The client whose stream is meant: that of the tab, or of the line that it joins. */
function clientIn(input: unknown): string {
  const { client, line } = (input ?? {}) as { client?: unknown; line?: unknown };
  return String(Array.isArray(line) ? line[0] : client);
}
