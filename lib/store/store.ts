import { Channel, type Saved, type StorageDelta } from "../channel/channel.js";
import type { Viewers } from "../channel/viewers.js";
import type { ArrayNode } from "../graph/array.js";
import { type Audience, clients, storage } from "../graph/audience.js";
import { type Node, UNNUMBERED } from "../graph/node.js";
import { MergedChanges } from "../record/merge-changes.js";
import { type Change, Recorder } from "../record/recorder.js";
import { type CopyReader, copyFor } from "../view/copy-for.js";
import { viewOf } from "../view/view.js";
import { type Encoded, type Snapshot, type WireDelta, writeBodies } from "../wire/codec.js";
import { finish, type Steps } from "../wire/steps.js";
import { AnswerSource } from "./answer-source.js";
import { ClassNode } from "./class-node.js";
import { restoreGraph } from "./restore.js";
import { ViewerChannels } from "./viewer-channels.js";
import { WritableGraph, type WritableGraphOptions } from "./writable-graph.js";

export interface StoreOptions {
  /** The store's name, for messages. */
  name: string;
  /** A new instance of the store's class. The store takes it over. */
  instance: object;
  /** Classes whose instances may enter, by name. */
  models?: WritableGraphOptions["models"];
  /** Called before each write. It throws if writing is not allowed. */
  guard?: () => void;
  /** The state to start with, from {@link Store.save}. */
  restore?: Saved;
  /** The deltas of the commits since then, in order, from {@link Store.storageDelta}. */
  tail?: readonly StorageDelta[];
  /** Whether the storage takes each commit, by {@link Store.storageDelta}. @default false */
  keep?: boolean;
  /** Gives the first number for the containers of a new store, of a snapshot with numbers from 0 on. @default 0 */
  firstNumber?: (snapshot: Snapshot) => number;
  /** Reports an error of a computed. @default console.error */
  report?: (error: unknown, path: string, value?: unknown) => void;
  /** Reports a field in `restore` that the class lacks or does not persist: it is dropped. `className` is `""` for the store's own class. */
  unknown?: (className: string, field: string) => void;
}

/** A store: a user's instance as state that is recorded, committed, and encoded for subscribed clients. */
export interface Store {
  readonly name: string;
  readonly instance: object;
  /** There are changes since the last commit. */
  readonly open: boolean;
  /** Makes the open changes final. `undefined` if clients would not notice them, and always before the first client subscribes. */
  commit(): WireDelta | undefined;
  /** Some members are seen by some clients only: without `viewers`, what follows is as all others see it. */
  readonly hides: boolean;
  /** Some viewers of hidden members notice the last commit. */
  readonly noticed: boolean;
  /** The last commit's delta for viewers. `undefined` if they would not notice it, or do not watch. */
  deltaFor(viewers: Viewers): WireDelta | undefined;
  /** These viewers do not watch any more: their numbers are given up. */
  dropViewers(viewers: Viewers): void;
  /** The last commit's changes of persisted fields, private ones too. `undefined` if there are none. */
  readonly storageDelta: StorageDelta | undefined;
  /** Notes the instances that enter from now on, until the turn ends: see {@link Store.made}. */
  noteMade(): void;
  /**
   * The clients' numbers of the noted instances that the last commit has, in the order in which they entered; -1 for one that clients do not see. Those that
   * computeds make do not count.
   */
  made(viewers?: Viewers): readonly number[];
  /** The instance that clients know by a number, as of the last commit, and the name of its model. `undefined` for the store's own, and where there is none. */
  instanceOf(number: number, viewers?: Viewers): { readonly model: string; readonly instance: object } | undefined;
  /**
   * All that some client may see, as of the last commit, and the instances in it that all clients see: the name of the model, the clients' number, and the
   * view. For server code.
   */
  look(): { readonly view: object; readonly instances: Iterable<readonly [model: string, number: number, view: object]> };
  /** Rolls back the open changes. */
  rollback(): void;
  /**
   * Runs a synchronous write of members that are not stored and that the server itself keeps, as presence: on the state of the last commit, beside the open
   * changes of a running event, and without a guard. If it throws, nothing has changed. The host is told by `ticks.due()`.
   */
  feed(write: () => void): void;
  /** Lists a person in a presence field, or shows what is new of them; `undefined`: they are not here any more. It is fed. */
  showPerson(field: string, id: string, person: Readonly<Record<string, unknown>> | undefined): void;
  /** An event has ended: the same raw object that enters later is another container. */
  endTurn(): void;
  /** Runs a synchronous read on the state of the last commit. */
  committed<R>(read: () => R): R;
  /** A snapshot of the fields that clients see, as of the last commit. The same object until the next commit. */
  snapshot(viewers?: Viewers): Snapshot;
  /** All state, for {@link StoreOptions.restore}, as of the last commit. */
  save(): Saved;
  /** An immutable view of the fields that clients see, as of the last commit. */
  plain(): object;
  /** Keeps computeds evaluated from now on. A snapshot does the same. */
  watch(): void;
  /** Encodes a value for a client that has this store: containers of the store go by number. */
  encode(value: unknown, viewers?: Viewers): Encoded;
  /**
   * The stored record does not fit the class any more: fields were added or removed. At the next commit the storage takes
   * {@link Store.save} in the place of {@link Store.storageDelta}.
   */
  readonly outgrown: boolean;
  /** After a `restore` and {@link Store.watch}: whether the state and its numbers are those that clients knew before. */
  readonly resumable: boolean;
  /** How many containers clients know by number. */
  readonly size: number;
  dispose(): void;
}

