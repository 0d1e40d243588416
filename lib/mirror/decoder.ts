import { badWire } from "../errors/errors.js";
import { ArrayNode } from "../graph/array.js";
import type { Audience } from "../graph/audience.js";
import type { Graph } from "../graph/graph.js";
import { InstanceNode } from "../graph/instance.js";
import { MapNode } from "../graph/map.js";
import { type Node, type Stored, spoil } from "../graph/node.js";
import { ObjectNode } from "../graph/object.js";
import { emptyOf } from "../graph/plain.js";
import { SetNode } from "../graph/set.js";
import { type BodyKind, fillBody, type OpenedBodies, openBody, type Sink, type Snapshot } from "../wire/codec.js";
import { expand } from "../wire/id-ranges.js";
import { leafOf } from "../wire/leaves.js";
import { Names } from "../wire/names.js";
import type { Steps } from "../wire/steps.js";

/** Reads snapshots into a graph, and knows its containers by number. */
export class Decoder implements Sink<Node> {
  /** Containers by number. */
  table: NodePages = [];
  names = new Names();
  /** The number of the next container that is made. */
  free = 0;
  readonly graph: Graph;
  readonly audience: Audience;
  /** The first container of each snapshot. It stays the same. */
  readonly root: Node;
  /** The names of fields that snapshots do not bring, by instance: they stay as they are. */
  apart: WeakMap<Node, Set<string>> | undefined;
  /** The number of the next container that no slot has referred to. */
  claimed = 0;
  /** The numbers of a snapshot's containers, in order, while it is read. */
  #ids: number[] | undefined;
  /** Meanwhile: the containers to keep. */
  #old: NodePages = [];
  #made = 0;

  constructor(graph: Graph, audience: Audience, root: Node = graph.root) {
    this.graph = graph;
    this.audience = audience;
    this.root = root;
  }

  /** A container by its number. */
  numbered<N extends Node = Node>(id: unknown, kind?: BodyKind): N {
    const node = nodeIn(this.table, id as number);
    // An instance is an object to ops.
    if (node && (!kind || node.kind === kind || (kind === "object" && node instanceof InstanceNode))) return node as N;
    throw badWire("the number of a container", id);
  }

  /** Reads a snapshot, before anything else. `old`: the containers to keep where the numbers match. */
  *snapshot(snapshot: Snapshot, old: NodePages): Steps<void> {
    const [names, next, ids, bodies] = snapshot;
    this.names = new Names(names);
    this.free = next;
    this.#ids = expand(ids);
    yield;
    this.#old = old;
    const opened: OpenedBodies<Node>[] = [];
    for (const body of bodies) {
      opened.push(openBody(body, this));
      yield;
    }
    if (this.#made !== this.#ids.length || this.#made === 0) throw badWire("as many containers as numbers", this.#made);
    this.next();
    for (const one of opened) {
      fillBody(one, this);
      yield;
    }
    this.#ids = undefined;
    this.#old = [];
  }

  // --- the sink of bodies ---

  name(sent: unknown): string {
    return this.names.receive(sent);
  }

  next(): Node {
    const id = this.#ids ? this.#ids[this.claimed] : this.claimed;
    this.claimed++;
    return this.numbered(id);
  }

  leaf(slot: readonly unknown[]): Stored {
    const leaf = leafOf(slot);
    return leaf instanceof Date ? this.graph.date(leaf) : leaf;
  }

  make(kind: BodyKind, className: string | undefined): Node {
    const id = this.#ids ? (this.#ids[this.#made++] as number) : this.free++;
    const node = this.#reuse(id, kind, className) ?? this.#create(id, kind, className);
    this.audience.tag(node).id = id;
    register(this.table, id, node);
    return node;
  }

  #reuse(id: number, kind: BodyKind, className: string | undefined): Node | undefined {
    if (this.#ids && this.#made === 1) return this.root;
    const old = nodeIn(this.#old, id);
    const fits = old?.kind === kind && old !== this.root && (old as InstanceNode).className === className;
    return fits ? old : undefined;
  }

  #create(id: number, kind: BodyKind, className?: string): Node {
    // Predictions know instances by the numbers of the store's own graph.
    const spare = this.graph.mode?.pool?.take(kind, className, this.root === this.graph.root ? id : undefined);
    if (spare) return spare;
    if (kind === "instance") return this.graph.instance(className as string);
    const Plain = PLAIN[kind];
    return new Plain(this.graph, emptyOf(kind) as never);
  }

  fill(node: Node, data: unknown): void {
    const isNew = node !== this.root && nodeIn(this.#old, this.audience.tag(node).id) !== node;
    if (node instanceof InstanceNode && node.fill) node.fill(data as Record<string, Stored>);
    else if (isNew) node.data = data;
    else if (node instanceof ArrayNode) node.assign(data as Stored[]);
    else merge(node as ObjectNode | MapNode | SetNode, data as object, this.apart?.get(node));
  }
}

const PLAIN = { object: ObjectNode, array: ArrayNode, map: MapNode, set: SetNode };

/** Nodes by number, in pages: a Map of as many takes three times the memory. */
export type NodePages = Node[][];

/** What V8 gives an array that grows to so many is hardly more. */
const PAGE = 128;

export const nodeIn = (pages: NodePages, id: number): Node | undefined => pages[(id / PAGE) | 0]?.[id % PAGE];

export function register(pages: NodePages, id: number, node: Node): void {
  (pages[(id / PAGE) | 0] ??= [])[id % PAGE] = node;
}

/**
 * Changes the container in place, so that equal values notify nobody, and as a whole only where the order asks for it.
 * @param apart the names that stay although `data` has none of them; one that it has is one of its own from now on
 */
function merge(node: ObjectNode | MapNode | SetNode, data: object, apart?: Set<unknown>): void {
  const keys = keysOf(data);
  const has = (key: Stored) => (data instanceof Map || data instanceof Set ? data.has(key) : Object.hasOwn(data, key as string));
  for (const key of keysOf(node.data)) if (!has(key) && !apart?.has(key)) node.remove(key as never);
  for (const key of keys) {
    apart?.delete(key);
    node.put(key as never, data instanceof Map ? data.get(key) : data[key as never]);
  }
  const now = keysOf(node.data);
  if (keys.every((key, i) => Object.is(key, now[i]))) return;
  node.data = data as never;
  spoil(node);
  node.atoms?.reportChanged();
}

const keysOf = (data: object): Stored[] => (data instanceof Map || data instanceof Set ? [...data.keys()] : Object.keys(data));
