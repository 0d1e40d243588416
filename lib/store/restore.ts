import type { Kept, Saved } from "../channel/channel.js";
import { storage } from "../graph/audience.js";
import { Graph } from "../graph/graph.js";
import { InstanceNode } from "../graph/instance.js";
import { Decoder } from "../mirror/decoder.js";
import { expand } from "../wire/id-ranges.js";
import { STEP, type Steps } from "../wire/steps.js";

/** Names and the next number, as a channel goes on with them. */
export interface ClientNumbers {
  readonly names: readonly string[];
  readonly next: number;
}

/** Puts what is kept of a store into a graph whose root stands: what clients know of it, and what the storage does. */
export function* applyKept(
  graph: Graph,
  [snapshot, names, next, ids]: Saved,
  tail: readonly Kept[],
): Steps<{ clients: ClientNumbers; storage: ClientNumbers }> {
  const decoder = new Decoder(graph, storage);
  yield* decoder.snapshot(snapshot, []);
  for (const [delta] of tail) {
    decoder.delta(delta);
    yield;
  }
  const last = tail[tail.length - 1];
  // What the tail has made has numbers that nobody knows any more: clients get all of it anew, under numbers that were never used.
  if (last) return { clients: { names: [], next: last[1] }, storage: { names: decoder.names.list, next: decoder.free } };
  const numbers = expand(ids);
  yield;
  const stored = expand(snapshot[2]);
  yield;
  for (let i = 0; i < numbers.length; i++) {
    decoder.numbered(stored[i]).id = numbers[i] as number;
    if (i % STEP === 0) yield;
  }
  return { clients: { names, next }, storage: { names: decoder.names.list, next: decoder.free } };
}

/** A graph without classes: what is kept of a store as plain data, whatever its class is by now. */
export function bareGraph(name: string): Graph {
  const graph = new Graph(name);
  graph.root = new InstanceNode(graph, {}, "");
  return graph;
}
