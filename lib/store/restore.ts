import type { Saved, StorageDelta } from "../channel/channel.js";
import type { NumberChanges } from "../channel/stored-numbers.js";
import { storage } from "../graph/audience.js";
import { Graph } from "../graph/graph.js";
import { InstanceNode } from "../graph/instance.js";
import { type Node, UNNUMBERED } from "../graph/node.js";
import { Decoder, nodeIn } from "../mirror/decoder.js";
import { readDelta } from "../mirror/delta-reader.js";
import { expand } from "../wire/id-ranges.js";
import { STEP, type Steps } from "../wire/steps.js";

/** The names and the next number that a channel goes on with. */
interface ChannelNumbers {
  readonly names: readonly string[];
  readonly next: number;
}

/** Puts a saved store, and the deltas of the commits after it, into a graph that has its root already, and gives containers the numbers that clients know. */
export class Restoration {
  readonly #decoder: Decoder;
  #names: string[] = [];
  #next = 0;
  /** The shape of the classes for which the clients' numbers hold; `undefined`: they are not known. */
  shape: string | undefined;
  /** How many containers have got a number of clients. */
  numbered = 0;

  constructor(graph: Graph) {
    this.#decoder = new Decoder(graph, storage);
  }

  /** What the clients' channel goes on with. */
  get clients(): ChannelNumbers {
    return { names: this.#names, next: this.#next };
  }

  /** What the storage's channel goes on with. */
  get storage(): ChannelNumbers {
    return { names: this.#decoder.names.list, next: this.#decoder.free };
  }

  *begin([snapshot, names, next, ids, shape]: Saved): Steps<void> {
    yield* this.#decoder.snapshot(snapshot, []);
    this.#next = next;
    if (shape === undefined) return;
    this.#names = [...names];
    this.shape = shape;
    const numbers = expand(ids);
    yield;
    const stored = expand(snapshot[2]);
    yield;
    for (let i = 0; i < numbers.length; i++) {
      if ((numbers[i] as number) >= 0) this.#number(stored[i] as number, numbers[i] as number);
      if (i % STEP === 0) yield;
    }
  }

  /** Takes a commit. */
  apply([delta, next, numbers]: StorageDelta): void {
    const first = this.#decoder.free;
    const before = this.#next;
    readDelta(this.#decoder, delta);
    this.#next = next;
    // A release that did not store numbers made the commit.
    if (numbers === undefined) return this.forget();
    if (numbers !== 0 && numbers[2] !== undefined) this.#begin(numbers[2]);
    if (this.shape === undefined) return;
    // Most commits are of this kind.
    if (numbers === 0) for (let known = before; known < next; known++) this.#number(first + known - before, known);
    else {
      for (const [stored, known] of numbersOf(numbers, first, before, next)) this.#number(stored, known);
      if (numbers[1]) this.#names.push(...numbers[1]);
    }
  }

  /** Takes a commit, whose containers somebody else numbers. Gives the container that the storage knows by a number. */
  read(delta: StorageDelta[0]): (stored: number) => Node | undefined {
    readDelta(this.#decoder, delta);
    return (stored) => nodeIn(this.#decoder.table, stored);
  }

  #begin(shape: string): void {
    this.forget();
    this.shape = shape;
  }

  #number(stored: number, known: number): void {
    const node = nodeIn(this.#decoder.table, stored);
    if (!node) return;
    if (node.id < 0) this.numbered++;
    node.id = known;
  }

  /** Nobody knows any numbers. */
  forget(): void {
    this.keep(() => false);
    this.#names = [];
    this.shape = undefined;
  }

  /** Takes the numbers back of all containers but some. */
  keep(keeps: (node: Node) => boolean): void {
    if (this.numbered === 0) return;
    for (const page of this.#decoder.table)
      page?.forEach((node) => {
        if (node.id < 0 || keeps(node)) return;
        node.id = UNNUMBERED;
        this.numbered--;
      });
  }
}

/** The numbers of containers that a commit has changed. `first`: the storage's number of the first that its delta makes; `before`: the clients' next one. */
export function* numbersOf(numbers: NumberChanges, first: number, before: number, next: number): Iterable<readonly [stored: number, known: number]> {
  const triples = numbers === 0 ? [first, before, next - before] : numbers[0];
  for (let at = 0; at < triples.length; at += 3) {
    const [stored, known, count] = triples.slice(at) as [number, number, number];
    for (let n = 0; n < count; n++) yield [stored + n, known + n];
  }
}

/** Puts a saved store, and the deltas of the commits after it, into a graph that has its root already. */
export function* restoreGraph(graph: Graph, saved: Saved, tail: readonly StorageDelta[]): Steps<Restoration> {
  const restoration = new Restoration(graph);
  yield* restoration.begin(saved);
  for (const delta of tail) {
    restoration.apply(delta);
    yield;
  }
  return restoration;
}

/** A graph without classes. It takes a saved store as plain data, whatever the store's class is by now. */
export function bareGraph(name: string): Graph {
  const graph = new Graph(name);
  graph.root = new InstanceNode(graph, {}, "");
  return graph;
}
