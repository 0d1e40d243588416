import { computed, type IComputedValue, Reaction, untracked } from "mobx";
import type { ComputedSchema } from "../class/schema.js";
import { noSetter, notConstructed } from "../errors/state-errors.js";
import { InstanceNode } from "../graph/instance.js";
import { NODE, put, type Stored } from "../graph/node.js";
import { pathOf } from "../graph/path.js";
import { readKey, writeKey } from "../live/object-face.js";
import { computedAccessor, fieldAccessor, volatileAccessor } from "./accessors.js";
import { isPromise, promiseOf } from "./awaited.js";
import { copyForeign } from "./foreign-copy.js";
import type { Shape } from "./shape.js";
import type { WritableGraph } from "./writable-graph.js";
import type { Entrant } from "./writer.js";

const NONE: readonly ComputedSchema[] = [];

/** The container of a user's own instance. The fields of the instance have become accessors over this node. */
export class ClassNode extends InstanceNode implements Entrant {
  declare readonly graph: WritableGraph;
  readonly shape: Shape;
  /** The values of computeds by name, and by schema those with copies of what other stores hold. */
  #computeds: Map<string | ComputedSchema, IComputedValue<unknown>> | undefined;
  #reaction: Reaction | undefined;
  #values: unknown[] | undefined;
  /** The computeds that are kept evaluated. */
  #evaluated: readonly ComputedSchema[] = NONE;

  constructor(graph: WritableGraph, shape: Shape) {
    super(graph, {}, shape.name);
    this.shape = shape;
  }

  override visible(predicates?: ReadonlySet<unknown>): readonly string[] {
    const { hidden, visibleFields, visibleNames } = this.shape;
    const { fields, all } = (predicates && hidden?.namesFor(predicates)) ?? { fields: visibleFields, all: visibleNames };
    return this.#reaction ? all : fields;
  }

  /** The same without the volatile members. */
  lasting(predicates?: ReadonlySet<unknown>): readonly string[] {
    const names = this.visible(predicates);
    return this.shape.changeable ? this.shape.partsOf(names).lasting : names;
  }

  /** The volatile members among the names that clients see. */
  volatile(predicates?: ReadonlySet<unknown>): readonly string[] {
    return this.shape.partsOf(this.visible(predicates)).volatile;
  }

  override persistent(): readonly string[] {
    return this.shape.persistedFields;
  }

  take(instance: object): void {
    const { fields, serverLists } = this.shape;
    for (const name of fields) {
      const value = (instance as Record<string, unknown>)[name];
      this.data[name] = serverLists.includes(name) ? this.graph.lists?.make() : this.graph.writer.enter(value, this, name);
    }
  }

  // The properties are not configurable, so that `delete` and `defineProperty` throw. Otherwise they would silently take a field out of the state.
  adopt(instance: object): void {
    this.face = instance;
    Object.defineProperty(instance, NODE, { value: this });
    for (const name of this.shape.fields) Object.defineProperty(instance, name, this.shape.isVolatile(name) ? volatileAccessor(name) : fieldAccessor(name));
    for (const { name } of this.shape.computeds) Object.defineProperty(instance, name, computedAccessor(name));
  }

  /** Makes the user's instance. */
  embody(): this {
    const instance = construct(this.shape);
    this.take(instance);
    this.adopt(instance);
    return this;
  }

  /** Takes values that are there already: of a stored record, or of the other side. */
  override fill(data: Record<string, Stored>): void {
    const { name: className, fields, persistedFields } = this.shape;
    for (const name of Object.keys(data)) {
      if (persistedFields.includes(name)) continue;
      this.graph.outgrown = true;
      this.graph.unknown?.(className, name);
    }
    // A default is nowhere but in the class. The storage needs it, as texts are stored by their difference.
    if (!persistedFields.every((name) => Object.hasOwn(data, name))) this.graph.outgrown = true;
    for (const name of fields) if (Object.hasOwn(data, name)) put(this.data, name, data[name]);
  }

  readField(name: string): unknown {
    return readKey(this, name);
  }

  readVolatile(name: string): unknown {
    this.graph.readsVolatile = true;
    return readKey(this, name);
  }

  writeField(name: string, value: unknown): void {
    writeKey(this, name, value);
  }

