import { type Audience, storage } from "../graph/audience.js";
import { Node, nextWalk, type Stored, UNNUMBERED } from "../graph/node.js";
import { countOf, type Group, NEXT, type Slot, type SlotSource, type Snapshot, writeBody } from "../wire/codec.js";
import { IdRanges } from "../wire/id-ranges.js";
import { leafSlot } from "../wire/leaves.js";
import { STEP, type Steps } from "../wire/steps.js";
import type { Channel } from "./channel.js";
import { NodeSource } from "./node-source.js";

/** Writes a snapshot for an audience. */
export class SnapshotWriter extends NodeSource implements SlotSource<Node> {
  /** One that stays: see `DeltaWriter.stays`. */
  static readonly stays = new SnapshotWriter(storage, undefined, String, () => UNNUMBERED, []);
  readonly #walk = nextWalk();
  /** The channel that numbers the containers, if they have no numbers yet. */
  readonly #fresh: Channel | undefined;
  readonly #send: (name: string) => string | number;
  readonly #number: (node: Node) => number;
  readonly #queue: Node[];
  readonly #ids = new IdRanges();

  constructor(audience: Audience, fresh: Channel | undefined, send: (name: string) => string | number, number: (node: Node) => number, queue: Node[]) {
    super(audience);
    this.#fresh = fresh;
    this.#send = send;
    this.#number = number;
    this.#queue = queue;
  }

  *write(root: Node, names: readonly string[], next: () => number): Steps<Snapshot> {
    this.slot(root);
    const bodies: Group[] = [];
    for (let i = 0; i < this.#queue.length; ) {
      const group = writeBody(this.#queue, i, this, STEP);
      bodies.push(group);
      i += countOf(group);
      yield;
    }
    return [[...names], next(), this.#ids.all(), bodies];
  }

  slot(value: Stored): Slot {
    if (typeof value === "string") return value;
    if (!(value instanceof Node)) return leafSlot(value) as Slot;
    const tag = this.audience.tag(value);
    if (tag.mark === this.#walk) {
      if (this.#fresh) tag.refs++;
      return [this.#number(value)];
    }
    tag.mark = this.#walk;
    this.#fresh?.meet(value, tag);
    this.#ids.add(this.#number(value));
    this.#queue.push(value);
    return NEXT;
  }

  name(name: string): string | number {
    return this.#send(name);
  }
}
