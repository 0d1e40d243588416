import { Channel, type Kept, type Saved } from "./channel.js";
import { storage } from "./instance.js";
import { applyKept, bareGraph } from "./mirror.js";
import type { Steps } from "./steps.js";

/**
 * What is kept of a store, with what was committed since, as one. Needs none of the store's classes. Deltas that follow the last of the
 * tail follow the result as well.
 */
export function* compactSteps(saved: Saved, tail: readonly Kept[]): Steps<Saved> {
  const graph = bareGraph("");
  const known = yield* applyKept(graph, saved, tail);
  const keeper = new Channel(graph.root, storage, known.storage);
  yield* keeper.start();
  const snapshot = yield* keeper.snapshotSteps();
  return [snapshot, [], known.clients.next, []];
}
