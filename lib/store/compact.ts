import { Channel, type Saved, type StorageDelta } from "../channel/channel.js";
import { storage } from "../graph/audience.js";
import type { Graph } from "../graph/graph.js";
import { InstanceNode } from "../graph/instance.js";
import type { Node } from "../graph/node.js";
import { Recorder } from "../record/recorder.js";
import { viewOf } from "../view/view.js";
import type { Snapshot } from "../wire/codec.js";
import { IdRanges } from "../wire/id-ranges.js";
import type { Steps } from "../wire/steps.js";
import { bareGraph, restoreGraph } from "./restore.js";
import { WritableGraph } from "./writable-graph.js";

/**
 * Merges a saved store and the deltas of the commits after it into one saved store. The store's classes are not needed. Deltas that follow the tail also follow
 * the result.
 */
export function* compactSteps(saved: Saved, tail: readonly StorageDelta[]): Steps<Saved> {
  const graph = bareGraph("");
  const { clients, shape, storage: stored } = yield* restoreGraph(graph, saved, tail);
  const [snapshot, order] = yield* snapshotSteps(graph, stored);
  if (shape === undefined) return [snapshot, [], clients.next, []];
  const ids = new IdRanges();
  for (const { id } of order) ids.add(id);
  return [snapshot, clients.names, clients.next, ids.all(), shape];
}

/**
 * Merges like {@link compactSteps}, and applies a function of the user's. The function gets the store's fields as a plain object that records changes.
 * Instances of classes look like plain objects in it, and stay instances in the result. The function changes the object, or returns another one.
 */
export function* migrateSteps(name: string, saved: Saved, tail: readonly StorageDelta[], change: (old: object) => unknown): Steps<Saved> {
  const graph = new WritableGraph({ name, recorder: new Recorder() });
  const root = new InstanceNode(graph, {}, "");
  graph.root = root;
  const { clients, storage: stored } = yield* restoreGraph(graph, saved, tail);
  const old = root.live as Record<string, unknown>;
  const given = change(old);
  if (typeof given === "object" && given !== null && given !== old) {
    const fields = Object.entries(given);
    for (const field of Object.keys(old)) delete old[field];
    for (const [field, value] of fields) old[field] = value;
  }
  // The storage's numbers restart: the new record replaces the old one.
  const [snapshot] = yield* snapshotSteps(graph, { names: [], next: stored.next });
  return [snapshot, [], clients.next, []];
}

/** A saved store as a plain immutable view, with private fields. */
export function* plainSteps(saved: Saved, tail: readonly StorageDelta[]): Steps<object> {
  const graph = bareGraph("");
  yield* restoreGraph(graph, saved, tail);
  return viewOf(graph.root) as object;
}

function* snapshotSteps(graph: Graph, known: { names: readonly string[]; next: number }): Steps<[snapshot: Snapshot, order: Node[]]> {
  const channel = new Channel(graph.root, storage, known);
  yield* channel.start();
  const order: Node[] = [];
  return [yield* channel.snapshotSteps(order), order];
}
