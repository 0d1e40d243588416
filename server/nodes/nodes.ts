import type { CallPlace, TakeItem } from "../call/call-items.js";
import { waysOf } from "../call/call-items.js";
import type { CancelledCall } from "../call/dispatcher.js";
import type { Membership } from "../host/membership.js";
import type { Runtime } from "../runtime.js";
import { NodeFeeds } from "./node-feeds.js";
import { PassedCalls } from "./passed-calls.js";
import { PassedLetters } from "./passed-letters.js";
import { Peers } from "./peers.js";
import { Wishes } from "./wishes.js";

const ITEM = "item";
const CANCEL = "cancel";

/** The other nodes, as the parts of this one speak with them. */
export class Nodes {
  readonly peers: Peers;
  readonly calls: PassedCalls;
  readonly feeds: NodeFeeds;
  readonly letters: PassedLetters;
  readonly wishes: Wishes;

  constructor(runtime: Runtime, { nodes }: Membership) {
    this.peers = new Peers({ nodes, report: runtime.report });
    this.calls = new PassedCalls(runtime, this.peers);
    this.feeds = new NodeFeeds(runtime, this.peers);
    this.letters = new PassedLetters(runtime.streams, this.peers);
    this.wishes = new Wishes(runtime, this.peers);
    this.peers.hear(ITEM, (data) => {
      const [place, k, item] = data as Parameters<TakeItem>;
      waysOf(runtime.streams, place).send(k, item);
    });
    this.peers.hear(CANCEL, (data) => runtime.dispatcher.cancelCall(...(data as CancelledCall)));
  }

  /** Brings an item of a call to its client, whose stream is at another node. It is in the answer, too. */
  readonly bring: TakeItem = ({ client, n, i, tab }: CallPlace, k, item) => void this.peers.tell(ITEM, [{ client, n, i, tab }, k, item]);

  /** Cancels a call that runs, or is to run, at another node. */
  cancel(call: CancelledCall): void {
    void this.peers.tell(CANCEL, call);
  }

  close(): void {
    this.feeds.close();
    this.peers.close();
  }
}
