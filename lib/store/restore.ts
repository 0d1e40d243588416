import type { Saved, StorageDelta } from "../channel/channel.js";
import { storage } from "../graph/audience.js";
import { Graph } from "../graph/graph.js";
import { InstanceNode } from "../graph/instance.js";
import { Decoder } from "../mirror/decoder.js";
import { readDelta } from "../mirror/delta-reader.js";
import { expand } from "../wire/id-ranges.js";
import { STEP, type Steps } from "../wire/steps.js";

/** The names and the next number that a channel goes on with. */
interface ChannelNumbers {
  readonly names: readonly string[];
  readonly next: number;
}

/** The names and numbers with which the channels of a restored store continue. */
export interface RestoredNumbers {
  readonly clients: ChannelNumbers;
  readonly storage: ChannelNumbers;
}

/** Puts a saved store, and the deltas of the commits after it, into a graph that has its root already. */
export function* restoreGraph(graph: Graph, [snapshot, names, next, ids]: Saved, tail: readonly StorageDelta[]): Steps<RestoredNumbers> {
  const decoder = new Decoder(graph, storage);
  yield* decoder.snapshot(snapshot, []);
  for (const [delta] of tail) {
    readDelta(decoder, delta);
    yield;
  }
  const last = tail[tail.length - 1];
  // No client knows the numbers of containers that the tail made: clients get a new snapshot, with numbers that were never used.
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

/** A graph without classes. It takes a saved store as plain data, whatever the store's class is by now. */
export function bareGraph(name: string): Graph {
  const graph = new Graph(name);
  graph.root = new InstanceNode(graph, {}, "");
  return graph;
}
