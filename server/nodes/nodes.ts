import { itemMessage, type TakeItem, waysOf } from "../call/call-items.js";
import type { Whose } from "../call/data.js";
import type { CancelledCall } from "../call/dispatcher.js";
import { versionOf } from "../definition/scope.js";
import type { Host } from "../host/host.js";
import { Membership } from "../host/membership.js";
import type { Runtime } from "../runtime.js";
import type { NodeStorage } from "../storage/nodes.js";
import { within } from "../task/within.js";
import { NodeFeeds } from "./node-feeds.js";
import { PassedCalls } from "./passed-calls.js";
import { PassedFiles } from "./passed-files.js";
import { PassedLetters } from "./passed-letters.js";
import { PassedWork } from "./passed-work.js";
import { Peers } from "./peers.js";
import { askRepeatedly } from "./repeated-question.js";
import { Wishes } from "./wishes.js";

const ITEM = "item";
const CANCEL = "cancel";
const RECHECK = "recheck";
const ROTATED = "rotated";
/** How long a stream waits until the other nodes know of this one, in ms: the storage may be away. */
const JOIN_WAIT = 1000;

/** The other nodes, as the parts of this one speak with them. */
export class Nodes {
  /** This process as one of them. */
  readonly membership: Membership;
  readonly peers: Peers;
  readonly calls: PassedCalls;
  readonly feeds: NodeFeeds;
  readonly files: PassedFiles;
  readonly letters: PassedLetters;
  readonly wishes: Wishes;
  readonly work: PassedWork;

  private constructor(runtime: Runtime, nodes: NodeStorage) {
    const versions = () => Object.fromEntries([...runtime.definitions.values()].map((definition) => [definition.name, versionOf(definition)]));
    this.membership = new Membership({
      nodes,
      report: runtime.report,
      facts: () => ({ lease: runtime.limits.leaseTime, versions: versions() }),
      joined: () => this.peers.greet(),
    });
    this.membership.onLost(() => runtime.hosts.lose());
    nodes.onLost?.((ids) => runtime.hosts.lose(ids));
    this.peers = new Peers({ nodes, report: runtime.report, alive: () => this.membership.alive() });
    this.files = new PassedFiles(runtime, this.membership, this.peers);
    this.calls = new PassedCalls(runtime, this.peers, this.files);
    this.feeds = new NodeFeeds(runtime, this.peers);
    this.letters = new PassedLetters(runtime.streams, this.peers);
    this.wishes = new Wishes(runtime, this.peers);
    this.work = new PassedWork(runtime, this.peers);
    this.peers.hear(ITEM, (data) => {
      const [place, k, item] = data as Parameters<TakeItem>;
      waysOf(runtime.streams, place).send(k, item);
    });
    this.peers.serve(RECHECK, async ({ data }) => runtime.streams.recheck((data as Whose | null) ?? undefined));
    this.peers.serve(ROTATED, async ({ data }) => {
      const [session, client] = data as [session: string, client: string | null];
      runtime.callers.endStreams(session, client ?? undefined);
    });
    this.peers.hear(CANCEL, (data) => runtime.dispatcher.cancelCall(...(data as CancelledCall)));
  }

  /** Makes this process one of the nodes that share a storage; `undefined`: it is alone. */
  static of(runtime: Runtime): Nodes | undefined {
    const { nodes } = runtime.storage;
    return nodes && new Nodes(runtime, nodes);
  }

  /** Lets the others know of this node, if they do not yet: they look for streams at the nodes that they know. */
  async join(): Promise<void> {
    await within(
      JOIN_WAIT,
      this.membership.enter().catch(() => {}),
    );
  }

  /** What brings the items of calls of a host to their clients, whose streams are at other nodes. They are in the answers, too. */
  bringing(host: Host): TakeItem {
    return ({ client, n, i, tab }, k, item) => {
      if (this.feeds.bring(host, client, itemMessage({ client, n, i, tab }, k, item))) return;
      void this.peers.tell(ITEM, [{ client, n, i, tab }, k, item]);
    };
  }

  /** Cancels a call that runs, or is to run, at another node. */
  cancel(call: CancelledCall): void {
    void this.peers.tell(CANCEL, call);
  }

  /** Has the other nodes end streams too, which come back as who they then are. */
  recheck(whose: Whose | undefined): void {
    void this.#askAll(RECHECK, whose ?? null);
  }

  /** Has the other nodes end the streams of a session whose cookie was replaced, but for that of one client. */
  rotated(session: string, client: string | undefined): void {
    void this.#askAll(ROTATED, [session, client ?? null]);
  }

  /** Asks all other nodes for what may be done twice, each until it has done it or is gone. */
  async #askAll(what: string, data: unknown): Promise<void> {
    for (const node of await this.peers.others("now")) askRepeatedly(this.peers, node, what, data).catch(() => {});
  }

  close(): void {
    this.feeds.close();
    this.peers.close();
  }
}
