import type { ClassViews } from "../lib/class/class-views.js";
import type { WireClass } from "../lib/class/schema.js";
import { unknownEvent } from "../lib/errors/errors.js";
import { undeclaredMember } from "../lib/errors/oversight-errors.js";
import { own } from "../lib/graph/node.js";

// What development says of names that a class does not send. Pages in production do not have this code.

/**
 * What a name gives that is neither a field, a computed, nor an event: for a method, a function that says what is wrong once it is called.
 * @throws StateError for a getter or a field of the class that no decorator declares
 */
export function explainName(described: WireClass, label: string, name: string): unknown {
  const kind = own(described.undeclared ?? {}, name) as NonNullable<WireClass["undeclared"]>[string] | undefined;
  if (kind === "getter" || kind === "field") throw undeclaredMember(label, name, kind);
  const isKnown = described.fields.includes(name) || described.computeds.includes(name);
  if (kind !== "method" && (described.partial || isKnown || !isMethod(name))) return undefined;
  return () => {
    throw unknownEvent(label, name);
  };
}

const known = { withClass: new WeakMap<WireClass, object>(), without: new WeakMap<WireClass, object>() };

/** The events of a model, and the names of its members that no decorator declares. A class that this side has brings its getters and methods, and no field. */
export function namesOf(described: WireClass | undefined, views: ClassViews | undefined): object | undefined {
  if (!described?.undeclared) return described?.events;
  const cache = views ? known.withClass : known.without;
  let names = cache.get(described);
  if (!names) {
    const undeclared = Object.entries(described.undeclared).filter(([, kind]) => !views || kind === "field");
    cache.set(described, (names = { ...Object.fromEntries(undeclared), ...described.events }));
  }
  return names;
}

/** Names by which promises, JSON, test runners and developer tools ask any object what it is. */
const ASKED = /* @__PURE__ */ new Set(["then", "toJSON", "inspect", "nodeType", "tagName", "asymmetricMatch", "length"]);
const isMethod = (name: string) => /^[a-z]\w*$/i.test(name) && !(name in Object.prototype) && !ASKED.has(name);