  readComputed(name: string): unknown {
    const { face, graph } = this;
    const schema = this.shape.computeds.find((one) => one.name === name) as ComputedSchema;
    const value = this.#cached(name, () => {
      // MobX asks in the middle of an event whether the value has changed. It has, but a run that reads what may be undone would be in vain.
      if (!asked && promised.has(schema)) return OUTDATED;
      return this.#noticing(name, () => graph.evaluating(() => got(schema, face)));
    });
    // Whoever reads it while it is cached has read what it has read.
    if (this.shape.isVolatile(name)) graph.readsVolatile = true;
    return value;
  }

  /** A value that MobX keeps as long as what it was computed from stays the same. */
  #cached(key: string | ComputedSchema, compute: () => unknown): unknown {
    // The cached values belong to the open state.
    if (this.graph.rewound) return ask(compute);
    this.#computeds ??= new Map();
    let value = this.#computeds.get(key);
    if (!value) {
      value = computed(compute);
      this.#computeds.set(key, value);
    }
    let found: unknown;
    try {
      found = ask(() => value.get());
    } catch (error) {
      // MobX would rethrow the error until a value changes that was read before. The cause may be mended by something else.
      this.#computeds.delete(key);
      throw error;
    }
    if (found !== OUTDATED) return found;
    this.#computeds.delete(key);
    return this.#cached(key, compute);
  }

  /** Notices whether a computed reads something volatile, or is a promise: then it is volatile itself. */
  #noticing(name: string, compute: () => unknown): unknown {
    const { graph } = this;
    const outer = graph.readsVolatile;
    graph.readsVolatile = false;
    try {
      const value = compute();
      if (isPromise(value)) graph.readsVolatile = true;
      return value;
    } finally {
      if (graph.readsVolatile) graph.turnVolatile(this.shape, name);
      graph.readsVolatile ||= outer;
    }
  }

  /** Calls the setter beside the getter. */
  writeComputed(name: string, value: unknown): void {
    if (!Reflect.set(this.shape.Class.prototype, name, value, this.face)) throw noSetter(pathOf(this, name));
  }

  /** Keeps the computeds evaluated from now on, so that clients see them. */
  maintain(): void {
    if (this.#reaction || this.shape.computeds.length === 0) return;
    this.#reaction = new Reaction("twinstate.computeds", this.graph.changed);
    this.graph.maintained.add(this);
    this.evaluate();
  }

  /** Clients see the instance from now on. */
  seen(): void {
    if (this.graph.maintaining) this.maintain();
    this.graph.shows?.(this);
  }

  /** The clients of one channel no longer see the instance. */
  unseen(): void {
    if (!this.graph.sees?.(this)) this.release();
    this.graph.shows?.(this);
  }

  /** Keeps the values of the computeds, which observe nothing until they are evaluated again. */
  rest(): void {
    this.#reaction?.track(() => {});
  }

  release(): void {
    this.#reaction?.dispose();
    this.#reaction = undefined;
    this.#values = undefined;
    this.graph.maintained.delete(this);
    this.graph.awaited?.drop(this);
  }

  /** Updates the fields that hold the values of computeds. Differences are recorded as changes. */
  evaluate(): void {
    this.#list();
    const computeds = this.#evaluated;
    const values = this.#tracked();
    for (let i = 0; i < computeds.length; i++) {
      if (this.#values && Object.is(this.#values[i], values[i])) continue;
      values[i] = this.#reconcile(computeds[i] as ComputedSchema, values[i]);
    }
    this.#values = values;
    this.shape.noteEvaluated(computeds);
  }

  /** Evaluates the computeds that have come to be watched. The others stay as they are: clients that watch them get their changes with commits. */
  evaluateNew(): void {
    const known = this.#evaluated;
    this.#list();
    if (this.#evaluated.every((one) => known.includes(one))) return;
    // What is read of rewound state is not kept.
    const values = this.graph.rewound ? undefined : this.#tracked();
    for (const [i, one] of this.#evaluated.entries()) {
      if (known.includes(one)) continue;
      (this.#values as unknown[])[i] = this.#reconcile(one, values ? values[i] : this.#valueOf(one));
    }
    this.shape.noteEvaluated(this.#evaluated);
  }

  /** Updates the volatile computeds alone: nothing else has changed. */
  evaluateVolatile(): void {
    const values = this.#values;
    if (!values) return;
    for (const [i, one] of this.#evaluated.entries()) {
      // A promise that is made of rewound state is not kept: the next commit would make another.
      if (!this.shape.isVolatile(one.name) || (this.graph.rewound && promised.has(one))) continue;
      const value = this.#valueOf(one);
      if (!Object.is(values[i], value)) values[i] = this.#reconcile(one, value);
    }
  }

  /** The values of the computeds. The reads are tracked, so that MobX keeps the values between commits. */
  #tracked(): unknown[] {
    const values: unknown[] = [];
    this.#reaction?.track(() => {
      for (const one of this.#evaluated) values.push(this.#valueOf(one));
    });
    return values;
  }

  /** Takes a new value of a computed. Returns what the next one is compared to. */
  #reconcile(one: ComputedSchema, value: unknown): unknown {
    const { writer } = this.graph;
    writer.foreign = false;
    untracked(() => this.graph.reconcile(this, one.name, value));
    if (!writer.foreign || copying.has(one)) return value;
    // What has entered is a copy, which is made again with the next commit, so that it is observed.
    copying.add(one);
    return this;
  }

  /** Takes over which computeds are watched, with the values of those that were. */
  #list(): void {
    const known = this.#evaluated;
    const values = this.#values;
    const computeds = this.graph.evaluatedOf(this.shape);
    if (computeds === known) return;
    for (const one of known) if (!computeds.includes(one)) this.graph.awaited?.drop(this, one.name);
    this.#evaluated = computeds;
    this.#values = values && computeds.map((one) => (known.includes(one) ? values[known.indexOf(one)] : this));
  }

  /** What some client may see of the instance, and all computeds, as they are now. */
  shared(): Record<string, Stored> {
    const { computeds, hidden, visibleFields } = this.shape;
    const data: Record<string, Stored> = {};
    for (const name of [...visibleFields, ...(hidden?.fieldNames ?? [])]) put(data, name, this.data[name]);
    for (const one of computeds) {
      const value = promised.has(one) ? undefined : this.graph.evaluating(() => this.#valueOf(one));
      put(data, one.name, promised.has(one) ? this.#awaitedValue(one) : value);
    }
    return data;
  }

  /** What server code sees of a computed that is a promise. */
  #awaitedValue(one: ComputedSchema): Stored {
    return this.#evaluated.includes(one) ? this.data[one.name] : { value: undefined, pending: true, error: undefined };
  }

  /** Copies the values of computeds into `data`, which replaces the node's data. */
  keepComputeds(data: Record<string, Stored>): void {
    if (this.#reaction) for (const { name } of this.#evaluated) data[name] = this.data[name];
  }

  #valueOf(one: ComputedSchema): unknown {
    const { name } = one;
    try {
      return copying.has(one) ? this.#copied(one) : this.readComputed(name);
    } catch (error) {
      this.graph.report(error, pathOf(this, name));
      return undefined;
    }
  }

  /** The value of a computed with copies of what other stores hold, made anew when any of that has changed. */
  #copied(one: ComputedSchema): unknown {
    return this.#cached(one, () => copyForeign(this.readComputed(one.name), this.graph));
  }
}

