import { _getGlobalState, isComputed, transaction } from "mobx";
import type { ComputedSchema } from "../class/schema.js";
import { isEventError, outsideEvent } from "../errors/errors.js";
import { readOnlyComputed, readOnlyList, readOnlyReaction } from "../errors/state-errors.js";
import { stateDate } from "../graph/date.js";
import { Graph } from "../graph/graph.js";
import type { InstanceNode } from "../graph/instance.js";
import { type Node, own, type Stored } from "../graph/node.js";
import { ORDER, pathOf } from "../graph/path.js";
import { openFace } from "../live/faces.js";
import { printContainers, printInstances } from "../live/inspect.js";
import { rebase } from "../record/rebase.js";
import type { Change, Recorder } from "../record/recorder.js";
import { replaced, undo } from "../record/undo.js";
import { Awaited, isPromise } from "./awaited.js";
import { ClassNode } from "./class-node.js";
import { type Reconciliation, reconcile } from "./reconcile.js";
import { ServerLists } from "./server-lists.js";
import { Shape } from "./shape.js";
import type { Rewindable, StoreHost, ToldError } from "./store-host.js";
import { VolatileNodes } from "./volatile-nodes.js";
import { Writer } from "./writer.js";

declare const console: { error(...args: unknown[]): void };

export interface WritableGraphOptions {
  /** The store's name, for messages. */
  name: string;
  /** Classes whose instances may enter, by name. */
  models?: Readonly<Record<string, new (...args: never[]) => object>>;
  /** Called before each write. It throws if writing is not allowed. */
  guard?: () => void;
  recorder: Recorder;
}

/** A graph that users write to. Changes can be rolled back, and computeds are kept up to date. */
export class WritableGraph extends Graph implements Rewindable {
  readonly recorder: Recorder;
  readonly writer: Writer;
  override open = openFace;
  /** The open changes are undone for the duration of a read. */
  rewound = false;
  /** The instances whose computeds are kept evaluated. */
  readonly maintained = new Set<ClassNode>();
  /** Clients see computeds. */
  maintaining = false;
  /** Some classes have members that only some clients see. */
  hides = false;
  /** Whether a channel shows an instance. Set where there is more than one channel for clients. */
  sees: ((node: ClassNode) => boolean) | undefined;
  /** The lists that the server alone writes, where the store has some. */
  lists: ServerLists | undefined;
  /** Called with each instance that a channel shows from now on, or does not show any more. Set where there are volatile channels. */
  shows: ((node: ClassNode) => void) | undefined;
  /** Clients see members that are volatile. */
  volatile = false;
  /** Something was fed of which volatile computeds know nothing yet. */
  fed = false;
  /** The computed that is evaluated has read something volatile. */
  readsVolatile = false;
  /** A computed has turned volatile that clients may know as an ordinary one: containers must get their numbers anew. */
  outdated = false;
  /** Reports an error that a computed throws, or a value of a computed that is no state. */
  report: (error: unknown, path: string, value?: unknown) => void = (error) => console.error(error);
  host: StoreHost | undefined;
  /** The store of the graph, which takes what no event has changed. */
  store!: { feed(write: () => void): void };
  /** The computeds that are promises. Most stores have none. */
  awaited: Awaited | undefined;
  /** A class keeps other fields than its record has. */
  outgrown = false;
  /** Called when something has changed that computeds have read. */
  readonly changed: () => void = ignore;
  /** Reports a field of a record that its class does not keep. */
  unknown: ((className: string, field: string) => void) | undefined;
  readonly #shapes = new Map<unknown, Shape>();
  readonly #named = new Map<string, Shape>();
  #evaluating = false;
  #feeding = false;
  #shown: ReadonlySet<unknown> | undefined;
  #evaluatedOf: Map<Shape, readonly ComputedSchema[]> | undefined;

