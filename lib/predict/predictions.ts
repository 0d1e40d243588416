import { createAtom } from "mobx";
import type { AnyClass } from "../class/schema.js";
import { randomId } from "../event/random-id.js";
import { InstanceNode } from "../graph/instance.js";
import { Node, nodeOf, Old, spoil } from "../graph/node.js";
import { copyInto, emptyOf } from "../graph/plain.js";
import type { SnapshotMirror } from "../mirror/snapshot-mirror.js";
import { undo } from "../record/undo.js";
import { partsOf, viewOf } from "../view/view.js";
import type { Encoded } from "../wire/codec.js";
import { reportNetChanges } from "./net-changes.js";
import { NodePool } from "./node-pool.js";
import { type PredictedRun, Predictor } from "./predictor.js";

declare const process: { readonly env: { readonly NODE_ENV?: string } };

/** An event that has no answer yet, as its caller sees it meanwhile. */
export interface Prediction {
  /** The event was sent: it now comes before waiting ones. `ids` is the seed of its ids, if its number is known: see `eventIds`. */
  sent(ids: string | undefined): void;
  /** The server's next message includes its changes. `made`: the numbers of the instances that the event has made, in order. */
  end(made?: readonly number[]): void;
  /** The instances that the event has made here, in order. */
  instances(): readonly InstanceNode[];
  /** Stops showing the event. */
  drop(): void;
  /** The state of the event, in development only. */
  look?(): Readonly<PendingEvent>;
}

export interface PendingEvent {
  readonly event: string;
  /** The instance whose event it is. */
  readonly target: InstanceNode;
  readonly args: Encoded;
  ids: string;
  waits: boolean;
  ended: boolean;
  run: PredictedRun | undefined;
  made: readonly Node[];
  /** The instances among the made containers. */
  instances: readonly InstanceNode[];
  /** The numbers that the server has given to the instances of an event that has ended. */
  numbers: readonly number[] | undefined;
  /** How often the event has been run, in development only. */
  runs?: number;
}

/**
 * Runs the events of a mirror's store that have no answer yet. A message of the server's applies to the server's last state: so all pending events are undone
 * for it, and run again afterwards. While there are any, only {@link change} changes the mirror.
 */
export class Predictions {
  readonly #mirror: SnapshotMirror;
  readonly #predictor: Predictor;
  /** The pending events in order: sent ones first, then waiting ones. */
  #pending: PendingEvent[] = [];
  /** Whether there is something of a pending event in a view, of those about which somebody has asked. */
  #pendingFlags: WeakMap<object, boolean> | undefined;

  /**
   * @param Class the store's, if this side has it
   * @param current what `current()` gives, as far as both ends have it
   */
  constructor(mirror: SnapshotMirror, Class: AnyClass | undefined, current: () => object = () => ({})) {
    this.#mirror = mirror;
    this.#predictor = new Predictor(mirror.graph, Class, current);
  }

  get open(): boolean {
    return this.#pending.length > 0;
  }

