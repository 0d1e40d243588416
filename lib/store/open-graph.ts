import { untracked } from "mobx";
import { type AnyClass, classSchema } from "../class/schema.js";
import type { Classes } from "../class/view-registry.js";
import { isEventError, messageOf } from "../errors/errors.js";
import { noLocalSchema, notLocal } from "../errors/local-errors.js";
import type { Node } from "../graph/node.js";
import { Recorder } from "../record/recorder.js";
import { ClassNode } from "./class-node.js";
import { Shape } from "./shape.js";
import type { ToldError } from "./store-host.js";
import { WritableGraph } from "./writable-graph.js";

const HOOKS = ["onConnect", "onDisconnect", "onInterrupted"];

/**
 * The graph of a store of the browser alone. Instances of any class with decorators may enter, as nobody has to know the class by a name. Views show the
 * computeds of all instances.
 */
export class OpenGraph extends WritableGraph {
  override models: Record<string, AnyClass> & Classes = {};

  /** What computeds have read has changed: of this store, or of others that MobX observes. */
  #stale = false;
  #resting = false;
  override readonly changed: () => void;

  /** @param written called before each write, and when what computeds have read has changed */
  constructor(instance: object, written: () => void) {
    const Class = instance.constructor as AnyClass;
    let started = false;
    super({ name: Class.name, recorder: new Recorder(), guard: () => started && written() });
    this.changed = () => {
      this.#stale = true;
      written();
    };
    checkLocal(Class);
    this.adoptRoot(instance);
    this.settle(true);
    started = true;
  }

  /** Called when something has changed that no code of the class has written: what a promise has brought. */
  told: () => void = () => {};

  override show(write: () => void): void {
    this.feed(write, () => {});
    this.settle(true);
    this.told();
  }

  override tell(error: unknown): ToldError {
    return isEventError(error) ? error : { code: "INTERNAL", message: messageOf(error) };
  }

  protected override discover(prototype: object): Shape | undefined {
    const Class = Object.hasOwn(prototype, "constructor") ? (prototype.constructor as new () => object) : undefined;
    if (!Class || isBare(Class)) return undefined;
    checkLocal(Class);
    let name = Class.name;
    while (Object.hasOwn(this.models, name) || name === "") name += "_";
    this.models[name] = Class;
    return new Shape(name, Class);
  }

  /** Brings computeds up to date, and makes all changes final. Returns whether there were any. */
  settle(asked = this.recorder.open || this.#stale): boolean {
    if (!asked) return false;
    this.#stale = false;
    if (!this.#resting) {
      if (this.shapes.some(({ computeds }) => computeds.length > 0)) this.evaluating(() => this.#maintainShown());
      this.evaluate();
    }
    const changed = this.recorder.open;
    this.recorder.clear();
    this.writer.endTurn();
    return changed;
  }

  /** Runs code of the class: a reaction that calls an event does not observe what that reads. */
  unobserved<R>(run: () => R): R {
    return untracked(run);
  }

  /** Nobody shows the store: its computeds stay as they are, and observe nothing that others hold. */
  rest(): void {
    this.#resting = true;
    for (const node of this.maintained) node.rest();
  }

  /** Somebody shows it again. Returns whether computeds have changed meanwhile. */
  wake(): boolean {
    if (!this.#resting) return false;
    this.#resting = false;
    return this.settle(true);
  }

  /** Keeps the computeds evaluated of the instances that views show, and of no others. */
  #maintainShown(): void {
    const shown = new Set<Node>([this.root]);
    for (const node of shown) {
      if (node instanceof ClassNode) node.maintain();
      node.children((child) => void shown.add(child));
    }
    for (const node of [...this.maintained]) if (!shown.has(node)) node.release();
  }
}

/** Whether a class has no decorators. */
function isBare(Class: AnyClass): boolean {
  const { fields, computeds, events } = classSchema(Class);
  return fields.size + computeds.size + events.size === 0;
}

/** @throws StateError for a class without decorators, and one that needs a server */
function checkLocal(Class: AnyClass): void {
  if (isBare(Class)) throw noLocalSchema(Class.name);
  const { fields, computeds, events } = classSchema(Class);
  for (const { name, visibleTo } of [...fields.values(), ...computeds.values()])
    if (visibleTo) throw notLocal(`${Class.name}.${name}`, "has `visibleTo`", "Make the field private, or leave the option off in a subclass.");
  for (const { name, presence } of fields.values())
    if (presence) throw notLocal(`${Class.name}.${name}`, "has `@presence`", "Ask a store of the server who is here.");
  for (const { name, tasks } of fields.values()) if (tasks) throw notLocal(`${Class.name}.${name}`, "has `@tasks`", "Durable events are the server's.");
  for (const { name, keep } of fields.values())
    if (keep) throw notLocal(`${Class.name}.${name}`, "has `keep`", "Use a store of the server, whose fields the browser may keep.");
  for (const { name, guard } of events.values())
    if (guard) throw notLocal(`${Class.name}.${name}`, "has a `guard`", "Guard the events of stores on the server.");
  for (const hook of HOOKS)
    if (typeof (Class.prototype as Record<string, unknown>)[hook] === "function")
      throw notLocal(`${Class.name}.${hook}`, "is called when tabs connect to a server", "Local stores have `onCreate`, `onLoad` and `onDispose`.");
}
