import type { Classes } from "../class/view-registry.js";
import { clients } from "../graph/audience.js";
import { atomically } from "../graph/batch.js";
import { Graph } from "../graph/graph.js";
import { InstanceNode } from "../graph/instance.js";
import { MapNode } from "../graph/map.js";
import { type Node, own } from "../graph/node.js";
import { Signal } from "../graph/signal.js";
import { viewOf } from "../view/view.js";
import { type Encoded, type Snapshot, understand } from "../wire/codec.js";
import { finish } from "../wire/steps.js";
import { decodeValue } from "../wire/value-codec.js";
import { Decoder, nodeIn } from "./decoder.js";
import { fieldsIn, linkFields } from "./volatile-state.js";

export interface MirrorOptions {
  /** The store's name, for messages. */
  name: string;
  /** Makes the objects that users hold: see {@link Graph.open}. Without it there are only views. */
  faces?: Graph["open"];
  /** See {@link Graph.eventOf}. */
  eventOf?: Graph["eventOf"];
  /** See {@link Graph.eventsOf}. */
  eventsOf?: Graph["eventsOf"];
  /** Classes that this side has, by name: views of their instances are `instanceof` them. */
  models?: Classes | undefined;
}

/** A twin's state from snapshots. A page needs no more before there is a stream. */
export interface SnapshotMirror {
  readonly name: string;
  /** The live twin, which MobX observes, once its graph can open it. */
  readonly live: object;
  /** A snapshot has been applied. */
  readonly ready: boolean;
  /** The number of the next container, equal to the encoder's. */
  readonly next: number;
  /** How many containers are known by number. */
  readonly size: number;
  /**
   * Makes the twin equal to a snapshot, and keeps the objects whose numbers match. `fresh`: the snapshot is of another incarnation, so
   * no numbers match. `volatile`: the volatile state that belongs to it, if there is any.
   * @throws StateError for a message that is no snapshot; the twin is then as it was, or not ready.
   */
  applySnapshot(snapshot: Snapshot, fresh?: boolean, volatile?: Snapshot): void;
  /**
   * Takes the whole volatile state alone; `undefined`: there is none.
   * @throws StateError for a message that is no snapshot of it; the fields are not sure then
   */
  applyVolatile(volatile: Snapshot | undefined): void;
  /**
   * Reads a message into the containers, as one change. `what` names it.
   * @throws StateError for a message that does not fit.
   */
  apply(what: string, message: unknown, read: (decoder: Decoder, volatile: Decoder | undefined) => void): void;
  /** The number of a container; `undefined` where it has none, or has none any more. */
  numberOf(node: Node): number | undefined;
  /** Decodes a value that names containers of this twin by number: they become views, or `undefined` if they are gone. */
  decode(value: Encoded): unknown;
  /** An immutable view of one field. */
  read(name: string): unknown;
  /** An immutable view of all fields. */
  view(): object;
  /** Its containers. */
  readonly graph: Graph;
  /** Runs a change of its containers as one. */
  change(run: () => void): void;
  /** Calls back once after each batch of changes. */
  onChange(listener: () => void): () => void;
}

export function createSnapshotMirror({ name, faces, eventOf, eventsOf, models }: MirrorOptions): SnapshotMirror {
  const graph = new Graph(name);
  graph.root = new InstanceNode(graph, {}, "");
  Object.assign(graph, { open: faces, eventOf, eventsOf, models } satisfies Partial<Graph>);
  const changes = new Signal();
  let state = new Decoder(graph, clients);
  let volatile: Decoder | undefined;
  let ready = false;

  const change = (run: () => void) => atomically(run, changes);
  const apply: SnapshotMirror["apply"] = (what, message, read) => change(() => understand(what, message, () => read(state, volatile)));

  function fillVolatile(whole: Snapshot | undefined): void {
    if (!whole && !volatile) return;
    const decoder = new Decoder(graph, clients, new MapNode(graph, new Map()));
    if (whole) finish(decoder.snapshot(whole, volatile?.table ?? []));
    const numbers = [volatile, decoder].flatMap((one) => [...(fieldsIn(one)?.keys() ?? [])]);
    volatile = decoder;
    linkFields(decoder, state, numbers);
  }

  return {
    name,
    graph,
    change,
    get live() {
      return graph.root.live;
    },
    get ready() {
      return ready;
    },
    get next() {
      return state.free;
    },
    get size() {
      return Object.values(state.table).flat().length;
    },
    applySnapshot: (snapshot, fresh = false, whole) =>
      apply("a snapshot", snapshot, () => {
        const decoder = new Decoder(graph, clients);
        // The numbers of instances mean others in a fresh one.
        if (fresh) volatile = undefined;
        else decoder.apart = state.apart;
        finish(decoder.snapshot(snapshot, fresh ? [] : state.table));
        state = decoder;
        ready = true;
        fillVolatile(whole);
      }),
    applyVolatile(whole) {
      if (whole || volatile) apply("volatile state", whole, () => fillVolatile(whole));
    },
    apply,
    numberOf: (node) => (nodeIn(state.table, node.id) === node ? node.id : undefined),
    decode: (value) => decodeValue(value, (id) => viewOf(nodeIn(state.table, id))),
    read: (field) => viewOf(own(graph.root.data, field)),
    view: () => viewOf(graph.root) as object,
    onChange: changes.subscribe,
  };
}