/**
 * Makes a user's instance a store.
 * @throws StateError when a field's value cannot be state; it names the path.
 */
export function createStore(options: StoreOptions): Store {
  return finish(createStoreSteps(options));
}

/** Does the work of {@link createStore} in short steps. Nothing may write to the instance before the last step. */
export function* createStoreSteps(options: StoreOptions): Steps<Store> {
  const { name, instance, models, guard, restore, tail = [], keep = false, firstNumber, report, unknown } = options;
  const recorder = new Recorder();
  let starting = true;
  const graph = new WritableGraph({ name, models, guard: () => starting || guard?.(), recorder });
  if (report) graph.report = report;
  graph.adoptRoot(instance);
  graph.unknown = unknown;
  const numbers = restore && (yield* restoreGraph(graph, restore, tail));
  recorder.clear();
  graph.writer.endTurn();
  const channel = new Channel(graph.root, watchers, numbers?.clients);
  // A new store has no numbers before a client subscribes: many stores never have one.
  if (numbers) yield* channel.start();
  const storageChannel = keep ? new Channel(graph.root, storage, numbers?.storage) : undefined;
  if (storageChannel) yield* storageChannel.start();
  const outgrown = graph.outgrown || (numbers !== undefined && storageChannel !== undefined && storageChannel.next !== numbers.storage.next);
  starting = false;
  // A record without names was made before any client subscribed.
  const resumable = tail.length === 0 && restore?.[1].length !== 0 && !graph.forgets;
  return new LoadedStore({ name, instance, graph, channel, storageChannel, outgrown, restored: restore !== undefined, resumable, firstNumber });
}

const NONE: readonly never[] = [];

/** The parts of a new {@link LoadedStore}. */
interface Parts {
  readonly name: string;
  readonly instance: object;
  readonly graph: WritableGraph;
  readonly channel: Channel;
  readonly storageChannel: Channel | undefined;
  readonly outgrown: boolean;
  readonly restored: boolean;
  readonly resumable: boolean;
  readonly firstNumber: StoreOptions["firstNumber"];
}

// A class: an object of closures would take a third of the memory of a small session.
class LoadedStore implements Store {
  readonly name: string;
  readonly instance: object;
  readonly outgrown: boolean;
  storageDelta: StorageDelta | undefined;
  resumable: boolean;
  noticed = false;
  readonly #graph: WritableGraph;
  readonly #clientChannel: Channel;
  readonly #storageChannel: Channel | undefined;
  readonly #restored: boolean;
  readonly #firstNumber: StoreOptions["firstNumber"];
  #cached: Snapshot | undefined;
  /** The noted instances of the last commit. */
  #entrants: readonly Node[] = NONE;
  #viewerChannels: ViewerChannels | undefined;
  /** What was fed since the last commit. */
  #fed: MergedChanges | undefined;

