import { computed, type IComputedValue, Reaction, untracked } from "mobx";
import type { ComputedSchema } from "../class/schema.js";
import { noSetter, notConstructed } from "../errors/state-errors.js";
import { InstanceNode } from "../graph/instance.js";
import { NODE, put, type Stored } from "../graph/node.js";
import { pathOf } from "../graph/path.js";
import { readKey, writeKey } from "../live/object-face.js";
import type { Shape } from "./shape.js";
import type { WritableGraph } from "./writable-graph.js";
import type { Entrant } from "./writer.js";

const NONE: readonly ComputedSchema[] = [];

/** The container of a user's own instance. The fields of the instance have become accessors over this node. */
export class ClassNode extends InstanceNode implements Entrant {
  declare readonly graph: WritableGraph;
  readonly shape: Shape;
  #computeds: Map<string, IComputedValue<unknown>> | undefined;
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
    const { fields, presenceFields } = this.shape;
    for (const name of fields) {
      const value = (instance as Record<string, unknown>)[name];
      this.data[name] = presenceFields.includes(name) ? this.graph.presence?.make() : this.graph.writer.enter(value, this, name);
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
    const { get } = this.shape.computeds.find((one) => one.name === name) as ComputedSchema;
    const compute = () => this.#noticing(name, () => graph.evaluating(() => got(get, face)));
    // The cached values belong to the open state.
    if (graph.rewound) return compute();
    this.#computeds ??= new Map();
    let value = this.#computeds.get(name);
    if (!value) {
      value = computed(compute);
      this.#computeds.set(name, value);
    }
    try {
      const result = value.get();
      // Whoever reads it while it is cached has read what it has read.
      if (this.shape.isVolatile(name)) graph.readsVolatile = true;
      return result;
    } catch (error) {
      // MobX would rethrow the error until a value changes that was read before. The cause may be mended by something else.
      this.#computeds.delete(name);
      throw error;
    }
  }

  /** Notices whether a computed reads something volatile: then it is volatile itself. */
  #noticing<R>(name: string, compute: () => R): R {
    const { graph } = this;
    const outer = graph.readsVolatile;
    graph.readsVolatile = false;
    try {
      return compute();
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
    this.#reaction = new Reaction("twinstate.computeds", () => {});
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

  release(): void {
    this.#reaction?.dispose();
    this.#reaction = undefined;
    this.#values = undefined;
    this.graph.maintained.delete(this);
  }

  /** Updates the fields that hold the values of computeds. Differences are recorded as changes. */
  evaluate(): void {
    this.#list();
    const computeds = this.#evaluated;
    const values: unknown[] = [];
    // The reads are tracked, so that MobX keeps the values between commits.
    this.#reaction?.track(() => {
      for (const { name } of computeds) values.push(this.#valueOf(name));
    });
    for (let i = 0; i < computeds.length; i++) {
      const { name } = computeds[i] as ComputedSchema;
      if (this.#values && Object.is(this.#values[i], values[i])) continue;
      untracked(() => this.graph.reconcile(this, name, values[i]));
    }
    this.#values = values;
    this.shape.noteEvaluated(computeds);
  }

  /** Evaluates the computeds that have come to be watched. The others stay as they are: clients that watch them get their changes with commits. */
  evaluateNew(): void {
    const known = this.#evaluated;
    this.#list();
    for (const [i, computed] of this.#evaluated.entries()) {
      if (known.includes(computed)) continue;
      const value = this.#valueOf(computed.name);
      (this.#values as unknown[])[i] = value;
      untracked(() => this.graph.reconcile(this, computed.name, value));
    }
    this.shape.noteEvaluated(this.#evaluated);
  }

  /** Updates the volatile computeds alone: nothing else has changed. */
  evaluateVolatile(): void {
    const values = this.#values;
    if (!values) return;
    for (const [i, { name }] of this.#evaluated.entries()) {
      if (!this.shape.isVolatile(name)) continue;
      const value = this.#valueOf(name);
      if (Object.is(values[i], value)) continue;
      values[i] = value;
      untracked(() => this.graph.reconcile(this, name, value));
    }
  }

  /** Takes over which computeds are watched, with the values of those that were. */
  #list(): void {
    const known = this.#evaluated;
    const values = this.#values;
    const computeds = this.graph.evaluatedOf(this.shape);
    if (computeds === known) return;
    this.#evaluated = computeds;
    this.#values = values && computeds.map((one) => (known.includes(one) ? values[known.indexOf(one)] : this));
  }

  /** What some client may see of the instance, and all computeds, as they are now. */
  shared(): Record<string, Stored> {
    const { computeds, hidden, visibleFields } = this.shape;
    const data: Record<string, Stored> = {};
    for (const name of [...visibleFields, ...(hidden?.fieldNames ?? [])]) put(data, name, this.data[name]);
    for (const { name } of computeds)
      put(
        data,
        name,
        this.graph.evaluating(() => this.#valueOf(name)),
      );
    return data;
  }

  /** Copies the values of computeds into `data`, which replaces the node's data. */
  keepComputeds(data: Record<string, Stored>): void {
    if (this.#reaction) for (const { name } of this.#evaluated) data[name] = this.data[name];
  }

  #valueOf(name: string): unknown {
    try {
      return this.readComputed(name);
    } catch (error) {
      this.graph.report(error, pathOf(this, name));
      return undefined;
    }
  }
}

/**
 * The value of a getter. Nobody awaits a promise that the getter returns or throws, so its rejection must not end the process.
 */
function got(get: ComputedSchema["get"], face: object | undefined): unknown {
  try {
    return unawaited(get.call(face as object));
  } catch (error) {
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

const fieldAccessors = new Map<string, PropertyDescriptor>();
const volatileAccessors = new Map<string, PropertyDescriptor>();
const computedAccessors = new Map<string, PropertyDescriptor>();

/** One pair of functions for each name, so that instances of a class keep one shape in memory. */
function fieldAccessor(name: string): PropertyDescriptor {
  let descriptor = fieldAccessors.get(name);
  if (!descriptor) {
    descriptor = {
      get(this: { [NODE]: ClassNode }) {
        return this[NODE].readField(name);
      },
      set(this: { [NODE]: ClassNode }, value: unknown) {
        this[NODE].writeField(name, value);
      },
      enumerable: true,
      configurable: false,
    };
    fieldAccessors.set(name, descriptor);
  }
  return descriptor;
}

/** The same, for fields that are not stored. */
function volatileAccessor(name: string): PropertyDescriptor {
  let descriptor = volatileAccessors.get(name);
  if (!descriptor) {
    const get = function (this: { [NODE]: ClassNode }) {
      return this[NODE].readVolatile(name);
    };
    descriptor = { ...fieldAccessor(name), get };
    volatileAccessors.set(name, descriptor);
  }
  return descriptor;
}

function computedAccessor(name: string): PropertyDescriptor {
  let descriptor = computedAccessors.get(name);
  if (!descriptor) {
    descriptor = {
      get(this: { [NODE]: ClassNode }) {
        return this[NODE].readComputed(name);
      },
      set(this: { [NODE]: ClassNode }, value: unknown) {
        this[NODE].writeComputed(name, value);
      },
      enumerable: false,
      configurable: false,
    };
    computedAccessors.set(name, descriptor);
  }
  return descriptor;
}
