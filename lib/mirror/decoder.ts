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
import {
  type BodyKind,
  fillBodies,
  fillBody,
  type Group,
  leafOf,
  type OpenedBodies,
  openBodies,
  openBody,
  type Sink,
  type Snapshot,
  valueOf,
  type WireDelta,
} from "../wire/codec.js";
import { expand } from "../wire/id-ranges.js";
import { Names } from "../wire/names.js";
import { CLEAR, CUT, DELETE, MAP_DELETE, MAP_SET, SET, SET_ADD, SET_DELETE, SET_ITEM, SET_MANY, SPLICE, SWEEP } from "../wire/ops.js";
import type { Steps } from "../wire/steps.js";

/** Reads snapshots and deltas into a graph. */
export class Decoder implements Sink<Node> {
  /** Containers by number. */
  table: NodePages = [];
  names = new Names();
  /** The number of the next container that is made. */
  free = 0;
  readonly #graph: Graph;
  readonly #audience: Audience;
  /** The number of the next container that no slot has referred to. */
  #claimed = 0;
  /** While a snapshot is read: the numbers of its containers, in order. */
  #ids: number[] | undefined;
  /** Meanwhile: the containers to keep. */
  #old: NodePages = [];
  #made = 0;

  constructor(graph: Graph, audience: Audience) {
    this.#graph = graph;
    this.#audience = audience;
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

  delta(delta: WireDelta): void {
    this.#claimed = this.free;
    const bodies = Array.isArray(delta[0]) ? (delta[0] as Group[]) : undefined;
    const opened = bodies ? openBodies(bodies, this) : [];
    const sweep = this.#ops(delta, bodies ? 1 : 0);
    fillBodies(opened, this);
    if (this.#claimed !== this.free) throw badWire("a delta", "containers that nothing refers to");
    if (sweep) this.#sweep();
  }

  #ops(delta: WireDelta, from: number): boolean {
    let at = from;
    let sweep = false;
    const next = () => delta[at++];
    const value = () => valueOf(delta[at++], this);
    while (at < delta.length) {
      const code = next();
      switch (code) {
        case SET:
          this.numbered<ObjectNode>(next(), "object").put(this.name(next()), value());
          break;
        case DELETE:
          this.numbered<ObjectNode>(next(), "object").remove(this.name(next()));
          break;
        case SPLICE:
        case CUT:
          this.numbered<ArrayNode>(next(), "array").splice(
            next() as number,
            next() as number,
            code === SPLICE ? (next() as unknown[]).map((slot) => valueOf(slot, this)) : [],
          );
          break;
        case SET_ITEM:
          this.numbered<ArrayNode>(next(), "array").put(next() as number, value());
          break;
        case MAP_SET:
          this.numbered<MapNode>(next(), "map").put(value(), value());
          break;
        case MAP_DELETE:
          this.numbered<MapNode>(next(), "map").remove(value());
          break;
        case SET_ADD:
          this.numbered<SetNode>(next(), "set").put(value());
          break;
        case SET_DELETE:
          this.numbered<SetNode>(next(), "set").remove(value());
          break;
        case CLEAR:
          this.numbered<MapNode | SetNode>(next()).clear();
          break;
        case SET_MANY: {
          const name = this.name(next());
          const steps = next() as number[];
          const slots = next() as unknown[];
          let id = 0;
          for (let n = 0; n < steps.length; n++) {
            id += steps[n] as number;
            this.numbered<ObjectNode>(id, "object").put(name, valueOf(slots[n], this));
          }
          break;
        }
        case SWEEP:
          sweep = true;
          break;
        default:
          throw badWire("an op", code);
      }
    }
    return sweep;
  }

  /** Forgets what cannot be reached from the root. */
  #sweep(): void {
    const reached: NodePages = [];
    const queue: Node[] = [this.#graph.root];
    for (const node of queue) {
      const { id } = this.#audience.tag(node);
      if (nodeIn(reached, id) === node) continue;
      register(reached, id, node);
      node.children((child) => void queue.push(child), this.#audience);
    }
    this.table = reached;
  }

  // As the sink of bodies.

  name(sent: unknown): string {
    return this.names.receive(sent);
  }

  next(): Node {
    const id = this.#ids ? this.#ids[this.#claimed] : this.#claimed;
    this.#claimed++;
    return this.numbered(id);
  }

  leaf(slot: readonly unknown[]): Stored {
    const leaf = leafOf(slot);
    return leaf instanceof Date ? this.#graph.date(leaf) : leaf;
  }

  make(kind: BodyKind, className: string | undefined): Node {
    const id = this.#ids ? (this.#ids[this.#made++] as number) : this.free++;
    const node = this.#reuse(id, kind, className) ?? this.#create(kind, className);
    this.#audience.tag(node).id = id;
    register(this.table, id, node);
    return node;
  }

  #reuse(id: number, kind: BodyKind, className: string | undefined): Node | undefined {
    if (this.#ids && this.#made === 1) return this.#graph.root;
    const old = nodeIn(this.#old, id);
    const fits = old?.kind === kind && old !== this.#graph.root && (old as InstanceNode).className === className;
    return fits ? old : undefined;
  }

  #create(kind: BodyKind, className?: string): Node {
    const spare = this.#graph.spares?.take(kind, className);
    if (spare) return spare;
    if (kind === "instance") return this.#graph.instance(className as string);
    const Plain = PLAIN[kind];
    return new Plain(this.#graph, emptyOf(kind) as never);
  }

  fill(node: Node, data: unknown): void {
    const isNew = node !== this.#graph.root && nodeIn(this.#old, this.#audience.tag(node).id) !== node;
    if (node instanceof InstanceNode && node.fill) node.fill(data as Record<string, Stored>);
    else if (isNew) node.data = data;
    else if (node instanceof ArrayNode) node.assign(data as Stored[]);
    else merge(node as ObjectNode | MapNode | SetNode, data as object);
  }

  from(node: Node, [, base, runs]: Group): void {
    const items = this.numbered<ArrayNode>(base, "array").data;
    const next: Stored[] = [];
    let cursor = 0;
    const copy = (count: number) => {
      for (const end = Math.min(cursor + count, items.length); cursor < end; cursor++) next.push(items[cursor]);
    };
    for (const run of runs as (number | unknown[])[]) {
      if (typeof run === "number") {
        if (run >= 0) {
          copy(run);
          cursor++;
        } else cursor -= run;
        continue;
      }
      copy(run[0] as number);
      for (let i = 1; i < run.length; i++) next.push(valueOf(run[i], this));
    }
    node.data = next;
  }
}

const PLAIN = { object: ObjectNode, array: ArrayNode, map: MapNode, set: SetNode };

/** Nodes by number, in pages: a Map of as many takes three times the memory. */
type NodePages = Node[][];

/** What V8 gives an array that grows to so many is hardly more. */
const PAGE = 128;

export const nodeIn = (pages: NodePages, id: number): Node | undefined => pages[(id / PAGE) | 0]?.[id % PAGE];

function register(pages: NodePages, id: number, node: Node): void {
  (pages[(id / PAGE) | 0] ??= [])[id % PAGE] = node;
}

/** In place, so that what is equal tells nobody; as a whole only where that gives the order. */
function merge(node: ObjectNode | MapNode | SetNode, data: object): void {
  const keys = keysOf(data);
  const has = (key: Stored) => (data instanceof Map || data instanceof Set ? data.has(key) : Object.hasOwn(data, key as string));
  for (const key of keysOf(node.data)) if (!has(key)) node.remove(key as never);
  for (const key of keys) node.put(key as never, data instanceof Map ? data.get(key) : data[key as never]);
  if (keysOf(node.data).every((key, i) => Object.is(key, keys[i]))) return;
  node.data = data as never;
  spoil(node);
  node.atoms?.reportChanged();
}

const keysOf = (data: object): Stored[] => (data instanceof Map || data instanceof Set ? [...data.keys()] : Object.keys(data));
