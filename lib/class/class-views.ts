import { nestedEvent } from "../errors/call-errors.js";
import { forgottenEvent } from "../errors/errors.js";
import { type AnyClass, classSchema } from "./schema.js";
import type { Fn } from "./view-types.js";

/** How views use a class that the browser has. The decorators of a class register this code, so that a page without classes does not load it. */
export interface ClassViews {
  /**
   * The prototype of views of a model's instances. They are `instanceof` the class and have its methods; a getter is evaluated once for each
   * view. An event throws: views in a store have those of the server's schema before it.
   */
  readonly prototype: object;
  /** A getter or method that the class defines, and that is neither state nor an event. */
  plain(name: string): PropertyDescriptor | undefined;
  /** The members of a store's class on the views of one twin. */
  members(): Members;
}

/** The plain getters and methods of a store's class, on views of it. */
export interface Members {
  has(name: string): boolean;
  /** The value of a getter, which stays the same as long as everything that it read does; or a method, bound to the view. */
  get(name: string, view: object): unknown;
}

const made = new WeakMap<AnyClass, ClassViews>();

/** `name`: under which the class is registered. */
export function classViews(Class: AnyClass, name: string): ClassViews {
  let views = made.get(Class);
  if (!views) {
    const plain = plainOf(Class);
    views = { prototype: makePrototype(Class, name), plain: (key) => plain.get(key), members: () => makeMembers(plain, name) };
    made.set(Class, views);
  }
  return views;
}

function plainOf(Class: AnyClass): Described {
  const described = describe(Class);
  const { fields, computeds, events } = classSchema(Class);
  for (const name of ["constructor", ...fields.keys(), ...computeds.keys(), ...events.keys()]) described.delete(name);
  return described;
}

function makeMembers(described: Described, store: string): Members {
  const results = new Map<string, Result>();
  const given = new WeakMap<object, Map<string, unknown>>();

  function evaluate(name: string, get: () => unknown, view: object): unknown {
    const last = results.get(name);
    if (last && [...last.read].every(([key, value]) => Object.is(Reflect.get(view, key), value))) return last.value;
    const result: Result = { read: new Map(), value: undefined };
    result.value = get.call(readerOf(view, described, result.read));
    results.set(name, result);
    return result.value;
  }

  return {
    has: (name) => described.has(name),
    get(name, view) {
      let known = given.get(view);
      if (!known) given.set(view, (known = new Map()));
      if (!known.has(name)) {
        const { get, value } = described.get(name) as PropertyDescriptor;
        known.set(
          name,
          typeof value === "function"
            ? (process.env.NODE_ENV === "production" ? (value as Fn) : explained(value as Fn, store, name)).bind(view)
            : get && evaluate(name, get, view),
        );
      }
      return known.get(name);
    },
  };
}

declare const process: { readonly env: { readonly NODE_ENV?: string } };

/** A method that throws a clear error if it tries to change a view, in development only. */
function explained(method: Fn, name: string, key: string): Fn {
  const explain = (error: unknown): never => {
    const { code, message } = error as { code?: unknown; message?: unknown };
    throw code === "READ_ONLY" || (error instanceof TypeError && /read.?only|not extensible|Cannot delete/i.test(String(message)))
      ? forgottenEvent(name, key, error)
      : error;
  };
  return function (this: unknown, ...args) {
    try {
      const result = method.apply(this, args);
      return result instanceof Promise ? result.catch(explain) : result;
    } catch (error) {
      return explain(error);
    }
  };
}

/** The value of a getter, and everything that it read. */
interface Result {
  readonly read: Map<string, unknown>;
  value: unknown;
}

/** A view that records what is read of it, also by its methods. */
function readerOf(view: object, described: Described, read: Result["read"]): object {
  const reader: object = new Proxy(view, {
    get(target, key) {
      const method: unknown = described.get(key)?.value;
      if (typeof method === "function") return method.bind(reader);
      const value: unknown = Reflect.get(target, key);
      if (typeof key === "string") read.set(key, value);
      return value;
    },
    // Listing the keys of a view reads all of it.
    ownKeys(target) {
      for (const key of Object.keys(target)) read.set(key, Reflect.get(target, key));
      return Reflect.ownKeys(target);
    },
  });
  return reader;
}

type Described = Map<string | symbol, PropertyDescriptor>;

/** The members on the prototypes of a class, the class's own first. */
function describe(Class: AnyClass): Described {
  const described: Described = new Map();
  for (let one = Class.prototype as object; one !== Object.prototype; one = Object.getPrototypeOf(one)) {
    for (const key of Reflect.ownKeys(one)) {
      if (described.has(key)) continue;
      const descriptor = Object.getOwnPropertyDescriptor(one, key) as PropertyDescriptor & { get?: { method?: unknown } };
      // A method that `protectMethods` protects, if this side has stores, too.
      const value = descriptor.get?.method;
      described.set(key, value ? { value } : descriptor);
    }
  }
  return described;
}

function makePrototype(Class: AnyClass, name: string): object {
  const prototype = Object.create(Class.prototype) as object;
  const { fields, computeds, events } = classSchema(Class);
  const define = (key: string | symbol, descriptor: PropertyDescriptor) => Object.defineProperty(prototype, key, { configurable: true, ...descriptor });
  for (const [key, { get, value }] of describe(Class)) {
    if (get) define(key, { get: once(get) });
    else if (process.env.NODE_ENV !== "production" && typeof value === "function" && key !== "constructor")
      define(key, { value: explained(value as Fn, name, String(key)) });
  }
  // A member that the browser does not get is absent: it must not be computed from the others.
  for (const key of [...fields.keys(), ...computeds.keys()]) define(key, { value: undefined });
  for (const key of events.keys()) {
    define(key, {
      value() {
        throw nestedEvent(name, key);
      },
    });
  }
  return prototype;
}

/** A getter that is evaluated once for each view: views do not change. */
function once(get: () => unknown): () => unknown {
  const values = new WeakMap<object, unknown>();
  return function (this: object) {
    if (!values.has(this)) values.set(this, get.call(this));
    return values.get(this);
  };
}
