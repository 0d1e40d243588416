import { Channel } from "../channel/channel.js";
import { SideAudience } from "../channel/viewers.js";
import { Graph } from "../graph/graph.js";
import { MapNode } from "../graph/map.js";
import type { Node, Stored } from "../graph/node.js";
import { ObjectNode } from "../graph/object.js";
import { type Change, Recorder } from "../record/recorder.js";
import type { Snapshot, WireDelta } from "../wire/codec.js";
import type { ClassNode } from "./class-node.js";
import { sight } from "./sight.js";

/** The volatile members of an instance, as they were at the last tick, and the number under which they stand in the channel. */
interface Members {
  readonly node: ObjectNode;
  id: number;
}

/**
 * What one audience is sent of a store's volatile state. The root is a Map, which has the volatile members of the instances that the audience's own channel
 * shows, by their numbers there. Inside of these members the audience sees everything.
 */
export class VolatileChannel {
  /** What the last tick has changed. */
  delta: WireDelta | undefined;
  readonly #shown: Channel;
  readonly #predicates: ReadonlySet<unknown> | undefined;
  readonly #audience: SideAudience;
  readonly #channel: Channel;
  readonly #root: MapNode;
  readonly #members = new Map<ClassNode, Members>();
  /** Records what ticks change of the root and of members. */
  readonly #recorder = new Recorder();
  #snapshot: Snapshot | undefined;

  /**
   * @param shown the audience's channel of what is not volatile
   * @param predicates those by which it sees hidden members
   */
  constructor(name: string, shown: Channel, instances: Iterable<ClassNode>, predicates: ReadonlySet<unknown> | undefined) {
    const graph = new Graph(name);
    this.#shown = shown;
    this.#predicates = predicates;
    this.#root = new MapNode(graph, new Map());
    this.#audience = new SideAudience((node) => node.visible(predicates), sight);
    this.#channel = new Channel(this.#root, this.#audience);
    for (const node of instances) this.#update(node);
    graph.mode = { recorder: this.#recorder };
  }

  /** The containers that have numbers. */
  get table(): Iterable<Node> {
    return this.#channel.table;
  }

  /** Whether a container has a number. */
  knows(node: Node): boolean {
    return this.#audience.knows(node);
  }

  /** Gives all containers their numbers. The computeds are evaluated of the instances that only this channel shows. */
  start(): void {
    const met = new Set<Node>([this.#root]);
    for (const node of met) {
      sight.met(node);
      node.children((child) => met.add(child), this.#audience);
    }
    this.snapshot();
  }

  snapshot(): Snapshot {
    this.#snapshot ??= this.#channel.snapshot();
    return this.#snapshot;
  }

  /** Encodes a tick: the changes of containers since the last one, and the instances whose members may have changed. */
  encode(changes: ReadonlyMap<Node, Change>, instances: Iterable<ClassNode>): void {
    for (const node of instances) this.#update(node);
    const own = this.#recorder.changes;
    this.delta = this.#channel.encode(own.size > 0 ? new Map([...changes, ...own]) : changes);
    this.#recorder.clear();
    if (this.delta) this.#snapshot = undefined;
  }

  /** Takes over the members of an instance, and whether the audience sees it. */
  #update(instance: ClassNode): void {
    const { id } = this.#shown.audience.tag(instance);
    const names = id >= 0 ? instance.volatile(this.#predicates) : [];
    const members = this.#members.get(instance);
    if (members && (names.length === 0 || members.id !== id)) {
      // The number may be that of another instance by now.
      if (this.#root.data.get(members.id) === members.node) this.#root.remove(members.id);
      if (names.length === 0) this.#members.delete(instance);
    }
    if (names.length === 0) return;
    const node = members?.node ?? new ObjectNode(this.#root.graph, {});
    for (const name of names) node.put(name, instance.data[name] as Stored);
    this.#root.put(id, node);
    if (members) members.id = id;
    else this.#members.set(instance, { node, id });
  }
}