  constructor({ name, instance, graph, channel, storageChannel, outgrown, restored, resumable, firstNumber }: Parts) {
    this.name = name;
    this.instance = instance;
    this.outgrown = outgrown;
    this.resumable = resumable;
    this.#graph = graph;
    this.#clientChannel = channel;
    this.#storageChannel = storageChannel;
    this.#restored = restored;
    this.#firstNumber = firstNumber;
  }

  get open(): boolean {
    return this.#graph.recorder.open || this.#fed !== undefined;
  }

  get size(): number {
    return this.#clientChannel.table.size;
  }

  commit(): WireDelta | undefined {
    const { recorder, writer } = this.#graph;
    const { entrants } = writer;
    // What computeds make is not the event's.
    writer.entrants = undefined;
    this.#entrants = entrants ?? NONE;
    this.#graph.evaluate();
    if (entrants) this.noteMade();
    this.storageDelta = undefined;
    this.noticed = false;
    if (!this.open) {
      this.#viewerChannels?.pass();
      return undefined;
    }
    let changes: ReadonlyMap<Node, Change> = recorder.changes;
    if (this.#fed) {
      for (const [node, change] of changes) this.#fed.add(node, change);
      ({ changes } = this.#fed);
      this.#fed = undefined;
    }
    const delta = this.#clientChannel.started ? this.#clientChannel.encode(changes) : undefined;
    if (this.#viewerChannels) this.noticed = this.#viewerChannels.encode(changes);
    const stored = this.#storageChannel?.encode(changes);
    if (stored) this.storageDelta = [stored, this.#clientChannel.next];
    recorder.clear();
    this.#cached = undefined;
    return delta;
  }

  get hides(): boolean {
    return this.#graph.hides;
  }

  deltaFor(viewers: Viewers): WireDelta | undefined {
    return this.#viewerChannels?.delta(viewers);
  }

  dropViewers(viewers: Viewers): void {
    this.#viewerChannels?.drop(viewers);
  }

  made(viewers?: Viewers): readonly number[] {
    if (this.#entrants.length === 0) return NONE;
    const { audience } = this.#channelOf(viewers);
    return this.#entrants.map((node) => Math.max(audience.tag(node).id, UNNUMBERED));
  }

  /** The channel of some clients, whose containers have numbers. */
  #channelOf(viewers: Viewers | undefined): Channel {
    this.#begin();
    return this.#viewersOf(viewers)?.of(viewers as Viewers) ?? this.#clientChannel;
  }

  /** The channels for viewers, where these see more than others. */
  #viewersOf(viewers: Viewers | undefined): ViewerChannels | undefined {
    if (!viewers || !this.#graph.hides) return undefined;
    this.watch();
    this.#viewerChannels ??= new ViewerChannels(this.#graph, this.#clientChannel);
    return this.#viewerChannels;
  }

  noteMade(): void {
    this.#graph.writer.entrants = [];
  }

  look(): { view: object; instances: Iterable<readonly [model: string, number: number, view: object]> } {
    const { hides, root } = this.#graph;
    const { table } = this.#clientChannel;
    this.watch();
    const nodes = [...table].filter((node) => node instanceof ClassNode && node !== root) as ClassNode[];
    return this.#graph.rewind(() => {
      const copies = new Map<Node, object>();
      const view = hides ? copyFor(root, trusted, copies) : (viewOf(root) as object);
      const shown = (node: Node) => copies.get(node) ?? (viewOf(node) as object);
      return { view, instances: nodes.map((node) => [node.className, node.id, shown(node)] as const) };
    });
  }

  instanceOf(number: number, viewers?: Viewers): { model: string; instance: object } | undefined {
    const { table, next } = this.#viewersOf(viewers)?.of(viewers as Viewers) ?? this.#clientChannel;
    const node = number < next ? table.get(number) : undefined;
    return node instanceof ClassNode && node !== this.#graph.root ? { model: node.className, instance: node.live } : undefined;
  }

  rollback(): void {
    this.#graph.rollback();
  }

  feed(write: () => void): void {
    this.#graph.feed(write, (changes) => {
      this.#fed ??= new MergedChanges();
      for (const [node, change] of changes) this.#fed.add(node, change);
    });
  }

  showPerson(field: string, id: string, person: Readonly<Record<string, unknown>> | undefined): void {
    const { presence, root } = this.#graph;
    this.feed(() => presence?.show((root as ClassNode).data[field] as ArrayNode, id, person));
  }

  endTurn(): void {
    this.#graph.writer.endTurn();
  }

  committed<R>(read: () => R): R {
    return this.#graph.rewind(read);
  }

  snapshot(viewers?: Viewers): Snapshot {
    const channels = this.#viewersOf(viewers);
    if (channels) return channels.snapshot(viewers as Viewers);
    this.#maintain();
    this.#begin();
    this.#cached ??= this.#graph.rewind(() => this.#clientChannel.snapshot());
    return this.#cached;
  }

  save(): Saved {
    return this.#graph.rewind(() => this.#clientChannel.save(this.#storageChannel));
  }

  plain(): object {
    this.#maintain();
    return this.#graph.rewind(() => viewOf(this.#graph.root)) as object;
  }

  watch(): void {
    this.#begin();
    this.#maintain();
  }

  encode(value: unknown, viewers?: Viewers): Encoded {
    const { audience } = typeof value === "object" && value !== null ? this.#channelOf(viewers) : this.#clientChannel;
    const source = new AnswerSource(this.#graph, audience, viewers);
    const slot = source.slot(value);
    const bodies = writeBodies(source.queue, source);
    return bodies.length > 0 ? [slot, bodies] : [slot];
  }

  dispose(): void {
    for (const node of [...this.#graph.maintained]) node.release();
  }

  /** Gives all containers their numbers, with a first snapshot. */
  #begin(): void {
    if (this.#clientChannel.started) return;
    const write = () => this.#graph.rewind(() => this.#clientChannel.snapshot());
    this.#cached = write();
    const first = this.#firstNumber?.(this.#cached) ?? 0;
    if (first === 0) return;
    this.#clientChannel.restart(first);
    this.#cached = write();
  }

  #maintain(): void {
    const graph = this.#graph;
    const channel = this.#clientChannel;
    if (graph.maintaining) return;
    graph.maintaining = true;
    if (!graph.computes) return;
    this.#begin();
    const instances = [...channel.table].filter((node) => node instanceof ClassNode && node.shape.computeds.length > 0) as ClassNode[];
    if (instances.length === 0) return;
    graph.settled((changes) => {
      for (const node of instances) node.maintain();
      const { next } = channel;
      channel.encode(changes);
      this.resumable &&= !this.#restored || next === channel.next;
    });
    this.#cached = undefined;
  }
}

const texts = new WeakMap<Snapshot, string>();

/** A snapshot as JSON, made once: a store returns the same snapshot until its next commit. */
export function snapshotText(snapshot: Snapshot): string {
  let text = texts.get(snapshot);
  if (text === undefined) {
    text = JSON.stringify(snapshot);
    texts.set(snapshot, text);
  }
  return text;
}

/** The audience of clients. The store keeps the computeds evaluated of the instances that they see. */
const watchers: Audience = {
  ...clients,
  met: (node) => node instanceof ClassNode && node.seen(),
  lost: (node) => node instanceof ClassNode && node.unseen(),
};

/** What server code sees: all that some client may see. */
const trusted: CopyReader = {
  names: (node) => (node instanceof ClassNode ? node.shape.sharedNames : node.visible()),
  data: (node) => (node instanceof ClassNode ? node.shared() : node.data),
};
