import type { LifecycleName } from "../lib/class/lifecycle.js";
import { classSchema, describeClass, type EventSchema, type WireEvent } from "../lib/class/schema.js";
import { classViewsOf } from "../lib/class/view-registry.js";
import type { Fn } from "../lib/class/view-types.js";
import { cancelled, dropped, type EventError, isEventError, messageOf, outsideCurrent, refusal, superseded } from "../lib/errors/errors.js";
import { noAudience, noCaller, noSchedules } from "../lib/errors/local-errors.js";
import { type Current, type EffectTarget, type Provider, runningProvider, setProvider, withProvider } from "../lib/event/current.js";
import { batch } from "../lib/graph/batch.js";
import { AWAITED, type InstanceNode } from "../lib/graph/instance.js";
import { own } from "../lib/graph/node.js";
import { Signal } from "../lib/graph/signal.js";
import { OpenGraph } from "../lib/store/open-graph.js";
import { viewOf } from "../lib/view/view.js";
import { ClientCall, type OpenCall } from "./client-call.js";
import { type BoundEvent, createEvent } from "./event.js";
import type { Filled } from "./form.js";
import { checkLocally, plainArgument } from "./local-arguments.js";
import type { ViewedTwin } from "./twin.js";

/** The page, as a local store needs it. */
export interface LocalPage {
  effect(name: string, args: readonly unknown[]): void;
  /** Takes the error of a call that nobody awaits. */
  unheard(error: EventError): void;
}

/** A call of an event that is under way. */
interface Running extends OpenCall {
  readonly control: AbortController;
}

/** Ends a call before its event. */
function end({ control, reject }: Running, reason: EventError): void {
  control.abort(reason);
  reject(reason);
}

/** A store of the browser alone, as views see twins. Its class's code runs here, in synchronous stretches: what one changes shows as a whole. */
export class LocalStore implements ViewedTwin {
  readonly store: string;
  readonly state = "ready";
  readonly error = undefined;
  readonly pending = 0;
  readonly preloaded = undefined;
  counts = false;
  version = 0;
  readonly mirror: ViewedTwin["mirror"];
  /** The page that has it. */
  page: LocalPage;
  readonly #instance: object;
  readonly #graph: OpenGraph;
  readonly #changes = new Signal();
  readonly subscribe = this.#changes.subscribe;
  readonly #events = new WeakMap<InstanceNode, Map<string, BoundEvent | undefined>>();
  readonly #described = new Map<string, Readonly<Record<string, WireEvent>>>();
  readonly #members;
  /** How many stretches run, one inside the other. */
  #depth = 0;
  /** A commit is due of what code has changed after an `await`. */
  #due = false;
  /** The effects of the stretch that runs. */
  #effects: Parameters<LocalPage["effect"]>[] = [];
  #created = false;
  /** How many components are mounted with it. */
  #mounts = 0;
  /** How many of its events, and hooks, wait for something. */
  #waits = 0;

