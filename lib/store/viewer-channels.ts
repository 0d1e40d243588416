import { Channel } from "../channel/channel.js";
import { SideAudience, type Viewers } from "../channel/viewers.js";
import type { Node } from "../graph/node.js";
import type { Snapshot, WireDelta } from "../wire/codec.js";
import { finish } from "../wire/steps.js";
import { ClassNode } from "./class-node.js";
import { lastingNames, sight } from "./sight.js";
import type { WritableGraph } from "./writable-graph.js";

/** A channel for viewers, and what it has of the last commit. */
interface ViewerChannel {
  readonly channel: Channel;
  delta: WireDelta | undefined;
  snapshot: Snapshot | undefined;
}

/** The channels of one store for those who see hidden members. Each is made when it is first asked for, once the channel for all others has begun. */
export class ViewerChannels {
  readonly #graph: WritableGraph;
  readonly #main: Channel;
  readonly #channels = new Map<Viewers, ViewerChannel>();

  constructor(graph: WritableGraph, main: Channel) {
    this.#graph = graph;
    this.#main = main;
  }

  /** Whether some of them shows a container. */
  shows(node: Node): boolean {
    for (const { channel } of this.#channels.values()) if (channel.audience.tag(node).id >= 0) return true;
    return false;
  }

  /** Encodes a commit for each of them. `true`: some notice it. */
  encode(changes: Parameters<Channel["encode"]>[0]): boolean {
    let noticed = false;
    for (const one of this.#channels.values()) {
      one.delta = one.channel.encode(changes);
      one.snapshot = undefined;
      noticed ||= one.delta !== undefined;
    }
    return noticed;
  }

  /** Nothing was changed by the last commit. */
  pass(): void {
    for (const one of this.#channels.values()) one.delta = undefined;
  }

  /** The delta of the last commit. */
  delta(viewers: Viewers): WireDelta | undefined {
    return this.#channels.get(viewers)?.delta;
  }

  /** Every channel's snapshot is outdated, as computeds have been evaluated for the first time. */
  renew(): void {
    for (const one of this.#channels.values()) one.snapshot = undefined;
  }

  snapshot(viewers: Viewers): Snapshot {
    const one = this.#open(viewers);
    one.snapshot ??= this.#graph.rewind(() => one.channel.snapshot());
    return one.snapshot;
  }

  /** The channel of viewers, whose containers have their numbers. */
  of(viewers: Viewers): Channel {
    return this.#open(viewers).channel;
  }

  /** Nobody of these watches any more. */
  drop(viewers: Viewers): void {
    const one = this.#channels.get(viewers);
    if (!one) return;
    this.#channels.delete(viewers);
    this.#show();
    for (const node of one.channel.table) if (node instanceof ClassNode) node.unseen();
  }

  /** Nobody watches with any of these numbers. */
  dropAll(): void {
    for (const viewers of [...this.#channels.keys()]) this.drop(viewers);
  }

  #show(): void {
    this.#graph.shown = new Set([...this.#channels.keys()].flatMap(({ predicates }) => [...predicates]));
  }

  #open(viewers: Viewers): ViewerChannel {
    let one = this.#channels.get(viewers);
    if (!one) {
      const { predicates } = viewers;
      const channel = new Channel(this.#main.root, new SideAudience((node) => lastingNames(node, predicates), sight));
      one = { channel, delta: undefined, snapshot: undefined };
      this.#channels.set(viewers, one);
      this.#show();
      this.#graph.settled(() => {
        this.#evaluate(channel);
        finish(channel.start());
      });
    }
    return one;
  }

  /** Evaluates the computeds that a new channel shows. Others do not see what changes by that, so they are not told. */
  #evaluate({ audience, root }: Channel): void {
    for (const node of this.#graph.maintained) node.evaluateNew();
    const met = new Set<Node>([root]);
    for (const node of met) {
      if (node instanceof ClassNode) node.seen();
      node.children((child) => met.add(child), audience);
    }
  }
}
