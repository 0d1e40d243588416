import { afterAll } from "vitest";
import type { Caller, ConnectionInfo } from "../../server/host/context.js";
import type { Tab } from "../../server/host/tab-hooks.js";
import { Followed } from "../../server/nodes/followed.js";
import { Follower } from "../../server/nodes/follower.js";
import type { NodeLine } from "../../server/nodes/node-line.js";
import type { Runtime } from "../../server/runtime.js";
import { StreamConnection } from "../../server/stream/connection.js";
import type { Feed, Feeds } from "../../server/stream/feed.js";

/** One end of a line in memory. */
class End implements NodeLine {
  other!: End;
  readonly #lines: NodeLines;
  #queue: string[] = [];
  #take: ((message: string) => void) | undefined;
  #over: (() => void) | undefined;
  #pumping = false;
  ended = false;

  constructor(lines: NodeLines) {
    this.#lines = lines;
  }

  send(message: string): void {
    if (this.ended || this.other.ended) return;
    this.#lines.count(message);
    if (!this.#lines.loses()) this.other.#arrive(message);
  }

  #arrive(message: string): void {
    this.#queue.push(message);
    this.#pump();
  }

  #pump(): void {
    if (this.#pumping || !this.#take || this.#queue.length === 0) return;
    this.#pumping = true;
    this.#lines.later(() => {
      this.#pumping = false;
      if (this.ended) return;
      this.#take?.(this.#queue.shift() as string);
      this.#pump();
    });
  }

  onMessage(take: (message: string) => void): void {
    this.#take = take;
    this.#pump();
  }

  onEnd(over: () => void): void {
    this.#over = over;
    if (this.ended) over();
  }

  /** What is on its way is lost. */
  end(): void {
    for (const end of [this, this.other]) {
      if (end.ended) continue;
      end.ended = true;
      end.#over?.();
    }
    this.#lines.open.delete(this);
    this.#lines.open.delete(this.other);
  }
}

/** Lines between nodes, in one process. */
export class NodeLines {
  readonly open = new Set<End>();
  /** How many messages were sent, and how many characters they had, by the kind of each. */
  readonly sent = new Map<string, { messages: number; characters: number }>();
  /** Whether the next message is lost. */
  loses: () => boolean = () => false;
  /** Runs something a moment later: messages arrive in their order. */
  later: (run: () => void) => void = setImmediate;
  /** Whether the owner can be reached. */
  reachable = true;

  count(message: string): void {
    const kind = /\["(\w+)"/.exec(message)?.[1] ?? "";
    const of = this.sent.get(kind) ?? { messages: 0, characters: 0 };
    this.sent.set(kind, { messages: of.messages + 1, characters: of.characters + message.length });
  }

  line(): [NodeLine, NodeLine] {
    const [here, there] = [new End(this), new End(this)];
    here.other = there;
    there.other = here;
    this.open.add(here);
    return [here, there];
  }

  /** Breaks all lines. */
  cut(): void {
    for (const end of [...this.open]) end.end();
  }
}

interface From {
  readonly context: object;
  readonly session: string | undefined;
}

/** What the node of a page says of it: here its context is plain data. */
const describe = ({ caller }: Tab): From => ({ context: caller.context, session: caller.session?.id });

async function callerOf(from: unknown, connection: ConnectionInfo): Promise<Caller> {
  const { context, session } = from as From;
  return { context, session: session === undefined ? undefined : { id: session, rotate: () => Promise.reject(new Error()) }, connection, trusted: false };
}

/** The followers by whose numbers streams know hosts: answers name hosts by them, as the node of the stream would. */
const standing = new WeakMap<Feed, Follower>();
const { numberOf } = StreamConnection.prototype;
StreamConnection.prototype.numberOf = function (feed) {
  const follower = standing.get(feed);
  return numberOf.call(this, feed) ?? (follower && numberOf.call(this, follower));
};

/** The followers of a runtime's hosts, as another node has them. */
export class OtherNode implements Feeds {
  readonly followers = new Map<string, Promise<Follower>>();
  /** The same at the owner. */
  readonly followed = new Set<Followed>();
  readonly #uses = new Map<Feed, number>();
  readonly #runtime: Runtime;
  readonly #lines: NodeLines;
  readonly #patience: number;

  constructor(runtime: Runtime, lines: NodeLines, patience = 5000) {
    this.#runtime = runtime;
    this.#lines = lines;
    this.#patience = patience;
  }

  async use(id: string): Promise<Feed> {
    let opening = this.followers.get(id);
    if (!opening) {
      opening = Follower.open({
        dial: () => this.#dial(id),
        describe,
        logBytes: this.#runtime.limits.logBytes,
        patience: this.#patience,
        ended: () => this.followers.delete(id),
      });
      this.followers.set(id, opening);
      opening.catch(() => this.followers.delete(id));
    }
    const follower = await opening;
    this.#uses.set(follower, (this.#uses.get(follower) ?? 0) + 1);
    return follower;
  }

  release(feed: Feed): void {
    const uses = (this.#uses.get(feed) ?? 1) - 1;
    this.#uses.set(feed, uses);
    if (uses > 0) return;
    this.#uses.delete(feed);
    (feed as Follower).close();
  }

  #dial(id: string): NodeLine {
    const [here, there] = this.#lines.line();
    if (this.#lines.reachable) void this.#serve(id, there);
    else setImmediate(() => here.end());
    return here;
  }

  async #serve(id: string, line: NodeLine): Promise<void> {
    const { hosts, limits, report } = this.#runtime;
    try {
      const host = await hosts.use(id);
      void this.followers.get(id)?.then((follower) => standing.set(host, follower));
      const followed = new Followed({
        host,
        line,
        limits,
        report,
        callerOf,
        ended: () => {
          this.followed.delete(followed);
          hosts.release(host);
        },
      });
      this.followed.add(followed);
    } catch {
      line.end();
    }
  }
}

/** Has the streams of a runtime watch as if its hosts were on another node. */
function followAll(runtime: Runtime, lines: NodeLines, patience?: number): OtherNode {
  const node = new OtherNode(runtime, lines, patience);
  Object.assign(runtime, { feeds: node });
  return node;
}

const runtimes = ((globalThis as unknown as Record<symbol, Map<string, Runtime>>)[Symbol.for("twinstate.runtime")] ??= new Map());

/** Has the streams of all runtimes that begin in a test file watch so. `began` is told of each. */
export function followInAll(lines: () => NodeLines, began: (runtime: Runtime, node: OtherNode) => void = () => {}): void {
  const set = runtimes.set.bind(runtimes);
  runtimes.set = (name, runtime) => {
    began(runtime, followAll(runtime, lines()));
    return set(name, runtime);
  };
  afterAll(() => {
    runtimes.set = set;
  });
}
