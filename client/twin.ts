import type { Members } from "../lib/class/class-views.js";
import type { WireClass, WireEvent, WireSchema } from "../lib/class/schema.js";
import { classViewsOf } from "../lib/class/view-registry.js";
import type { EventError } from "../lib/errors/errors.js";
import { atomically } from "../lib/graph/batch.js";
import type { InstanceNode } from "../lib/graph/instance.js";
import { own } from "../lib/graph/node.js";
import { Signal } from "../lib/graph/signal.js";
import { createSnapshotMirror, type SnapshotMirror } from "../lib/mirror/snapshot-mirror.js";
import type { Snapshot } from "../lib/wire/codec.js";
import type { InstanceRef } from "../lib/wire/protocol.js";
import { type Begun, type BoundEvent, createEvent } from "./event.js";
import { engine } from "./lazy-prediction.js";
import type { BrowserClasses } from "./options.js";
import { explainName, namesOf } from "./undeclared.js";

export type TwinState = "waiting" | "ready" | "refused";

/** The twin of one store, for one room key where it has one. */
export interface Twin {
  readonly store: string;
  readonly key: string | null;
  readonly mirror: SnapshotMirror;
  readonly state: TwinState;
  /** Why it is refused. */
  readonly error: EventError | undefined;
  /** Resolves when it leaves `waiting`. */
  readonly ready: Promise<void>;
  /** Grows with each change of state or content. */
  readonly version: number;
  /** How many of its events have no answer yet. */
  readonly pending: number;
  /** Somebody wants to be told of that. */
  counts: boolean;
  /** The state that the page was rendered with. */
  readonly preloaded: { readonly version: number; readonly view: object } | undefined;
  /** Keeps it watched until the returned function is called, and a while longer. */
  use(): () => void;
  /** Calls back after each change of state or content. */
  subscribe(listener: () => void): () => void;
  /** The event of the store, or of an instance in it: always the same function; `undefined` where the schema is known and has no such event. */
  event(name: string, node?: InstanceNode): BoundEvent | undefined;
  /**
   * What a name gives on a view that is no field: a getter or method of the store's class, where the browser has it; an event; for what looks like another
   * method, a function that tells what is wrong.
   */
  method(name: string, view: object): unknown;
}

/** What views need of a twin, or of a local store. */
export interface ViewedTwin extends Pick<Twin, "store" | "state" | "error" | "version" | "pending" | "counts" | "preloaded" | "use" | "subscribe" | "method"> {
  readonly mirror: Pick<SnapshotMirror, "graph" | "read" | "view">;
}

/** Names a twin among those of a client. */
export const addressOf = ({ store, key }: { readonly store: string; readonly key: string | null }) => `${store} ${key ?? ""}`;

/** The client, as a twin needs it. */
export interface TwinWorld {
  readonly url: string;
  readonly server: { readonly schema: WireSchema | undefined };
  /** How long a twin that nobody uses stays, in ms. */
  readonly linger: number;
  readonly known?: BrowserClasses;
  begin(twin: LiveTwin, event: string, node: InstanceNode): Begun;
  watch(twin: LiveTwin): void;
  forget(twin: LiveTwin): void;
}

/** A position in the history of a host, and the audience whose numbers its containers have, if it sees hidden members. */
export type Position = readonly [incarnation: string, revision: number, audience?: string | undefined];

/** A twin as the client feeds it. */
export class LiveTwin implements Twin {
  readonly store: string;
  readonly key: string | null;
  readonly mirror: SnapshotMirror;
  readonly ready: Promise<void>;
  readonly #changes = new Signal();
  readonly subscribe = this.#changes.subscribe;
  state: TwinState = "waiting";
  error: EventError | undefined;
  version = 0;
  pending = 0;
  counts = false;
  preloaded: Twin["preloaded"];
  /** The position that the twin shows: the revision is -1 where that is not sure. */
  at: Position | undefined;
  /** The stream that is open has begun to tell of it. */
  synced = false;
  /** Called when a stream has begun to tell of it. */
  onSynced: (() => void) | undefined;
  /** The number of its host on the stream. */
  declare host: number | undefined;
  /** The tick of the volatile state that it shows, as that stream or an answer has told it. */
  declare tick: number | undefined;
  readonly #world: TwinWorld;
  readonly #events = new WeakMap<InstanceNode, Map<string, BoundEvent>>();
  readonly #members: Members | undefined;
  /** The last revision that the twin has shown for sure. */
  #revision = 0;
  #settle = () => {};
  #users = 0;
  #closed = false;
  #lingering: ReturnType<typeof setTimeout> | undefined;

