import { isLater, unavailable } from "../../lib/errors/errors.js";
import type { Message } from "../../lib/wire/protocol.js";
import type { Callers } from "../access/callers.js";
import type { Bounds } from "../access/session-limits.js";
import type { ConnectionInfo } from "../host/context.js";
import { Elsewhere } from "../host/elsewhere.js";
import type { Host } from "../host/host.js";
import type { Hosts } from "../host/hosts.js";
import type { Tab } from "../host/tab-hooks.js";
import type { Feed, Feeds } from "../stream/feed.js";
import { pause } from "../task/pause.js";
import type { Report } from "../wire/error-shape.js";
import { Followed } from "./followed.js";
import { Follower } from "./follower.js";
import { CountedLine, type NodeLine } from "./node-line.js";
import { type PassedRequest, passedOf, requestFrom } from "./passed-request.js";
import type { Peers } from "./peers.js";

const FOLLOW = "follow";
/** Pauses before an owner is looked for again, in ms: at first, and at most. */
const FIRST_PAUSE = 20;
const LONGEST_PAUSE = 500;
/** How long an owner is looked for, beyond the lease time, in ms. */
const PATIENCE = 2000;

interface Server {
  readonly callers: Callers;
  readonly closing: boolean;
  readonly hosts: Hosts;
  readonly limits: Bounds;
  readonly report: Report;
  contextOf(head: Headers, session: string | undefined): Promise<object>;
}

/** A host of another node, as this one follows it, and by how many streams it is used. */
interface Following {
  readonly opening: Promise<Follower>;
  follower?: Follower;
  uses: number;
}

/** What the streams of this node watch: its own hosts, and followers of those of other nodes. */
export class NodeFeeds implements Feeds {
  readonly #server: Server;
  readonly #peers: Peers;
  readonly #followers = new Map<string, Following>();
  readonly #ids = new WeakMap<Feed, string>();
  /** The hosts of this node, as others follow them. */
  readonly #followed = new Map<Host, Set<Followed>>();

  constructor(server: Server, peers: Peers) {
    this.#server = server;
    this.#peers = peers;
    peers.accept(FOLLOW, (line, id) => void this.#serve(line, id as string));
  }

  /** How many hosts of other nodes are followed. */
  get following(): number {
    return this.#followers.size;
  }

  async use(id: string): Promise<Feed> {
    const { hosts, limits } = this.#server;
    const until = performance.now() + limits.leaseTime + PATIENCE;
    for (let wait = FIRST_PAUSE; ; wait = Math.min(2 * wait, LONGEST_PAUSE)) {
      try {
        const here = this.#followers.get(id);
        return await (here ? this.#join(here) : hosts.use(id));
      } catch (error) {
        const feed = error instanceof Elsewhere && (await this.#follow(id, error.node).catch(() => undefined));
        if (feed) return feed;
        if (!isLater(error) || this.#server.closing || performance.now() > until) throw error;
        await pause(wait);
      }
    }
  }

  release(feed: Feed): void {
    const id = this.#ids.get(feed);
    if (id === undefined) return this.#server.hosts.release(feed as Host);
    const here = this.#followers.get(id);
    if (here?.follower !== feed || --here.uses > 0) return;
    this.#followers.delete(id);
    here.follower?.close();
  }

  // --- hosts of other nodes ---

  #follow(id: string, node: string): Promise<Feed> {
    const found = this.#followers.get(id);
    if (found) return this.#join(found);
    const opening = Follower.open({
      logBytes: this.#server.limits.logBytes,
      dial: () => (this.#peers.isGone(node) || this.#server.hosts.find(id) ? undefined : this.#peers.dial(node, FOLLOW, id)),
      describe: (page) => this.#describe(page),
      ended: (follower) => {
        if (this.#followers.get(id) === here || here.follower === follower) this.#drop(id, here);
      },
    });
    const here: Following = { opening, uses: 0 };
    this.#followers.set(id, here);
    opening.then(
      (follower) => {
        here.follower = follower;
        this.#ids.set(follower, id);
      },
      () => this.#drop(id, here),
    );
    return this.#join(here);
  }

  #drop(id: string, here: Following): void {
    if (this.#followers.get(id) === here) this.#followers.delete(id);
  }

  async #join(here: Following): Promise<Feed> {
    here.uses++;
    return here.opening;
  }

  #describe({ caller }: Tab): PassedRequest {
    const request = this.#server.callers.requestOf(caller);
    if (!request) throw unavailable();
    return { ...passedOf(request), late: true };
  }

  // --- hosts of this node that others follow ---

  async #serve(line: NodeLine, id: string): Promise<void> {
    const { callers, closing, hosts, limits, report } = this.#server;
    const host = closing ? undefined : await hosts.use(id).catch(() => undefined);
    if (!host) {
      new CountedLine(
        line,
        () => {},
        () => {},
      ).send(["over"]);
      return line.end();
    }
    const followed = new Followed({
      host,
      line,
      limits,
      report,
      callerOf: (from, info: ConnectionInfo) =>
        callers.of(
          requestFrom(from as PassedRequest, (head, session) => this.#server.contextOf(head, session)),
          info,
        ),
      ended: (followed) => {
        const all = this.#followed.get(host);
        all?.delete(followed);
        if (all?.size === 0) this.#followed.delete(host);
        hosts.release(host);
      },
    });
    // The line may have ended while the host was loaded.
    if (followed.over) return;
    const all = this.#followed.get(host) ?? new Set();
    this.#followed.set(host, all.add(followed));
  }

  /** Brings a client that watches a host of this node by another one an item of its call. `false`: none does. */
  bring(host: Host, client: string, message: Message): boolean {
    for (const followed of this.#followed.get(host) ?? []) if (followed.bring(client, message)) return true;
    return false;
  }

  close(): void {
    for (const { follower } of [...this.#followers.values()]) follower?.close();
  }
}
