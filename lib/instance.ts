import { computed, type IComputedValue, Reaction, untracked } from "mobx";
import { noSetter, notConstructed } from "./errors.js";
import type { Graph } from "./graph.js";
import { type Kind, NODE, Node, put, type Stored, type Tag, UNNUMBERED } from "./node.js";
import { ObjectNode } from "./object.js";
import { type ClassSchema, type ComputedSchema, classSchema } from "./schema.js";
import { STEP } from "./steps.js";

/** Who sees what of class instances, and where it keeps how it knows containers. */
export interface Audience {
  tag(node: Node): Tag;
  names(node: InstanceNode): readonly string[];
  /** How many containers one group of a snapshot may describe. */
  readonly group: number;
  /** A container that it has not seen before has come. */
  met?(node: Node): void;
  /** A container is out of its sight. */
  lost?(node: Node): void;
}

export const clients: Audience = {
  tag: (node) => node,
  names: (node) => node.visible(),
  group: Number.POSITIVE_INFINITY,
  met: (node) => node instanceof InstanceNode && node.maintainIfOthers(),
  lost: (node) => node instanceof InstanceNode && node.release(),
};

export const storage: Audience = {
  tag(node) {
    node.kept ??= { id: UNNUMBERED, refs: 0, mark: 0 };
    return node.kept;
  },
  names: (node) => (node.shape.Class ? node.shape.kept : Object.keys(node.data)),
  // So that what is large can be read and written bit by bit.
  group: STEP,
};

/** A class as a graph knows it. */
export interface Shape {
  /** As registered; the store's own class is `""`. */
  readonly name: string;
  readonly Class: (new () => object) | undefined;
  /** All `@state` fields. */
  readonly fields: readonly string[];
  /** Those that clients see. */
  readonly visible: readonly string[];
  /** Those that the storage keeps. */
  readonly kept: readonly string[];
  readonly computeds: readonly ComputedSchema[];
  /** The fields that clients see, and the computeds. */
  readonly watched: readonly string[];
}

export function shapeOf(name: string, Class: new () => object): Shape {
  const schema: ClassSchema = classSchema(Class);
  const fields = [...schema.fields.values()];
  const visible = fields.filter((field) => !field.private && !field.visibleTo).map((field) => field.name);
  const computeds = [...schema.computeds.values()].filter((one) => !one.visibleTo);
  return {
    name,
    Class,
    fields: fields.map((field) => field.name),
    visible,
    kept: fields.filter((field) => field.persist).map((field) => field.name),
    computeds,
    watched: [...visible, ...computeds.map((one) => one.name)],
  };
}

/**
 * An instance of a class. On the side that has the class, the user's instance is adopted: its fields become accessors over
 * this node. On the other, users hold a Proxy, as of a plain object.
 */
export class InstanceNode extends ObjectNode {
  readonly shape: Shape;
  #computeds: Map<string, IComputedValue<unknown>> | undefined;
  #reaction: Reaction | undefined;
  #values: unknown[] | undefined;

  constructor(graph: Graph, data: Record<string, Stored>, shape: Shape) {
    super(graph, data);
    this.shape = shape;
  }

  override get kind(): Kind {
    return "instance";
  }

  override children(visit: (child: Node) => void, audience: Audience = clients): void {
    for (const key of audience.names(this)) {
      const value = this.data[key];
      if (value instanceof Node) visit(value);
    }
  }

  /** The names that clients see. */
  visible(): readonly string[] {
    if (!this.shape.Class) return Object.keys(this.data);
    return this.#reaction ? this.shape.watched : this.shape.visible;
  }

  /** The values of an instance's fields enter. The instance is as it was, until {@link adopt}. */
  take(instance: object): void {
    for (const name of this.shape.fields) this.data[name] = this.graph.enter((instance as Record<string, unknown>)[name], this, name);
  }

  /** Takes over an instance: its fields become accessors. */
  adopt(instance: object): void {
    this.face = instance;
    Object.defineProperty(instance, NODE, { value: this, configurable: true });
    for (const name of this.shape.fields) Object.defineProperty(instance, name, fieldAccessor(name));
    for (const { name } of this.shape.computeds) Object.defineProperty(instance, name, computedAccessor(name));
  }

  /** Makes the user's instance, where this side has the class. */
  embody(): this {
    if (!this.shape.Class) return this;
    const instance = construct(this.shape);
    this.take(instance);
    this.adopt(instance);
    return this;
  }

