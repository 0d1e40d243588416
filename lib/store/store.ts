import { Channel, type Saved, type StorageDelta } from "../channel/channel.js";
import type { Viewers } from "../channel/viewers.js";
import { storage } from "../graph/audience.js";
import { Recorder } from "../record/recorder.js";
import type { Encoded, Snapshot, WireDelta } from "../wire/codec.js";
import { finish, type Steps } from "../wire/steps.js";
import { LoadedStore } from "./loaded-store.js";
import { restoreGraph } from "./restore.js";
import { watchers } from "./sight.js";
import { signatureOf } from "./signature.js";
import type { Rewindable, StoreHost } from "./store-host.js";
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
  /** The deltas of the commits since then, in order, from {@link Store.takeStored}. */
  tail?: readonly StorageDelta[];
  /** Whether the storage takes each commit, by {@link Store.takeStored}. @default false */
  keep?: boolean;
  /** Gives the first number for the containers of a new store, of a snapshot with numbers from 0 on. @default 0 */
  firstNumber?: (snapshot: Snapshot) => number;
  /** Reports an error of a computed. @default console.error */
  report?: (error: unknown, path: string, value?: unknown) => void;
  /** The host of the store. Without one it stands alone, as in tests. */
  host?: StoreHost;
  /** Reports a field in `restore` that the class lacks or does not persist: it is dropped. `className` is `""` for the store's own class. */
  unknown?: (className: string, field: string) => void;
}

/** Stands for the shape of classes in a saved store whose numbers go on whatever the classes are now: nobody goes on from an earlier state by them. */
export const ANY_SHAPE = "";

/** A store: a user's instance as state that is recorded, committed, and encoded for subscribed clients. */
export interface Store extends Rewindable {
  readonly instance: object;
  /** There are changes since the last commit. */
  readonly open: boolean;
  /** Makes the open changes final. `undefined` if clients would not notice them, and always before the first client subscribes. */
  commit(): WireDelta | undefined;
  /** The last commit has changed something that is not volatile. */
  readonly changed: boolean;
  /** The last commit has changed something volatile that clients may see. */
  readonly stirred: boolean;
  /** Containers have got their numbers anew, as a computed has turned volatile that clients know as an ordinary one. Reading it takes it back. */
  takeRenumbered(): boolean;
  /** Some members are seen by some clients only: without `viewers`, what follows is as all others see it. */
  readonly hides: boolean;
  /** Some viewers of hidden members notice the last commit. */
  readonly noticed: boolean;
  /** The last commit's delta for viewers. `undefined` if they would not notice it, or do not watch. */
  deltaFor(viewers: Viewers): WireDelta | undefined;
  /** These viewers do not watch any more: their numbers are given up. */
  dropViewers(viewers: Viewers): void;
  /**
   * What the storage is to take now: the last commit's changes of persisted fields, private ones too, and what has changed of the numbers that clients know.
   * `undefined` if there is nothing. What was given once is not given again.
   */
  takeStored(): StorageDelta | undefined;
  /** The storage has taken {@link Store.save}, as of now. */
  noteSaved(): void;
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
  /** Lists an item in a field that the server alone writes, or shows what is new of it; `undefined`: it is not there any more. It is fed. */
  show(field: string, id: string, item: Readonly<Record<string, unknown>> | undefined): void;
  /** Volatile changes wait for {@link Store.tick}. */
  readonly due: boolean;
  /** Encodes the volatile changes since the last tick, for all who have asked for {@link Store.volatile}. */
  tick(): void;
  /** What the last tick has changed. `undefined` if these clients would not notice it. */
  tickDelta(viewers?: Viewers): WireDelta | undefined;
  /** Clients may see something volatile. It is final once the store is watched, but for computeds that turn volatile. */
  readonly hasVolatile: boolean;
  /** The whole volatile state, as of the last tick: nothing is due. `undefined` if clients never see anything volatile. */
  volatile(viewers?: Viewers): Snapshot | undefined;
  /** Nobody watches any more: numbers of the volatile state are given up. */
  dropVolatile(): void;
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
  /** Some computeds are promises. */
  readonly awaits: boolean;
  /** Keeps computeds evaluated from now on. Calls back once those are settled that are promises and that some clients see. Returns what stops it. */
  onSettled(viewers: Viewers | undefined, settled: () => void): () => void;
  /** Encodes a value for a client that has this store: containers of the store go by number. */
  encode(value: unknown, viewers?: Viewers): Encoded;
  /**
   * The stored record does not fit the class any more: fields were added or removed. At the next commit the storage takes
   * {@link Store.save} in the place of {@link Store.takeStored}.
   */
  readonly outgrown: boolean;
  /** After a `restore` and {@link Store.watch}: whether containers have the numbers that clients knew before. */
  readonly resumable: boolean;
  /**
   * After a `restore` and {@link Store.watch}: what changes for clients that know the store from before, as computeds have got new containers. `undefined`
   * where they have none.
   */
  readonly renewal: WireDelta | undefined;
  /** Clients may see computeds. */
  readonly computes: boolean;
  /** A delta that sets all computeds to what they are. It holds as long as nothing has changed since they are kept. `undefined` if clients see none. */
  computedDelta(): WireDelta | undefined;
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
  const { name, instance, models, guard, restore, tail = [], keep = false, firstNumber, report, unknown, host } = options;
  const recorder = new Recorder();
  let starting = true;
  const graph = new WritableGraph({ name, models, guard: () => starting || guard?.(), recorder });
  if (report) graph.report = report;
  graph.host = host;
  graph.adoptRoot(instance);
  graph.unknown = unknown;
  const restored = restore && (yield* restoreGraph(graph, restore, tail));
  const anyShape = restored?.shape === ANY_SHAPE;
  if (restored && !anyShape && (graph.outgrown || restored.shape !== signatureOf(graph.shapes))) restored.forget();
  recorder.clear();
  graph.writer.endTurn();
  const channel = new Channel(graph.root, watchers, restored?.clients);
  // A new store has no numbers before a client subscribes: many stores never have one.
  if (restored) yield* channel.start();
  // Clients may have known a container that they do not see any more.
  if (restored && restored.numbered !== channel.table.size) restored.keep((node) => channel.table.get(node.id) === node);
  const storageChannel = keep ? new Channel(graph.root, storage, restored?.storage) : undefined;
  if (storageChannel) yield* storageChannel.start();
  const outgrown = graph.outgrown || (restored !== undefined && storageChannel !== undefined && storageChannel.next !== restored.storage.next);
  starting = false;
  const resumable = anyShape || (restored?.shape !== undefined && channel.next === restored.clients.next);
  const store = new LoadedStore({ name, instance, graph, channel, storageChannel, outgrown, restored: restore !== undefined, resumable, firstNumber });
  graph.store = store;
  return store;
}
