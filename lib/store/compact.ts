import { Channel, type Saved, type StorageDelta } from "../channel/channel.js";
import { storage } from "../graph/audience.js";
import type { Graph } from "../graph/graph.js";
import { InstanceNode } from "../graph/instance.js";
import { Recorder } from "../record/recorder.js";
import { viewOf } from "../view/view.js";
import type { Steps } from "../wire/steps.js";
import { bareGraph, type RestoredNumbers, restoreGraph } from "./restore.js";
import { WritableGraph } from "./writable-graph.js";

/**
 * What is kept of a store, with what was committed since, as one. Needs none of the store's classes. Deltas that follow the last of the
 * tail follow the result as well.
 */
export function* compactSteps(saved: Saved, tail: readonly StorageDelta[]): Steps<Saved> {
  const graph = bareGraph("");
  const numbers = yield* restoreGraph(graph, saved, tail);
  return yield* saveSteps(graph, numbers);
}

/**
 * As {@link compactSteps}, changed by a function of the user's. It gets the store's fields as a plain, live object, whose values are what the store held: instances of
 * classes stand in it as plain objects, and stay instances where they are kept. It changes the object, or gives another one, which takes its place.
 */
export function* migrateSteps(name: string, saved: Saved, tail: readonly StorageDelta[], change: (old: object) => unknown): Steps<Saved> {
  const graph = new WritableGraph({ name, recorder: new Recorder() });
  const root = new InstanceNode(graph, {}, "");
  graph.root = root;
  const numbers = yield* restoreGraph(graph, saved, tail);
  const old = root.live as Record<string, unknown>;
  const given = change(old);
  if (typeof given === "object" && given !== null && given !== old) {
    const fields = Object.entries(given);
    for (const field of Object.keys(old)) delete old[field];
    for (const [field, value] of fields) old[field] = value;
  }
  // The storage's numbers begin anew: what was kept before is replaced.
  return yield* saveSteps(graph, { clients: numbers.clients, storage: { names: [], next: numbers.storage.next } });
}

/** What is kept of a store, private fields too, as a plain immutable view. */
export function* plainSteps(saved: Saved, tail: readonly StorageDelta[]): Steps<object> {
  const graph = bareGraph("");
  yield* restoreGraph(graph, saved, tail);
  return viewOf(graph.root) as object;
}

function* saveSteps(graph: Graph, numbers: RestoredNumbers): Steps<Saved> {
  const channel = new Channel(graph.root, storage, numbers.storage);
  yield* channel.start();
  const snapshot = yield* channel.snapshotSteps();
  return [snapshot, [], numbers.clients.next, []];
}