  /**
   * @param instance a new instance of the class. The store takes it over.
   * @throws StateError for a class that needs a server, and a field that cannot be state
   */
  constructor(instance: object, page: LocalPage) {
    this.#instance = instance;
    this.page = page;
    const Class = instance.constructor as new () => object;
    this.store = Class.name;
    const graph = new OpenGraph(instance, () => this.#written());
    graph.eventOf = (node, name) => this.#eventOf(node, name);
    graph.eventsOf = (className) => this.#eventsOf(className);
    graph.told = () => this.#tell();
    this.#graph = graph;
    this.#members = classViewsOf({ [this.store]: Class }, this.store)?.members();
    this.mirror = { graph, view: () => viewOf(graph.root) as object, read: (name) => viewOf(own(graph.root.data, name)) };
  }

  method(name: string, view: object): unknown {
    return this.#members?.has(name) ? this.#members.get(name, view) : this.#eventOf(this.#graph.root, name);
  }

  /** A component has mounted with it. The returned function is called when that unmounts. */
  use(): () => void {
    this.#mounts++;
    if (this.#graph.wake()) this.#tell();
    if (!this.#created) {
      this.#created = true;
      this.#hook("onCreate");
    }
    this.#hook("onLoad");
    return () => {
      this.#hook("onDispose");
      this.#mounts--;
      // StrictMode mounts again at once.
      queueMicrotask(() => this.rest());
    };
  }

  /** Lets go of what others hold and computeds have read, if no component is mounted with it. */
  rest(): void {
    if (this.#mounts === 0) this.#graph.rest();
  }

  #hook(name: LifecycleName): void {
    const failed = (error: unknown) => queueMicrotask(() => this.page.unheard(refusalOf(error)));
    try {
      const done = this.#stretch(this.#provider(new AbortController()), () => (Reflect.get(this.#instance, name) as Fn | undefined)?.call(this.#instance));
      if (done instanceof Promise) this.#later(done, () => {}, failed);
    } catch (error) {
      failed(error);
    }
  }

  // --- changes ---

  /**
   * Runs code of the class that is synchronous. If it throws, what it has changed is undone.
   * What it changes shows when it ends, with its effects.
   */
  #stretch<R>(provider: Provider, run: () => R): R {
    if (this.#depth > 0) return withProvider(provider, run);
    provideLater();
    this.#commit();
    let result: R | undefined;
    this.#depth++;
    try {
      batch(() => {
        try {
          result = withProvider(provider, () => this.#graph.unobserved(run));
        } catch (error) {
          this.#graph.rollback();
          this.#effects = [];
          throw error;
        }
      });
    } finally {
      this.#depth--;
      this.#commit();
    }
    return result as R;
  }

  /** Code has written. Outside of a stretch, as after an `await`, all that it does until it waits again is one commit. */
  #written(): void {
    if (this.#depth > 0 || this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.#commit();
    });
  }

  #commit(): void {
    const effects = this.#effects;
    this.#effects = [];
    if (this.#graph.settle()) this.#tell();
    // The provider listens once all components have mounted.
    if (effects.length > 0) queueMicrotask(() => effects.forEach((effect) => void this.page.effect(...effect)));
  }

  #tell(): void {
    this.version++;
    this.#changes.tell();
  }

  // --- events ---

  #classOf(className: string): new () => object {
    return (className ? this.#graph.models[className] : this.#instance.constructor) as new () => object;
  }

