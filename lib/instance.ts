import { computed, type IComputedValue, Reaction, untracked } from "mobx";
import { notConstructed } from "./errors.js";
import type { Graph } from "./graph.js";
import { type Kind, NODE, Node, put, type Stored } from "./node.js";
import { ObjectNode } from "./object.js";
import { type ClassSchema, type ComputedSchema, classSchema } from "./schema.js";

/** A class as a graph knows it. */
export interface Shape {
  /** As registered; the store's own class is `""`. */
  readonly name: string;
  readonly Class: (new () => object) | undefined;
  /** All `@state` fields. */
  readonly fields: readonly string[];
  /** Those that clients see. */
  readonly visible: readonly string[];
  readonly computeds: readonly ComputedSchema[];
}

export function shapeOf(name: string, Class: new () => object): Shape {
  const schema: ClassSchema = classSchema(Class);
  const fields = [...schema.fields.values()];
  return {
    name,
    Class,
    fields: fields.map((field) => field.name),
    visible: fields.filter((field) => !field.private && !field.visibleTo).map((field) => field.name),
    computeds: [...schema.computeds.values()].filter((one) => !one.visibleTo),
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

  override children(visit: (child: Node) => void): void {
    for (const key of this.visible()) {
      const value = this.data[key];
      if (value instanceof Node) visit(value);
    }
  }

  /** The names that clients see. */
  visible(): readonly string[] {
    if (!this.shape.Class) return Object.keys(this.data);
    if (!this.#reaction) return this.shape.visible;
    return [...this.shape.visible, ...this.shape.computeds.map((one) => one.name)];
  }

  sees(key: string): boolean {
    return this.shape.visible.includes(key) || (this.#reaction !== undefined && this.shape.computeds.some((one) => one.name === key));
  }

  /** Takes over an instance: its fields' values enter, and its fields become accessors. */
  adopt(instance: object): void {
    this.face = instance;
    Object.defineProperty(instance, NODE, { value: this, configurable: true });
    for (const name of this.shape.fields) {
      const value = (instance as Record<string, unknown>)[name];
      Object.defineProperty(instance, name, fieldAccessor(name));
      this.data[name] = this.graph.enter(value, this, name);
    }
    for (const { name } of this.shape.computeds) Object.defineProperty(instance, name, computedAccessor(name));
  }

  /** As {@link adopt}, with values that are there already: of a stored record, or of the other side. */
  fill(data: Record<string, Stored>): void {
    if (!this.face) this.adopt(construct(this.shape));
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
      enumerable: false,
      configurable: true,
    };
    computedAccessors.set(name, descriptor);
  }
  return descriptor;
}