  constructor(world: TwinWorld, store: string, key: string | null) {
    this.#world = world;
    this.store = store;
    this.key = key;
    this.#members = classViewsOf(world.known?.stores, store)?.members();
    this.mirror = createSnapshotMirror({
      name: store,
      models: world.known?.models,
      eventOf: (node, key) => this.#eventOf(node, key),
      eventsOf: (className) => {
        const described = className ? this.#described(className) : undefined;
        return process.env.NODE_ENV === "production" ? described?.events : namesOf(described, classViewsOf(world.known?.models, className));
      },
    });
    this.mirror.onChange(() => this.#tell());
    this.ready = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Tells whether the twin shows a revision, or a later one. */
  shows(incarnation: string, revision: number): boolean {
    return this.have?.[0] === incarnation && this.have[1] >= revision;
  }

  /** The position that the server may go on from. */
  get have(): Position | undefined {
    const { at } = this;
    if (!at || at[1] < 0) return undefined;
    return at[2] ? at : [at[0], at[1]];
  }

  use(): () => void {
    clearTimeout(this.#lingering);
    if (this.#users++ === 0) this.#world.watch(this);
    let used = true;
    return () => {
      if (!used) return;
      used = false;
      if (--this.#users > 0 || this.#closed) return;
      this.#lingering = setTimeout(() => this.#world.forget(this), this.#world.linger);
    };
  }

  /**
   * What the store, or a model, has declared of an event: `null` where there is no such event, `undefined` as long as that is not known.
   * @param event `add`, or `Item.toggle`
   */
  declared(event: string): WireEvent | null | undefined {
    const [name, model = ""] = event.split(".").reverse() as [string, string?];
    const declared = own(this.#described(model)?.events ?? {}, name) as WireEvent | undefined;
    return declared ?? (this.#world.server.schema && null);
  }

  #described(className: string): WireClass | undefined {
    const { schema } = this.#world.server;
    return schema && (own(className ? schema.models : schema.stores, className || this.store) as WireClass | undefined);
  }

  event(name: string, node = this.mirror.graph.root): BoundEvent | undefined {
    const event = node.className ? `${node.className}.${name}` : name;
    if (this.declared(event) === null) return undefined;
    const events = this.#events.get(node) ?? new Map<string, BoundEvent>();
    this.#events.set(node, events);
    let bound = events.get(name);
    if (!bound) {
      bound = createEvent({
        label: `${this.store}.${event}`,
        key: this.key,
        twin: this,
        url: this.#world.url,
        options: () => this.declared(event) ?? undefined,
        ref: () => this.refOf(node),
        begin: () => this.#world.begin(this, event, node),
      });
      events.set(name, bound);
    }
    return bound;
  }

  /** The instance that a container shows, as calls name it; `undefined` for one that the server has not made yet, or that is gone. */
  refOf(node: InstanceNode): InstanceRef | undefined {
    const number = this.mirror.numberOf(node);
    const { at } = this;
    if (!at || number === undefined) return undefined;
    // JSON has no `undefined`.
    return at[2] ? [at[0], this.#revision, number, at[2]] : [at[0], this.#revision, number];
  }

  method(name: string, view: object): unknown {
    return this.#members?.has(name) ? this.#members.get(name, view) : this.#eventOf(this.mirror.graph.root, name);
  }

  /** The value of a name on the live mirror that is no field. */
  #eventOf(node: InstanceNode, name: string): unknown {
    const { className } = node;
    if (!className && name === "$pending") {
      this.counts = true;
      return this.pending;
    }
    const described = this.#described(className);
    const event = described && this.event(name, node);
    // Production has no such messages: the name is missing there.
    if (process.env.NODE_ENV !== "production" && described && !event) return explainName(described, className || this.store, name);
    return event;
  }

  // --- what the client tells it ---

  /** More or fewer of its events have no answer. */
  count(more: number): void {
    this.pending += more;
    const { mirror, counts } = this;
    if (counts) mirror.change(() => mirror.graph.root.atoms?.changed("$pending"));
  }

  /** @param since the revision at which the numbers of the containers were given anew: those from before mean nothing any more */
  snapshot(at: Position, snapshot: Snapshot, since = 0, volatile?: Snapshot): void {
    const fresh = this.at?.[0] !== at[0] || this.at[2] !== at[2] || this.#revision < since;
    this.#enter(at, () => {
      this.mirror.applySnapshot(snapshot, fresh, volatile);
      this.error = undefined;
      this.state = "ready";
    });
  }

  /** The next frame, or a change of the volatile state; it need not change anything of this store. */
  frame(at: Position, apply: () => void): void {
    this.#enter(at, apply);
  }

  /** Applies a change. The content is not sure where that fails half-way. */
  #enter(at: Position, apply: () => void): void {
    this.doubt();
    atomically(() => engine.change(this, apply));
    this.at = at;
    this.#revision = at[1];
  }

  /** Marks the content as not sure. */
  doubt(): void {
    this.at &&= [this.at[0], -1, this.at[2]];
  }

  refuse(error: EventError): void {
    this.synced = false;
    // A snapshot will end it.
    this.doubt();
    this.error = error;
    this.state = "refused";
    this.#tell();
  }

  /** Takes what a page was rendered with. `false`: the twin is newer. */
  fill(at: Position, snapshot: Snapshot, since?: number, volatile?: Snapshot): boolean {
    const [incarnation, revision, audience] = this.at ?? [];
    // The stream goes on for the audience that it has begun with.
    if (this.synced && audience !== at[2]) return false;
    if (incarnation !== undefined && (incarnation === at[0] ? (revision as number) > at[1] : this.synced)) return false;
    // The ticks of the stream do not go on from there. It brings what the page has, too.
    if (this.synced && volatile) return incarnation === at[0] && revision === at[1];
    // The twin may show predictions already: the stream brings the truth.
    if (engine.isOpen(this)) return false;
    if (incarnation !== at[0] || revision !== at[1] || audience !== at[2]) this.snapshot(at, snapshot, since, volatile);
    else if (volatile && !this.synced) this.frame(at, () => this.mirror.applyVolatile(volatile));
    return true;
  }

  /** Notes that the page shows what the twin does. */
  rendered(): void {
    this.preloaded = { version: this.version, view: this.mirror.view() };
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#lingering);
  }

  #tell(): void {
    this.version++;
    if (this.state !== "waiting") this.#settle();
    this.#changes.tell();
  }
}
