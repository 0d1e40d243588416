import { untracked } from "mobx";
import type { AnyClass, EventSchema } from "../class/schema.js";
import { notOptimistic } from "../errors/errors.js";
import { notPredicted } from "../errors/state-errors.js";
import { type Current, type Provider, withProvider } from "../event/current.js";
import { eventIds } from "../event/event-ids.js";
import { formArguments, type SentForm, takesObject } from "../event/form-arguments.js";
import type { Graph } from "../graph/graph.js";
import { AWAITED, InstanceNode } from "../graph/instance.js";
import { Node, own } from "../graph/node.js";
import { openFace } from "../live/faces.js";
import { type Change, Recorder } from "../record/recorder.js";
import { undo } from "../record/undo.js";
import { type Reconciliation, reconcile } from "../store/reconcile.js";
import { Writer } from "../store/writer.js";
import type { Encoded } from "../wire/codec.js";
import { decodeValue } from "../wire/value-codec.js";
import { InstanceProxies, isAwaitedComputed, isThenable, MadeNode, memberSchemaOf } from "./instance-proxy.js";
import { NodePool } from "./node-pool.js";

declare const process: { readonly env: { readonly NODE_ENV?: string } };
declare const console: { warn(message: string): void };

/** An event to be run. */
export interface PredictedEvent {
  readonly event: string;
  /** The instance whose event it is: the store's own, or one in it. */
  readonly target: InstanceNode;
  readonly args: Encoded;
  /** The seed of its ids: see {@link eventIds}. */
  readonly ids: string;
}

/** The changes of a mirror's containers by one run of an event. */
export interface PredictedRun {
  readonly changes: ReadonlyMap<Node, Change>;
  readonly made: readonly Node[];
  /** The instances among the made containers, in order: without those that computeds have made. */
  readonly instances: readonly InstanceNode[];
  /** The run has called `newId()`. */
  readonly named: boolean;
}

/** Runs events on a mirror of a store: what they change stands there until it is undone. */
export class Predictor {
  readonly #graph: Graph;
  readonly #proxies: InstanceProxies;
  readonly #classOf: (className: string) => AnyClass | undefined;
  readonly #names = new Map<object, string>();
  readonly #warned = new Set<string>();
  /** The part of `current()` that both ends know. */
  readonly #sharedCurrent: () => object;
  #stopped = false;
  /** Computeds are evaluated: they may not write. */
  #reading = false;

