import { type AnyClass, type ClassSchema, classSchema, visibleFields } from "../class/schema.js";
import { AWAITED, InstanceNode } from "../graph/instance.js";
import { liveOf, NODE, nodeOf, own } from "../graph/node.js";
import { readKey, writeKey } from "../live/object-face.js";
import { proxyOf } from "../live/shadow.js";
import type { Entrant } from "../store/writer.js";

/** Ends a prediction that needs something which this side does not know. */
type Stop = () => never;
/** Runs a getter, which may not write. */
type Read = <R>(read: () => R) => R;

/**
 * Proxies for the instances of a mirror, while a prediction runs: fields come from the containers, and everything else from the class, if this side has it. The
 * class was never constructed here, so what its constructor sets up and no client sees is missing. Reading any of that ends the prediction.
 */
export class InstanceProxies implements ProxyHandler<InstanceNode> {
  readonly #classOf: (className: string) => AnyClass | undefined;
  readonly #stop: Stop;
  readonly #read: Read;
  readonly #faces = new WeakMap<InstanceNode, object>();
  /** The computeds that were promises when their getters ran here. */
  readonly #awaited = new Set<string>();
  /** The instances that the current run has used. */
  met = new Set<InstanceNode>();
  /** The instances that the current run has made. They need no Proxy. */
  #made = new Map<InstanceNode, object>();

  constructor(classOf: (className: string) => AnyClass | undefined, stop: Stop, read: Read) {
    this.#classOf = classOf;
    this.#stop = stop;
    this.#read = read;
  }

  /** The object that code of a class gets for an instance. */
  faceOf(node: InstanceNode): object {
    this.met.add(node);
    let face = this.#made.get(node) ?? this.#faces.get(node);
    if (!face) {
      face = proxyOf(node, node, this);
      this.#faces.set(node, face);
    }
    return face;
  }

  /** An instance was made, and has entered. */
  made(node: InstanceNode, instance: object): void {
    this.met.add(node);
    this.#made.set(node, instance);
  }

  /** The run has ended. */
  end(): void {
    this.met = new Set();
    this.#made = new Map();
  }

  #prototype(node: InstanceNode): object {
    return this.#classOf(node.className)?.prototype ?? Object.prototype;
  }

  #isField(node: InstanceNode, key: string | symbol): key is string {
    return typeof key === "string" && Object.hasOwn(node.data, key) && !this.#isComputed(node, key);
  }

  /** Whether a computed is a promise, as far as this side knows. Then only the server runs its getter. */
  awaits(node: InstanceNode, name: string): boolean {
    return this.#awaited.has(`${node.className}.${name}`) || isAwaitedComputed(own(node.data, name));
  }

  /** Notes that a computed is a promise. */
  noteAwaited({ className }: InstanceNode, name: string, promise: PromiseLike<unknown>): void {
    promise.then(undefined, () => {});
    this.#awaited.add(`${className}.${name}`);
  }

  /** The value of a computed, for an event. */
  #computed(node: InstanceNode, name: string, get: () => unknown): unknown {
    if (this.awaits(node, name)) return this.#stop();
    const value = this.#read(get);
    if (!isThenable(value)) return value;
    this.noteAwaited(node, name, value);
    return this.#stop();
  }

  #isComputed(node: InstanceNode, key: string | symbol): boolean {
    return memberSchemaOf(this.#classOf(node.className))?.computeds.has(key as string) === true;
  }

  get(node: InstanceNode, key: string | symbol): unknown {
    if (key === NODE) return node;
    if (this.#isField(node, key)) return readKey(node, key);
    const prototype = this.#prototype(node);
    if (key in prototype) {
      const get = (): unknown => Reflect.get(prototype, key, this.faceOf(node));
      const member = this.#isComputed(node, key) ? this.#computed(node, String(key), get) : get();
      // An async method would continue when writes are no longer possible.
      return isAsync(member) ? this.#stop() : member;
    }
    return typeof key === "symbol" || ASKED.has(key) ? undefined : this.#stop();
  }

  set(node: InstanceNode, key: string | symbol, value: unknown): boolean {
    if (this.#isField(node, key)) writeKey(node, key, value);
    else (setterOf(this.#prototype(node), key) ?? this.#stop).call(this.faceOf(node), value);
    return true;
  }

  has(node: InstanceNode, key: string | symbol): boolean {
    return key === NODE || this.#isField(node, key) || key in this.#prototype(node) || typeof key === "symbol" || this.#stop();
  }

  ownKeys(node: InstanceNode): string[] {
    return Object.keys(node.data).filter((key) => this.#isField(node, key));
  }

  getOwnPropertyDescriptor(node: InstanceNode, key: string | symbol): PropertyDescriptor | undefined {
    if (!this.#isField(node, key)) return undefined;
    return { value: liveOf(own(node.data, key)), writable: true, enumerable: true, configurable: true };
  }

  defineProperty(): boolean {
    return this.#stop();
  }

  deleteProperty(): boolean {
    return this.#stop();
  }

  getPrototypeOf(node: InstanceNode): object {
    return this.#prototype(node);
  }

  preventExtensions(): boolean {
    return this.#stop();
  }

  setPrototypeOf(): boolean {
    return this.#stop();
  }
}

export const isAwaitedComputed = (value: unknown): boolean => value instanceof InstanceNode && value.className === AWAITED;

/** Whether a value is a promise. A container is none, even if it holds a `then`. */
export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && !nodeOf(value) && typeof (value as { then?: unknown }).then === "function";

const isAsync = (value: unknown) => typeof value === "function" && /^\[object Async/.test(Object.prototype.toString.call(value));

/** The names that the language reads from any object. */
const ASKED: ReadonlySet<string> = new Set(["then", "toJSON"]);

export const memberSchemaOf = (Class: AnyClass | undefined): ClassSchema | undefined => Class && classSchema(Class);

function setterOf(prototype: object, key: string | symbol): ((value: unknown) => void) | undefined {
  for (let one: object | null = prototype; one; one = Object.getPrototypeOf(one)) {
    const descriptor = Object.getOwnPropertyDescriptor(one, key);
    if (descriptor) return descriptor.set;
  }
  return undefined;
}

/** The container of an instance that a prediction has made. */
export class MadeNode extends InstanceNode implements Entrant {
  /** The raw instance has entered. */
  entered: ((instance: object) => void) | undefined;

  take(instance: object): void {
    this.data = {};
    for (const name of this.#fields(instance)) this.data[name] = this.graph.mode?.writer?.enter(Reflect.get(instance, name), this, name);
  }

  adopt(instance: object): void {
    Object.defineProperty(instance, NODE, { value: this });
    for (const name of this.#fields(instance)) {
      Object.defineProperty(instance, name, {
        get: () => readKey(this, name),
        set: (value) => writeKey(this, name, value),
        enumerable: true,
      });
    }
    this.entered?.(instance);
  }

  /** The fields that clients see. */
  #fields(instance: object): string[] {
    return visibleFields(classSchema(instance.constructor as AnyClass));
  }
}