/** The running read was asked for by somebody: a commit, a client, or code of users. */
let asked = false;

function ask<R>(read: () => R): R {
  const outer = asked;
  asked = true;
  try {
    return read();
  } finally {
    asked = outer;
  }
}

/** Stands for the value of a promised computed whose inputs have changed, until it is asked for. */
const OUTDATED = Symbol("outdated");
/** The computeds that have held containers of other stores. */
const copying = new WeakSet<ComputedSchema>();
/** The computeds that have been promises. */
const promised = new WeakSet<ComputedSchema>();

/**
 * The value of a getter. Nobody awaits a promise that the getter returns or throws, so its rejection must not end the process. A getter whose values are
 * promises does not throw: its promise rejects.
 */
function got(schema: ComputedSchema, face: object | undefined): unknown {
  try {
    const value = unawaited(promiseOf(schema.get.call(face as object)));
    if (isPromise(value)) promised.add(schema);
    return value;
  } catch (error) {
    if (promised.has(schema)) return unawaited(Promise.reject(error));
    throw unawaited(error);
  }
}

function unawaited<V>(value: V): V {
  try {
    if (value instanceof Promise) value.catch((reason: unknown) => void unawaited(reason));
  } catch {
    // The value is a Proxy that throws when it is read.
  }
  return value;
}

function construct({ name, Class }: Shape): object {
  try {
    return new Class();
  } catch (error) {
    throw notConstructed(name, error);
  }
}
