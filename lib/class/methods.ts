import { messageOf } from "../errors/errors.js";
import { calledWithoutThis } from "../errors/oversight-errors.js";
import { assignedMethod } from "../errors/state-errors.js";
import { nodeOf } from "../graph/node.js";
import { pathOf } from "../graph/path.js";
import { type AnyClass, classSchema, declares } from "./schema.js";

const protectedPrototypes = new WeakSet<object>();

/**
 * Refuses assignments to a class's methods on instances that are state: the assignment would not be sent, stored or rolled back, and all later calls would run
 * it. Runs once for each class, so that instances cost nothing. Instances that are no state are not affected.
 */
export function protectMethods(Class: AnyClass): void {
  if (protectedPrototypes.has(Class.prototype)) return;
  const chain: object[] = [];
  for (let one: object | null = Class.prototype; one && one !== Object.prototype; one = Object.getPrototypeOf(one)) chain.push(one);
  // Prototypes without declarations, as `EventEmitter`'s, are not ours to change.
  for (const prototype of chain.slice(0, chain.findLastIndex(declares) + 1)) if (!protectedPrototypes.has(prototype)) protect(prototype);
}

declare const process: { readonly env: { readonly NODE_ENV?: string } };

/** The generators of an instance's methods that nobody has started yet, with the name of their method. In development only. */
const unstarted = new WeakMap<object, Map<object, string>>();

/** Gives the methods of an instance whose generators nobody has started since the last time, in development only. */
export function unstartedGenerators(instance: object): readonly string[] {
  const found = unstarted.get(instance);
  unstarted.delete(instance);
  return found ? [...found.values()] : [];
}

type Method = (this: object, ...args: unknown[]) => unknown;

/** Makes a function pass for another: by its name, and as an async function or a generator function. `written` is the method as its class has it. */
const passFor = (made: Method, method: Method & { readonly written?: Method }): Method =>
  Object.defineProperties(Object.setPrototypeOf(made, Object.getPrototypeOf(method) as object) as Method, {
    name: { value: method.name },
    length: { value: method.length },
    written: { value: method.written ?? method },
  });

/** The messages of engines and compilers where `#private` members are asked of another object. */
const PRIVATE = /private (?:member|field|method)(?: (#\w+))?|^Receiver must be an instance of class/;

/** A method that says so if it is called without its `this`, as soon as it asks for a member. */
function bound(method: Method, name: string, Class: AnyClass): Method {
  const made: Method = function (...args) {
    if (!isLost(this, name)) return method.apply(this, args);
    const explain = (error: unknown): never => {
      throw PRIVATE.test(messageOf(error)) ? calledWithoutThis(Class.name, name, PRIVATE.exec(messageOf(error))?.[1] ?? "#private", error) : error;
    };
    try {
      const result = method.apply(lost(this as object | undefined, name, Class), args);
      return result instanceof Promise ? result.catch(explain) : result;
    } catch (error) {
      return explain(error);
    }
  };
  return passFor(made, method);
}

/** Timers call with a `this` of their own: Node's with the timer, browsers with the window. Any other object may be a view, or a proxy of an instance. */
function isLost(self: unknown, method: string): boolean {
  if (self === undefined || self === globalThis) return true;
  if (typeof self !== "object" || self === null) return false;
  const { name } = (Object.getPrototypeOf(self) as object | null)?.constructor ?? {};
  return (name === "Timeout" || name === "Immediate") && !(method in self);
}

/** What a method without its `this` has in its place: what is called with may have members of its own, and no other. */
function lost(self: object | undefined, method: string, Class: AnyClass): object {
  const check = (target: object, key: string | symbol) => {
    if (typeof key === "symbol" || key in target) return;
    if (!self || key in Class.prototype || classSchema(Class).fields.has(key)) throw calledWithoutThis(Class.name, method, key);
  };
  return new Proxy(self ?? {}, {
    get(target, key) {
      check(target, key);
      return Reflect.get(target, key) as unknown;
    },
    set(target, key, value) {
      check(target, key);
      return Reflect.set(target, key, value);
    },
  });
}

/** A method whose generators are noted until somebody starts them. */
function noting(method: Method, name: string): Method {
  const noted: Method = function (...args) {
    const made = method.apply(this, args) as Generator;
    const mine = unstarted.get(this) ?? new Map<object, string>();
    unstarted.set(this, mine.set(made, name));
    for (const key of ["next", "return", "throw"] as const) {
      Object.defineProperty(made, key, {
        configurable: true,
        value(this: Generator, ...given: [unknown]) {
          mine.delete(made);
          for (const own of ["next", "return", "throw"] as const) Reflect.deleteProperty(made, own);
          return (made[key] as (...given: [unknown]) => unknown)(...given);
        },
      });
    }
    return made;
  };
  return passFor(noted, method);
}

const isGeneratorMethod = (method: object) => /^\[object (Async)?GeneratorFunction\]$/.test(Object.prototype.toString.call(method));

const watched = (method: Method, name: string, Class: AnyClass) => bound(isGeneratorMethod(method) ? noting(method, name) : method, name, Class);

function protect(prototype: object): void {
  protectedPrototypes.add(prototype);
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const { value: method, configurable, enumerable } = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor;
    if (name === "constructor" || typeof method !== "function" || !configurable) continue;
    const value: unknown = process.env.NODE_ENV === "production" ? method : watched(method as Method, name, prototype.constructor as AnyClass);
    Object.defineProperty(prototype, name, {
      get: Object.assign(() => value as unknown, { method: value as unknown }),
      set(this: object, other: unknown) {
        const node = nodeOf(this);
        if (node) throw assignedMethod(pathOf(node, name));
        Object.defineProperty(this, name, { value: other, writable: true, enumerable: true, configurable: true });
      },
      enumerable: enumerable === true,
      configurable: true,
    });
  }
}
