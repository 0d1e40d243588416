import { cannotDefine, symbolKey } from "./errors.js";
import { isPlainProperty, type Kind, liveOf, NODE, Node, own, presenceOf, put, type Stored, spoil } from "./node.js";

/** Stands for "which keys there are" among the atoms of keyed containers. */
export const KEYS = Symbol("keys");

const target = {};

/** A plain object. */
export class ObjectNode extends Node implements ProxyHandler<object> {
  declare data: Record<string, Stored>;

  get kind(): Kind {
    return "object";
  }

  protected open(): object {
    return new Proxy<object>(target, this);
  }

  children(visit: (child: Node) => void): void {
    const { data } = this;
    for (const key of Object.keys(data)) {
      const value = data[key];
      if (value instanceof Node) visit(value);
    }
  }

  /** Sets a stored value: noted, and told to views and reactions. */
  put(key: string, stored: Stored): void {
    const present = Object.hasOwn(this.data, key);
    const old = present ? this.data[key] : undefined;
    if (present && Object.is(old, stored)) return;
    this.graph.recorder?.key(this, key, present, old);
    detach(this);
    put(this.data, key, stored);
    spoil(this);
    if (present) this.announceKey(key);
    else if (this.atoms) this.announceKeys(key, presenceOf(key), KEYS);
    if (this.graph.listening)
      this.graph.tell(
        this,
        present ? { type: "update", name: key, value: liveOf(stored), old: liveOf(old) } : { type: "add", name: key, value: liveOf(stored) },
      );
  }

  remove(key: string): void {
    if (!Object.hasOwn(this.data, key)) return;
    const old = this.data[key];
    this.graph.recorder?.delete(this, key, old, () => Object.keys(this.data));
    detach(this);
    delete this.data[key];
    spoil(this);
    if (this.atoms) this.announceKeys(key, presenceOf(key), KEYS);
    if (this.graph.listening) this.graph.tell(this, { type: "remove", name: key, old: liveOf(old) });
  }

  /** What a user's assignment does. */
  write(key: string, value: unknown): void {
    this.graph.mayWrite(this, key);
    this.put(key, this.graph.enter(value, this, key));
  }

  read(key: string): unknown {
    this.observeKey(key);
    return liveOf(own(this.data, key));
  }

  get(_target: object, key: string | symbol): unknown {
    if (typeof key === "symbol") return key === NODE ? this : Reflect.get(this.data, key);
    const value = this.data[key];
    this.observeKey(key);
    return value instanceof Node ? value.live : value;
  }

  set(_target: object, key: string | symbol, value: unknown): boolean {
    if (typeof key === "symbol") throw symbolKey(this.graph.pathOf(this), key);
    this.write(key, value);
    return true;
  }

  has(_target: object, key: string | symbol): boolean {
    if (key === NODE) return true;
    if (typeof key === "string") this.observePresence(key);
    return key in this.data;
  }

  deleteProperty(_target: object, key: string | symbol): boolean {
    if (typeof key === "symbol") return true;
    this.graph.mayWrite(this, key);
    this.remove(key);
    return true;
  }

  ownKeys(): string[] {
    this.observeKey(KEYS);
    return Object.keys(this.data);
  }

  getOwnPropertyDescriptor(_target: object, key: string | symbol): PropertyDescriptor | undefined {
    if (typeof key === "symbol") return undefined;
    // Asked for each key by `Object.keys`, which reads no value; what reads them asks `get` too.
    this.observeKey(KEYS);
    if (!Object.hasOwn(this.data, key)) return undefined;
    return { value: liveOf(this.data[key]), writable: true, enumerable: true, configurable: true };
  }

  defineProperty(_target: object, key: string | symbol, descriptor: PropertyDescriptor): boolean {
    if (typeof key === "symbol") throw symbolKey(this.graph.pathOf(this), key);
    if (!isPlainProperty(descriptor)) throw cannotDefine(this.graph.pathOf(this, key));
    this.write(key, descriptor.value);
    return true;
  }

  preventExtensions(): boolean {
    return false;
  }

  setPrototypeOf(): boolean {
    return false;
  }
}

/** A view may share the data: it keeps the old. A function, as private methods would make each node larger. */
function detach(node: ObjectNode): void {
  if (node.view === node.data) node.data = { ...node.data };
}