  constructor(graph: Graph, Class: AnyClass | undefined, sharedCurrent: () => object) {
    this.#sharedCurrent = sharedCurrent;
    this.#graph = graph;
    for (const [name, Model] of Object.entries(graph.models ?? {})) if (Model) this.#names.set(Model.prototype, name);
    this.#classOf = (className) => (className === "" ? Class : (own(graph.models ?? {}, className) as AnyClass | undefined));
    this.#proxies = new InstanceProxies(
      this.#classOf,
      () => this.#stop(),
      (read) => this.#read(read),
    );
  }

  /** Whether an event can be predicted at all. Async methods and generators cannot. */
  knows(name: string, target: InstanceNode): boolean {
    const schema = this.#schema(name, target);
    const method: unknown = schema && Reflect.get((this.#classOf(target.className) as AnyClass).prototype, name);
    if (!schema || typeof method !== "function") return false;
    // Async functions and generators have prototypes of their own.
    const plain = Object.getPrototypeOf(method) === Function.prototype;
    if (schema.background) this.#warn(name, target, "runs in the background");
    else if (!plain) this.#warn(name, target, "is async or a generator");
    return plain && !schema.background;
  }

  /** Warns once why an event is never predicted, in development only. */
  #warn(name: string, { className }: InstanceNode, why: string): void {
    const event = `${this.#graph.name}.${className && `${className}.`}${name}`;
    if (process.env.NODE_ENV === "production" || this.#warned.has(event)) return;
    this.#warned.add(event);
    console.warn(notOptimistic(event, why).message);
  }

  #schema(event: string, target: InstanceNode): EventSchema | undefined {
    return memberSchemaOf(this.#classOf(target.className))?.events.get(event);
  }

  /**
   * Runs an event. `undefined` if it throws: nothing has changed then.
   * @param before the containers that its previous run made, which is undone
   * @throws StateError `NOT_PREDICTED` if it needs something that this side does not know
   */
  run(event: PredictedEvent, before: readonly Node[]): PredictedRun | undefined {
    const graph = this.#graph;
    const recorder = new Recorder();
    const made: Node[] = [];
    const writer = this.#writer();
    let named = false;
    let instances: InstanceNode[] = [];
    let caller: Current | undefined;
    const nextId = eventIds(event.ids);
    const provider: Provider = {
      current: () => (caller ??= this.#current()),
      update: () => this.#stop(),
      effect: () => true,
      construct: (make) => this.#read(make),
      newId() {
        named = true;
        return nextId();
      },
    };
    writer.made = made;
    this.#stopped = false;
    let failed = true;
    graph.mode = { recorder, writer, pool: new NodePool(before), faceOf: (node) => this.#proxies.faceOf(node) };
    graph.open ??= openFace;
    try {
      withProvider(provider, () => {
        untracked(() => this.#perform(event));
        instances = instancesOf(made);
        if (!this.#stopped) untracked(() => this.#evaluate(this.#concerned()));
      });
      failed = this.#stopped;
    } catch {
      // The changes of an event that throws are rolled back, as on the server.
    } finally {
      if (failed) undo(recorder.changes);
      graph.mode = undefined;
      this.#proxies.end();
    }
    if (this.#stopped) throw notPredicted();
    return failed ? undefined : { changes: recorder.changes, made, instances, named };
  }

  /** The part of `current()` that both ends know. Reading anything else ends the prediction. */
  #current(): Current {
    const stop = () => this.#stop();
    const get = (shared: object, name: string | symbol) => (Object.hasOwn(shared, name) ? Reflect.get(shared, name) : stop());
    return new Proxy(this.#sharedCurrent(), { get, has: stop, ownKeys: stop, getOwnPropertyDescriptor: stop, set: stop }) as Current;
  }

  #read<R>(read: () => R): R {
    const before = this.#reading;
    this.#reading = true;
    try {
      return read();
    } finally {
      this.#reading = before;
    }
  }

  #stop(): never {
    this.#stopped = true;
    throw notPredicted();
  }

  #writer(): Writer {
    const graph = this.#graph;
    return new Writer(graph, {
      guard: () => {
        if (this.#reading) this.#stop();
      },
      embody: (prototype) => {
        const name = this.#names.get(prototype);
        if (name === undefined) return undefined;
        const node = (graph.mode?.pool?.take("instance", name) as MadeNode | undefined) ?? new MadeNode(graph, {}, name);
        node.entered = (instance) => this.#proxies.made(node, instance);
        return node;
      },
    });
  }

  #perform({ event, target, args }: PredictedEvent): void {
    const schema = this.#schema(event, target) as EventSchema;
    const method = Reflect.get((this.#classOf(target.className) as AnyClass).prototype, event) as (...args: unknown[]) => unknown;
    const result = method.apply(this.#proxies.faceOf(target), this.#checked(schema, decodeValue(args) as unknown[] | SentForm));
    if (isThenable(result)) {
      result.then(undefined, () => {});
      this.#warn(event, target, "returns a promise");
      this.#stop();
    }
  }

  /** The arguments as the event's schemas return them, as on the server. */
  #checked(schema: EventSchema, given: unknown[] | SentForm): unknown[] {
    const args = Array.isArray(given) ? given : this.#ofForm(schema, given);
    const { input } = schema;
    if (!input) return args;
    if (args.length > input.length) this.#stop();
    const checked = input.map((schema, i) => {
      const result = schema["~standard"].validate(args[i]);
      if (isThenable(result)) {
        result.then(undefined, () => {});
        return this.#stop();
      }
      return result.issues ? this.#stop() : result.value;
    });
    let { length } = checked;
    while (length > args.length && checked[length - 1] === undefined) length--;
    return checked.slice(0, length);
  }

  /** The arguments of a form, as on the server. */
  #ofForm(schema: EventSchema, form: SentForm): unknown[] {
    const { input, paramTypes } = schema;
    // The types of parameters, which the compiler emits, are mostly known on the server only.
    if (!(input ?? paramTypes) || form.fields.some(([, value]) => typeof value !== "string")) this.#stop();
    const whole = takesObject(schema, form.bound.length);
    return typeof whole === "boolean" ? formArguments(schema, form, whole) : this.#stop();
  }

  /** The instances whose computeds may have changed: those that an event has used, those that hold them as far as views show it, and the store's own. */
  #concerned(): InstanceNode[] {
    const found = new Set<Node>(this.#proxies.met);
    for (const { users } of found) for (const user of users instanceof Node ? [users] : (users ?? [])) found.add(user);
    found.delete(this.#graph.root);
    return instancesOf([...found, this.#graph.root]);
  }

  /** Updates the computeds of the instances that an event has used. A computed that cannot be evaluated here keeps the server's value. */
  #evaluate(nodes: readonly InstanceNode[]): void {
    const writer = this.#graph.mode?.writer as Writer;
    const reconciliation: Reconciliation = { writer, reuse: () => "keep", enter: (value, holder, key) => writer.enter(value, holder, key) };
    for (const node of nodes) {
      for (const { name, visibleTo } of memberSchemaOf(this.#classOf(node.className))?.computeds.values() ?? []) {
        if (visibleTo) continue;
        try {
          const value: unknown = this.#proxies.awaits(node, name) ? undefined : Reflect.get(this.#proxies.faceOf(node), name);
          if (isThenable(value)) this.#proxies.noteAwaited(node, name, value);
          if (this.#proxies.awaits(node, name)) this.#await(node, name);
          else node.put(name, reconcile(reconciliation, own(node.data, name), value, node, name));
        } catch {
          this.#stopped = false;
        }
      }
    }
  }

  /** A computed that is a promise keeps what the server has said of it. On a new instance it is pending. */
  #await(node: InstanceNode, name: string): void {
    if (isAwaitedComputed(own(node.data, name))) return;
    node.put(name, new InstanceNode(this.#graph, { value: undefined, pending: true, error: undefined }, AWAITED));
  }
}

const instancesOf = (nodes: readonly Node[]) => nodes.filter((node) => node instanceof InstanceNode);