  constructor({ name, models, guard, recorder }: WritableGraphOptions) {
    super(name);
    printContainers();
    this.recorder = recorder;
    this.writer = new Writer(this, {
      guard: (node, key) => {
        if (this.#evaluating) throw readOnlyComputed(pathOf(node, key));
        if (this.#feeding) return;
        if (this.lists?.guards(node, key)) throw readOnlyList(pathOf(node, key));
        const { trackingDerivation } = _getGlobalState();
        if (trackingDerivation) refuseWrite(trackingDerivation, node, key);
        if (this.rewound) throw outsideEvent(name, pathOf(node, key));
        guard?.();
      },
      embody: (prototype) => {
        let shape = this.#shapes.get(prototype);
        if (!shape && (shape = this.discover(prototype))) this.#register(shape);
        return shape && new ClassNode(this, shape);
      },
      keeps: (node) => this.lists?.has(node) === true,
    });
    this.mode = { recorder, writer: this.writer };
    for (const [model, Class] of Object.entries(models ?? {})) this.#register(new Shape(model, Class as new () => object));
  }

  /** The shape of a class that is not registered, if its instances may enter all the same. */
  protected discover(_prototype: object): Shape | undefined {
    return undefined;
  }

  /** Makes the user's instance the root of the graph. */
  adoptRoot(instance: object): void {
    const shape = new Shape("", instance.constructor as new () => object);
    this.#note(shape);
    printInstances(shape.Class.prototype);
    const root = new ClassNode(this, shape);
    this.root = root;
    this.writer.note(instance, root);
    root.take(instance);
    root.adopt(instance);
  }

  /** The shapes of the store's class and of all models. */
  get shapes(): readonly Shape[] {
    return [(this.root as ClassNode).shape, ...this.#named.values()];
  }

  /** The predicates whose computeds are evaluated: those of the clients that watch. */
  get shown(): ReadonlySet<unknown> | undefined {
    return this.#shown;
  }

  set shown(predicates: ReadonlySet<unknown> | undefined) {
    this.#shown = predicates;
    this.#evaluatedOf = new Map();
  }

  /** The computeds that are evaluated of a class's instances: always the same list, as long as the same clients watch. */
  evaluatedOf(shape: Shape): readonly ComputedSchema[] {
    if (!shape.hidden) return shape.computeds;
    let computeds = this.#evaluatedOf?.get(shape);
    if (!computeds) {
      computeds = shape.computeds.filter(({ visibleTo }) => !visibleTo || this.#shown?.has(visibleTo));
      this.#evaluatedOf ??= new Map();
      this.#evaluatedOf.set(shape, computeds);
    }
    return computeds;
  }

  #note(shape: Shape): void {
    if (shape.serverLists.length > 0) this.lists ??= new ServerLists(this.writer);
    this.hides ||= shape.hidden !== undefined;
    if (shape.changeable) this.writer.volatile ??= new VolatileNodes();
    this.volatile ||= shape.partsOf(shape.sharedNames).volatile.length > 0;
  }

  /** Takes a computed for volatile from now on, with all that it has made. */
  turnVolatile(shape: Shape, computed: string): void {
    if (shape.isVolatile(computed)) return;
    const { volatile } = this;
    const known = shape.turnVolatile(computed);
    this.#note(shape);
    // Clients have nothing of a first volatile member, to which changes could be sent.
    this.outdated ||= known || this.volatile !== volatile;
    for (const node of this.maintained) if (node.shape === shape) this.writer.volatile?.addAll(own(node.data, computed), (part) => this.#derived.has(part));
  }

  /** The open changes are not of volatile members alone. */
  get lasting(): boolean {
    const { changes } = this.recorder;
    const { volatile } = this.writer;
    if (!volatile) return changes.size > 0;
    for (const [node, change] of changes) if (!volatile.covers(node, change)) return true;
    return false;
  }

  #register(shape: Shape): void {
    this.#note(shape);
    printInstances(shape.Class.prototype);
    this.#shapes.set(shape.Class.prototype, shape);
    this.#named.set(shape.name, shape);
  }

  /** Makes the container of an instance. If this side lacks the class, it is a plain instance node. */
  override instance(className: string): InstanceNode {
    const shape = this.#named.get(className);
    return shape ? new ClassNode(this, shape).embody() : super.instance(className);
  }

  override date(date: Date): Date {
    return stateDate(date.getTime());
  }

  /** Rolls all data back to the last commit, and notifies reactions. */
  rollback(): void {
    this.#undoAll();
    this.writer.endTurn();
  }

  #undoAll(): void {
    const { changes } = this.recorder;
    transaction(() => {
      undo(changes);
      for (const node of changes.keys()) node.atoms?.reportChanged();
    });
    this.recorder.clear();
  }

  get changing(): boolean {
    return this.recorder.open;
  }

  /**
   * Runs `read` on the state of the last commit, also of the stores beside this one, as computeds may read them. It is synchronous, so that no other code sees
   * that state.
   */
  rewind<R>(read: () => R): R {
    if (this.rewound) return read();
    const together: Rewindable[] = [this];
    for (const store of this.host?.stores ?? []) if (store.name !== this.name) together.push(store);
    if (!together.some(({ changing }) => changing)) return read();
    const forward = together.map((store) => store.stepBack());
    try {
      return read();
    } finally {
      for (const step of forward) step();
    }
  }

  stepBack(): () => void {
    const { changes } = this.recorder;
    const now = Array.from(changes.keys(), (node) => [node, node.data] as const);
    undo(changes);
    this.rewound = true;
    return () => {
      this.rewound = false;
      for (const [node, data] of now) {
        if (node instanceof ClassNode) node.keepComputeds(data as Record<string, Stored>);
        node.data = data;
        replaced(node);
      }
    };
  }

  /** Evaluates computeds on the state of the last commit. What changes by that is no part of the open changes: the function gets it. */
  settled(evaluate: (changes: ReadonlyMap<Node, Change>) => void): void {
    const { recorder } = this;
    const aside = new Map(recorder.changes);
    this.rewind(() => {
      recorder.clear();
      this.evaluating(() => evaluate(recorder.changes));
      recorder.clear();
      for (const [node, change] of aside) recorder.changes.set(node, change);
    });
  }

  /**
   * Runs a write on the state of the last commit. What it changes is no part of the open changes, which are made once more on the new state: `take` gets it.
   * If the write throws, nothing has happened.
   */
  feed(write: () => void, take: (changes: ReadonlyMap<Node, Change>) => void): void {
    transaction(() => {
      const { recorder } = this;
      const open = new Map(recorder.changes);
      const now = Array.from(open.keys(), (node) => [node, node.data] as const);
      undo(open);
      recorder.clear();
      try {
        this.#feed(write, open.size > 0);
        if (recorder.open) this.fed = true;
        take(recorder.changes);
      } finally {
        for (const [node, data] of now) {
          const fed = recorder.changes.has(node);
          if (!fed && node instanceof ClassNode) node.keepComputeds(data as Record<string, Stored>);
          node.data = fed ? rebase(node, open.get(node) as Change, data) : data;
          replaced(node);
        }
        recorder.clear();
        for (const [node, change] of open) recorder.changes.set(node, change);
      }
    });
  }

  #feed(write: () => void, rewound: boolean): void {
    this.#feeding = true;
    this.rewound = rewound;
    try {
      this.writer.apart(write);
    } catch (error) {
      this.#undoAll();
      throw error;
    } finally {
      this.#feeding = false;
      this.rewound = false;
    }
  }

  /** Brings volatile computeds up to date with what was fed. What changes by that is no part of the open changes: the function gets it. */
  refresh(take: (changes: ReadonlyMap<Node, Change>) => void): void {
    if (!this.fed) return;
    this.fed = false;
    if (this.maintained.size === 0) return;
    this.settled((changes) => {
      for (const node of this.maintained) if (node.shape.changeable) node.evaluateVolatile();
      take(changes);
    });
  }

  /** Brings all maintained computeds up to date. */
  evaluate(): void {
    this.fed = false;
    if (this.maintained.size > 0)
      this.evaluating(() => {
        for (const node of this.maintained) node.evaluate();
      });
  }

  /** Runs getters. They may not write. */
  evaluating<R>(run: () => R): R {
    if (this.#evaluating) return run();
    this.#evaluating = true;
    try {
      return this.host ? this.host.apart(run) : run();
    } finally {
      this.#evaluating = false;
    }
  }

  /** Gives a field the value of a computed, changing only what differs. */
  reconcile(holder: ClassNode, name: string, value: unknown): void {
    if (isPromise(value)) {
      this.awaited ??= new Awaited(this);
      return this.awaited.begin(holder, name, value);
    }
    this.awaited?.drop(holder, name);
    try {
      holder.put(name, this.derive(own(holder.data, name), value, holder, name));
    } catch (error) {
      this.report(error, pathOf(holder, name), value);
      holder.put(name, undefined);
    }
  }

  /** Gives what clients are told of an error. */
  tell(error: unknown, path: string): ToldError {
    if (this.host) return this.host.tell(error, path);
    return isEventError(error) ? error : { code: "INTERNAL", message: "Something went wrong on the server." };
  }

  /** Writes what no event has changed. */
  show(write: () => void): void {
    this.store.feed(write);
    this.host?.fed();
  }

  /** A computed's new value, which takes over what equals its last value, `old`. */
  derive(old: Stored, value: unknown, holder: Node, key: unknown): Stored {
    this.#reconciliation ??= this.#reconcileDerived();
    return reconcile(this.#reconciliation, old, value, holder, key);
  }

  /** The containers that computeds made: no state refers to them. */
  readonly #derived = new WeakSet<Node>();
  /** Made with the first computed that is reconciled: most sessions have none under way. */
  #reconciliation: Reconciliation | undefined;

  #reconcileDerived(): Reconciliation {
    return {
      writer: this.writer,
      reuse: (old) => (this.#derived.has(old) ? "change" : "leave"),
      enter: (computedValue, holder, key) => this.#make(computedValue, holder, key),
    };
  }

  #make(value: object, holder: Node, key: unknown): Stored {
    const made: Node[] = [];
    this.writer.made = made;
    try {
      const stored = this.writer.enter(value, holder, key);
      for (const node of made) this.#derived.add(node);
      return stored;
    } finally {
      this.writer.made = undefined;
    }
  }
}

/** Commits evaluate computeds. */
function ignore(): void {}

/** Throws where the running computed or reaction may not write. A function of its own keeps the guard of each write short. */
function refuseWrite(derivation: object, node: Node, key: unknown): void {
  if (isComputed(derivation)) throw readOnlyComputed(pathOf(node, key));
  // MobX refuses this for its own arrays, too: a reaction would change what it reads. Other writes of reactions are allowed.
  if (key === ORDER) throw readOnlyReaction(pathOf(node));
}
