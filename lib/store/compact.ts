import { Channel, type Kept, type Saved } from "../channel/channel.js";
import { storage } from "../graph/audience.js";
import type { Graph } from "../graph/graph.js";
import { InstanceNode } from "../graph/instance.js";
import { Recorder } from "../record/recorder.js";
import { viewOf } from "../view/view.js";
import type { Steps } from "../wire/steps.js";
import { applyKept, bareGraph } from "./restore.js";
import { WritableGraph } from "./writable-graph.js";

/**
 * What is kept of a store, with what was committed since, as one. Needs none of the store's classes. Deltas that follow the last of the
 * tail follow the result as well.
 */
export function* compactSteps(saved: Saved, tail: readonly Kept[]): Steps<Saved> {
  const graph = bareGraph("");
  const known = yield* applyKept(graph, saved, tail);
  return yield* saveSteps(graph, known);
}

/**
 * As {@link compactSteps}, changed by a function of the user's. It gets the store's fields as a plain, live object, whose values are what the store held: instances of
 * classes stand in it as plain objects, and stay instances where they are kept. It changes the object, or gives another one, which takes its place.
 */
export function* migrateSteps(name: string, saved: Saved, tail: readonly Kept[], change: (old: object) => unknown): Steps<Saved> {
  const graph = new WritableGraph({ name, recorder: new Recorder() });
  const root = new InstanceNode(graph, {}, "");
  graph.root = root;
  const known = yield* applyKept(graph, saved, tail);
  const old = root.live as Record<string, unknown>;
  const given = change(old);
  if (typeof given === "object" && given !== null && given !== old) {
    const fields = Object.entries(given);
    for (const field of Object.keys(old)) delete old[field];
    for (const [field, value] of fields) old[field] = value;
  }
  // The storage's numbers begin anew: what was kept before is replaced.
  return yield* saveSteps(graph, { clients: known.clients, storage: { names: [], next: known.storage.next } });
}

/** What is kept of a store, private fields too, as a plain immutable view. */
export function* plainSteps(saved: Saved, tail: readonly Kept[]): Steps<object> {
  const graph = bareGraph("");
  yield* applyKept(graph, saved, tail);
  return viewOf(graph.root) as object;
}

type Known = { readonly names: readonly string[]; readonly next: number };

function* saveSteps(graph: Graph, known: { readonly clients: Known; readonly storage: Known }): Steps<Saved> {
  const keeper = new Channel(graph.root, storage, known.storage);
  yield* keeper.start();
  const snapshot = yield* keeper.snapshotSteps();
  return [snapshot, [], known.clients.next, []];
}
