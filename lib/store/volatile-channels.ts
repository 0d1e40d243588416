import type { Channel } from "../channel/channel.js";
import type { Viewers } from "../channel/viewers.js";
import type { Node } from "../graph/node.js";
import { MergedChanges } from "../record/merge-changes.js";
import type { Change, KeyChanges } from "../record/recorder.js";
import type { Snapshot, WireDelta } from "../wire/codec.js";
import { ClassNode } from "./class-node.js";
import { VolatileChannel } from "./volatile-channel.js";
import type { WritableGraph } from "./writable-graph.js";

/** The volatile channels of one store, one beside each channel of clients, and what they are sent with the next tick. */
export class VolatileChannels {
  readonly #graph: WritableGraph;
  /** The channels by viewers of hidden members; `undefined` for all others. */
  readonly #channels = new Map<Viewers | undefined, VolatileChannel>();
  readonly #changes = new MergedChanges();
  /** The instances whose volatile members have changed, or which a channel shows, or does not show any more. */
  readonly #instances = new Set<ClassNode>();

  constructor(graph: WritableGraph) {
    this.#graph = graph;
    graph.shows = (node) => node.shape.changeable && this.#instances.add(node);
  }

  /** Something waits for the next tick. */
  get due(): boolean {
    return this.#changes.any || this.#instances.size > 0;
  }

  /** Whether some of them shows a container. */
  shows(node: Node): boolean {
    for (const channel of this.#channels.values()) if (channel.knows(node)) return true;
    return false;
  }

  /** Takes what was committed or fed. `true`: some channel may show it. */
  gather(changes: ReadonlyMap<Node, Change>): boolean {
    let found = false;
    for (const [node, change] of changes) {
      if (node instanceof ClassNode && this.#touches(node, change as KeyChanges)) {
        this.#instances.add(node);
        found = true;
      }
      if (!this.shows(node)) continue;
      this.#changes.add(node, change);
      found = true;
    }
    return found;
  }

  #touches({ shape }: ClassNode, change: KeyChanges): boolean {
    if (!shape.changeable) return false;
    for (const { key } of change.all()) if (shape.isVolatile(key)) return true;
    return false;
  }

  /** Encodes what waits, for each channel. */
  tick(): void {
    // Instances that are met for the first time while the channels encode have their computeds evaluated: that is no open change.
    this.#graph.settled(() => {
      const instances = [...this.#instances];
      this.#instances.clear();
      for (const channel of this.#channels.values()) channel.encode(this.#changes.changes, instances);
      this.#changes.clear();
    });
  }

  /** What the last tick has changed for these. */
  delta(viewers: Viewers | undefined): WireDelta | undefined {
    return this.#channels.get(viewers)?.delta;
  }

  /** The whole volatile state, as of the last tick. `shown`: the audience's channel of what is not volatile. */
  snapshot(viewers: Viewers | undefined, shown: Channel): Snapshot {
    let channel = this.#channels.get(viewers);
    if (!channel) channel = this.#open(viewers, shown);
    // An event may have open changes.
    return this.#graph.rewind(() => (channel as VolatileChannel).snapshot());
  }

  #open(viewers: Viewers | undefined, shown: Channel): VolatileChannel {
    const instances = [...shown.table].filter((node) => node instanceof ClassNode);
    let channel: VolatileChannel | undefined;
    this.#graph.settled(() => {
      channel = new VolatileChannel(this.#graph.name, shown, instances, viewers?.predicates);
      channel.start();
    });
    this.#channels.set(viewers, channel as unknown as VolatileChannel);
    return channel as unknown as VolatileChannel;
  }

  /** Nobody of these watches any more. */
  drop(viewers: Viewers): void {
    const channel = this.#channels.get(viewers);
    this.#channels.delete(viewers);
    if (channel) this.#leave(channel);
  }

  /** Nobody watches any more. */
  dropAll(): void {
    const channels = [...this.#channels.values()];
    this.#channels.clear();
    this.#changes.clear();
    for (const channel of channels) this.#leave(channel);
    this.#instances.clear();
    this.#graph.shows = undefined;
  }

  #leave(channel: VolatileChannel): void {
    for (const node of channel.table) if (node instanceof ClassNode) node.unseen();
  }
}