  #eventsOf(className: string): Readonly<Record<string, WireEvent>> {
    let events = this.#described.get(className);
    if (!events) this.#described.set(className, (events = className === AWAITED ? {} : describeClass(this.#classOf(className)).events));
    return events;
  }

  #eventOf(node: InstanceNode, name: string): BoundEvent | undefined {
    const events = this.#events.get(node) ?? new Map<string, BoundEvent | undefined>();
    this.#events.set(node, events);
    if (!events.has(name)) events.set(name, this.#bind(node, name));
    return events.get(name);
  }

  #bind(node: InstanceNode, name: string): BoundEvent | undefined {
    const { className } = node;
    const options = own(this.#eventsOf(className), name) as WireEvent | undefined;
    if (!options) return undefined;
    const schema = classSchema(this.#classOf(className)).events.get(name) as EventSchema;
    const owner = className ? `${this.store}.${className}` : this.store;
    const running = new Set<Running>();
    return createEvent({
      label: `${owner}.${name}`,
      key: null,
      twin: this,
      url: "",
      ref: () => undefined,
      options: () => ({ ...options, pause: 0 }),
      begin: () => {
        const control = new AbortController();
        const open = ClientCall.open(
          () => end(call, cancelled()),
          (error) => this.page.unheard(error),
        );
        const call: Running = { ...open, control };
        return {
          call: open.call,
          show() {},
          send: (given) => this.#send(owner, schema, node, given, call, running),
          drop: open.reject,
        };
      },
    });
  }

  /** Checks the arguments of a call, and runs it: at once, unless a schema is async. */
  #send(owner: string, schema: EventSchema, { live }: InstanceNode, given: readonly unknown[] | Filled, call: Running, running: Set<Running>): void {
    const label = `${owner}.${schema.name}`;
    const run = (args: readonly unknown[]) => {
      // The call was cancelled while an async schema was at work.
      if (call.control.signal.aborted) return;
      if (schema.queue === "drop" && running.size > 0) throw dropped(label);
      if (schema.queue === "latest") for (const other of running) end(other, superseded(label));
      this.#run(() => (Reflect.get(live, schema.name) as Fn).apply(live, args as unknown[]), call, running);
    };
    const failed = (error: unknown) => call.reject(refusalOf(error));
    try {
      const args = checkLocally(owner, schema, given);
      if (args instanceof Promise) args.then(run).catch(failed);
      else run(args);
    } catch (error) {
      failed(error);
    }
  }

  #run(method: () => unknown, call: Running, running: Set<Running>): void {
    const provider = this.#provider(call.control);
    const result = this.#stretch(provider, method);
    const kind = Object.prototype.toString.call(result);
    if (kind === "[object Generator]") return call.resolve(plainArgument(this.#iterate(result as Iterator<unknown>, provider, call)));
    const later = kind === "[object AsyncGenerator]" ? this.#iterateLater(result as AsyncGenerator, provider, call) : result;
    if (!(later instanceof Promise)) return call.resolve(plainArgument(later));
    running.add(call);
    this.#later(
      later.finally(() => running.delete(call)),
      (value) => call.resolve(plainArgument(value)),
      (error) => call.reject(refusalOf(error)),
    );
  }

  #iterate(generator: Iterator<unknown>, provider: Provider, { yielded }: OpenCall): unknown {
    for (;;) {
      const { done, value } = this.#stretch(provider, () => generator.next());
      if (done) return value;
      yielded(plainArgument(value));
    }
  }

  async #iterateLater(generator: AsyncGenerator, provider: Provider, { yielded, control }: Running): Promise<unknown> {
    for (;;) {
      const step = control.signal.aborted ? generator.return(undefined) : this.#stretch(provider, () => generator.next());
      const { done, value } = await step;
      if (done) return value;
      yielded(plainArgument(value));
    }
  }

  /** Waits for code that goes on after an `await`. What it has changed until then shows first. */
  #later(work: Promise<unknown>, done: (value: unknown) => void, failed: (error: unknown) => void): void {
    const then = (tell: (outcome: unknown) => void) => (outcome: unknown) => {
      this.#commit();
      if (--this.#waits === 0) waiting.delete(this);
      tell(outcome);
    };
    this.#waits++;
    waiting.delete(this);
    waiting.add(this);
    work.then(then(done), then(failed));
  }

  // --- what events find around them ---

  #provider({ signal }: AbortController): Provider {
    return {
      ...this.late,
      current: () => this.#current({ signal }),
      effect: (name, args, target) => this.#effect(name, args, target),
    };
  }

  /** What code finds after an `await`. */
  readonly late: Provider = {
    current: () => this.#current({}),
    update: async (change) => change(),
    effect: (name, args, target) => {
      this.#effect(name, args, target);
      this.#written();
      return true;
    },
    newId: () => undefined,
    schedule: () => {
      throw noSchedules(this.store);
    },
    construct: (make) => make(),
  };

  #current(known: object): Current {
    return new Proxy(known as Current, {
      get: (_, name) => {
        if (typeof name === "string" && !(name in known)) throw noCaller(this.store, name);
        return Reflect.get(known, name) as unknown;
      },
    });
  }

  #effect(name: string, args: readonly unknown[], target: EffectTarget): true {
    if (target) throw noAudience(this.store, name);
    this.#effects.push([name, plainArgument(args) as unknown[]]);
    return true;
  }
}

/** The stores whose code waits for something, the last one at the end. Nobody can tell which of them code belongs to that goes on after an `await`. */
const waiting = new Set<LocalStore>();
let provided = false;

/** Lets code have effects after an `await`. It is called before the outermost stretch, which has a provider of its own. */
function provideLater(): void {
  if (provided) return;
  provided = true;
  const before = runningProvider();
  const late = () => [...waiting].at(-1)?.late ?? before;
  setProvider({
    ...before,
    current: () => before?.current() ?? late()?.current(),
    update: (change) => late()?.update(change) ?? new Promise((resolve) => resolve(change())),
    effect: (...effect) => before?.effect(...effect) || (late()?.effect(...effect) ?? false),
    newId: () => before?.newId(),
    schedule: (request) => {
      const provider = before ?? late();
      if (!provider) throw outsideCurrent(`schedule.${request.how}()`);
      provider.schedule?.(request);
    },
    construct: (make) => before?.construct(make) ?? make(),
  });
}

/** An error as those get it who call: the app's own as it is, any other as `INTERNAL`, with the error as its cause. */
const refusalOf = (error: unknown): EventError =>
  isEventError(error) ? error : Object.defineProperty(refusal("INTERNAL", messageOf(error)), "cause", { value: error, configurable: true });