  /** Shows an event. `undefined` where that cannot be. Without `ids` its number is not known yet. */
  begin(event: string, args: Encoded, waits: boolean, ids: string = randomId(), target: InstanceNode = this.#mirror.graph.root): Prediction | undefined {
    if (!this.#predictor.knows(event, target)) return undefined;
    const one: PendingEvent = { event, target, args, ids, waits, ended: false, run: undefined, made: [], instances: [], numbers: undefined };
    if (waits || !this.#pending.some((other) => other.waits)) {
      this.#pending.push(one);
      this.#changeTwin(() => this.#run(one));
    } else this.#place(one);
    if (one.ended) return undefined;
    const prediction: Prediction = {
      sent: (ids = one.ids) => {
        const { run } = one;
        const other = ids !== one.ids && run?.named;
        one.ids = ids;
        if (one.waits) {
          one.waits = false;
          this.#place(one);
        } else if (other) this.change(() => {});
      },
      end(numbers) {
        one.ended = true;
        one.numbers = numbers;
      },
      instances: () => one.run?.instances ?? [],
      drop: () => {
        one.ended = true;
        if (this.#pending.includes(one)) this.change(() => {});
      },
    };
    if (process.env.NODE_ENV !== "production") prediction.look = () => one;
    return prediction;
  }

  /** Puts one behind those that are sent. */
  #place(one: PendingEvent): void {
    this.change(() => {
      const others = this.#pending.filter((other) => other !== one);
      const behind = others.filter(({ waits }) => waits);
      this.#pending = [...others.filter(({ waits }) => !waits), one, ...behind];
    });
  }

  /** Applies a message of the server's under the pending events. Ended events are no longer shown. */
  change(apply: () => void): void {
    if (!this.open) return apply();
    const { graph } = this.#mirror;
    const before = this.#nodes();
    this.#changeTwin(() => {
      reportNetChanges(before, () => {
        for (const { run } of [...this.#pending].reverse()) if (run) undo(run.changes);
        const ended = this.#pending.filter((one) => one.ended);
        this.#pending = this.#pending.filter((one) => !one.ended);
        graph.mode = { pool: poolOf(ended) };
        try {
          apply();
        } finally {
          graph.mode = undefined;
          for (const one of this.#pending) one.run = undefined;
          for (const one of this.#pending) this.#run(one);
          this.#pending = this.#pending.filter((one) => !one.ended);
        }
      });
      this.#release(before);
    });
  }

  #run(one: PendingEvent): void {
    if (process.env.NODE_ENV !== "production") one.runs = (one.runs ?? 0) + 1;
    try {
      one.run = this.#lives(one.target) ? this.#predictor.run(one, one.made) : undefined;
      if (one.run && !isAlike(one.run.instances, one.instances)) {
        // It has made other instances than before. What was called on one of those must not act on another one.
        undo(one.run.changes);
        one.run = this.#predictor.run(one, []);
      }
      if (one.run) Object.assign(one, { made: one.run.made, instances: one.run.instances });
    } catch {
      // This side cannot know the result: it will be shown when the server has run it.
      one.run = undefined;
      one.ended = true;
    }
  }

  /** Whether an instance is in the state that the pending events before have left. */
  #lives(target: InstanceNode): boolean {
    return this.#mirror.numberOf(target) !== undefined || this.#pending.some(({ run }) => run?.made.includes(target));
  }

  #changeTwin(change: () => void): void {
    this.#mirror.change(() => {
      try {
        change();
      } finally {
        this.#pending = this.#pending.filter((one) => !one.ended || one.run);
        this.#pendingFlags = undefined;
        if (this.open) open.add(this);
        else open.delete(this);
        atom.reportChanged();
      }
    });
  }

  /** The containers that pending events have changed or made. */
  #nodes(): Set<Node> {
    return new Set(this.#pending.flatMap(({ run }) => (run ? [...run.changes.keys(), ...run.made] : [])));
  }

  // --- who is pending ---

  /** Whether there is something of a pending event in a value. */
  has(value: object): boolean {
    if (!this.#pendingFlags) {
      this.#pendingFlags = new WeakMap();
      for (const node of this.#nodes()) this.#pendingFlags.set(node, true).set(viewOf(node) as object, true);
    }
    return this.#holds(nodeOf(value) ?? value, this.#pendingFlags);
  }

  #holds(value: unknown, flags: WeakMap<object, boolean>): boolean {
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return false;
    let found = flags.get(value);
    if (found === undefined) {
      // Where it refers to itself, that is nothing more.
      flags.set(value, false);
      const parts: unknown[] = [];
      if (value instanceof Node) value.children((child) => void parts.push(child));
      else parts.push(...partsOf(value));
      found = parts.some((part) => this.#holds(part, flags));
      flags.set(value, found);
    }
    if (found) asked.add(value);
    return found;
  }

  /** Gives those that are not pending any more another view, where somebody has asked: nobody would notice otherwise. */
  #release(before: ReadonlySet<Node>): void {
    const pending = this.#nodes();
    const met = new Set<Node>();
    const release = (node: Node) => {
      if (met.has(node)) return;
      met.add(node);
      const { users } = node;
      for (const user of users instanceof Node ? [users] : (users ?? [])) release(user);
      const view = node.view instanceof Old ? node.view.view : node.view;
      if (!view || !asked.delete(view)) return;
      if (node.data === view) {
        node.data = emptyOf(node.kind);
        copyInto(node.data as object, view, (part) => part);
      }
      // So that it is spoiled.
      node.view = view;
      spoil(node);
      node.view = undefined;
    };
    for (const node of before) if (!pending.has(node)) release(node);
  }
}

/**
 * The containers of events that have ended. Instances are known by the server's numbers, as code may hold them: another one in the place of one of them would
 * get its events. Where the server has made more or fewer of them, nobody can tell which is which.
 */
function poolOf(ended: readonly PendingEvent[]): NodePool {
  const numbered = new Map<number, InstanceNode>();
  for (const { instances, numbers } of ended) {
    if (numbers?.length === instances.length) for (const [i, node] of instances.entries()) numbered.set(numbers[i] as number, node);
  }
  return new NodePool(
    ended.flatMap(({ made }) => made.filter((node) => !(node instanceof InstanceNode))),
    numbered,
  );
}

const isAlike = (now: readonly InstanceNode[], before: readonly InstanceNode[]) =>
  before.length === 0 || (now.length === before.length && now.every(({ className }, i) => className === before[i]?.className));

/** The predictions of mirrors that have pending events. */
const open = new Set<Predictions>();
/** The views of which somebody has heard that they are pending. */
const asked = new WeakSet<object>();
const atom = createAtom("twinstate.pending");

/** Whether an event that has no answer yet has changed a value of a twin, or something in it. */
export function isPending(value: object): boolean {
  atom.reportObserved();
  for (const one of open) if (one.has(value)) return true;
  return false;
}