  /** Takes values that are there already: of a stored record, or of the other side. */
  fill(data: Record<string, Stored>): void {
    for (const name of Object.keys(data)) if (!this.shape.kept.includes(name)) this.graph.unknown?.(this.shape.name, name);
    for (const name of this.shape.fields) if (Object.hasOwn(data, name)) put(this.data, name, data[name]);
  }

  readField(name: string): unknown {
    return this.read(name);
  }

  writeField(name: string, value: unknown): void {
    this.write(name, value);
  }

  readComputed(name: string): unknown {
    const { face } = this;
    const { get } = this.shape.computeds.find((one) => one.name === name) as ComputedSchema;
    // What is cached belongs to the open state.
    if (this.graph.rewound) return get.call(face as object);
    this.#computeds ??= new Map();
    let value = this.#computeds.get(name);
    if (!value) {
      value = computed(() => get.call(face as object));
      this.#computeds.set(name, value);
    }
    return value.get();
  }

  /** By the setter that stands beside the getter. */
  writeComputed(name: string, value: unknown): void {
    const { Class } = this.shape;
    if (!Class || !Reflect.set(Class.prototype, name, value, this.face)) throw noSetter(this.graph.pathOf(this, name));
  }

  /** Keeps the computeds evaluated from now on, so that clients see them. */
  maintain(): void {
    if (this.#reaction || this.shape.computeds.length === 0) return;
    this.#reaction = new Reaction("twinstate.computeds", () => {});
    this.graph.maintained.add(this);
    this.evaluate();
  }

  /** As {@link maintain}, for an instance that comes to those whose computeds clients see. */
  maintainIfOthers(): void {
    if (this.graph.maintaining) this.maintain();
  }

  release(): void {
    this.#reaction?.dispose();
    this.#reaction = undefined;
    this.#values = undefined;
    this.graph.maintained.delete(this);
  }

  /** Brings the fields that stand for computeds up to date: what differs is noted as changes. */
  evaluate(): void {
    const { computeds } = this.shape;
    const values: unknown[] = [];
    // Tracked, so that MobX keeps the values between commits.
    this.#reaction?.track(() => {
      for (const { name } of computeds) values.push(this.#evaluated(name));
    });
    for (let i = 0; i < computeds.length; i++) {
      const { name } = computeds[i] as ComputedSchema;
      if (this.#values && Object.is(this.#values[i], values[i])) continue;
      untracked(() => this.graph.reconcile(this, name, values[i]));
    }
    this.#values = values;
  }

  /** Keeps what computeds stand for when the data is replaced by `data`. */
  keepComputeds(data: Record<string, Stored>): void {
    if (this.#reaction) for (const { name } of this.shape.computeds) data[name] = this.data[name];
  }

  #evaluated(name: string): unknown {
    try {
      return this.readComputed(name);
    } catch (error) {
      this.graph.report(error, this.graph.pathOf(this, name));
      return undefined;
    }
  }

  override get(_target: object, key: string | symbol): unknown {
    if (typeof key === "symbol") return key === NODE ? this : undefined;
    if (Object.hasOwn(this.data, key)) return this.read(key);
    return this.graph.method?.(this, key);
  }

  override has(_target: object, key: string | symbol): boolean {
    return key === NODE || (typeof key === "string" && Object.hasOwn(this.data, key));
  }
}

function construct({ name, Class }: Shape): object {
  try {
    return new (Class as new () => object)();
  } catch (error) {
    throw notConstructed(name, error);
  }
}

const fieldAccessors = new Map<string, PropertyDescriptor>();
const computedAccessors = new Map<string, PropertyDescriptor>();

/** One pair of functions for each name, so that instances of a class keep one shape in memory. */
function fieldAccessor(name: string): PropertyDescriptor {
  let descriptor = fieldAccessors.get(name);
  if (!descriptor) {
    descriptor = {
      get(this: { [NODE]: InstanceNode }) {
        return this[NODE].readField(name);
      },
      set(this: { [NODE]: InstanceNode }, value: unknown) {
        this[NODE].writeField(name, value);
      },
      enumerable: true,
      configurable: true,
    };
    fieldAccessors.set(name, descriptor);
  }
  return descriptor;
}

function computedAccessor(name: string): PropertyDescriptor {
  let descriptor = computedAccessors.get(name);
  if (!descriptor) {
    descriptor = {
      get(this: { [NODE]: InstanceNode }) {
        return this[NODE].readComputed(name);
      },
      set(this: { [NODE]: InstanceNode }, value: unknown) {
        this[NODE].writeComputed(name, value);
      },
      enumerable: false,
      configurable: true,
    };
    computedAccessors.set(name, descriptor);
  }
  return descriptor;
}
