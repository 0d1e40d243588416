import type { Channel, Saved, StorageDelta } from "../channel/channel.js";
import { type NumberChanges, StoredNumbers } from "../channel/stored-numbers.js";
import type { Viewers } from "../channel/viewers.js";
import type { ArrayNode } from "../graph/array.js";
import { type Node, UNNUMBERED } from "../graph/node.js";
import type { Change } from "../record/recorder.js";
import { type CopyReader, copyFor } from "../view/copy-for.js";
import { viewOf } from "../view/view.js";
import { type Encoded, type Snapshot, type WireDelta, writeBodies } from "../wire/codec.js";
import { AnswerSource } from "./answer-source.js";
import { ClassNode } from "./class-node.js";
import { sight } from "./sight.js";
import { signatureOf } from "./signature.js";
import type { Store, StoreOptions } from "./store.js";
import { ViewerChannels } from "./viewer-channels.js";
import { VolatileChannels } from "./volatile-channels.js";
import type { WritableGraph } from "./writable-graph.js";

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
export class LoadedStore implements Store {
  readonly name: string;
  readonly instance: object;
  readonly outgrown: boolean;
  resumable: boolean;
  renewal: WireDelta | undefined;
  noticed = false;
  changed = false;
  stirred = false;
  readonly #graph: WritableGraph;
  readonly #clientChannel: Channel;
  readonly #storageChannel: Channel | undefined;
  readonly #storedNumbers: StoredNumbers | undefined;
  /** The last commit's changes of persisted fields. */
  #stored: WireDelta | undefined;
  readonly #restored: boolean;
  readonly #firstNumber: StoreOptions["firstNumber"];
  #cached: Snapshot | undefined;
  /** The noted instances of the last commit. */
  #entrants: readonly Node[] = NONE;
  #viewerChannels: ViewerChannels | undefined;
  #volatileChannels: VolatileChannels | undefined;
  #renumbered = false;

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
    if (!storageChannel) return;
    this.#storedNumbers = new StoredNumbers(channel, storageChannel);
    this.#storedNumbers.mark(resumable);
  }

  get open(): boolean {
    return this.#graph.recorder.open;
  }

  get changing(): boolean {
    return this.#graph.changing;
  }

  stepBack(): () => void {
    return this.#graph.stepBack();
  }

  get awaits(): boolean {
    return this.#graph.awaited !== undefined;
  }

  onSettled(viewers: Viewers | undefined, settled: () => void): () => void {
    if (viewers) this.#channelOf(viewers);
    this.watch();
    const { awaited } = this.#graph;
    if (awaited) return awaited.onSettled(viewers?.predicates, settled);
    settled();
    return () => {};
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
    const { lasting } = this.#graph;
    this.#graph.evaluate();
    if (entrants) this.noteMade();
    this.#stored = undefined;
    this.noticed = false;
    this.stirred = false;
    this.changed = lasting;
    const delta = recorder.open ? this.#encode(recorder.changes) : undefined;
    if (!recorder.open) this.#viewerChannels?.pass();
    recorder.clear();
    const known = this.#settle();
    this.changed ||= delta !== undefined || this.noticed || !known;
    if (this.changed) this.#cached = undefined;
    return known ? delta : undefined;
  }

  #encode(changes: ReadonlyMap<Node, Change>): WireDelta | undefined {
    const delta = this.#clientChannel.started ? this.#clientChannel.encode(changes) : undefined;
    if (this.#viewerChannels) this.noticed = this.#viewerChannels.encode(changes);
    this.#stored = this.#storageChannel?.encode(changes);
    if (this.#stored) this.changed = true;
    if (this.#volatileChannels) this.stirred = this.#volatileChannels.gather(changes);
    return delta;
  }

  /** Gives all containers their numbers anew where a computed has turned volatile. `false`: it has done so. */
  #settle(): boolean {
    const graph = this.#graph;
    if (!graph.outdated) return true;
    graph.outdated = false;
    const channel = this.#clientChannel;
    if (!channel.started) return true;
    this.#viewerChannels?.dropAll();
    this.#viewerChannels = undefined;
    this.dropVolatile();
    const before = [...channel.table];
    channel.restart(channel.next);
    this.#cached = graph.rewind(() => channel.snapshot());
    for (const node of before) if (node.id < 0) sight.lost(node);
    this.resumable = false;
    this.#storedNumbers?.mark(false);
    this.#renumbered = true;
    return false;
  }

  takeStored(): StorageDelta | undefined {
    const delta = this.#stored;
    this.#stored = undefined;
    const numbers = this.#numberChanges();
    if (!delta && numbers === undefined) return undefined;
    const { next } = this.#clientChannel;
    if (this.#storedNumbers?.known) return [delta ?? NONE, next, numbers ?? 0];
    return [delta as WireDelta, next];
  }

  /** What has changed of the clients' numbers. Before clients know any, nothing has. */
  #numberChanges(): NumberChanges | undefined {
    const numbers = this.#storedNumbers;
    if (!numbers || numbers.known) return numbers?.take();
    if (!this.#graph.maintaining) return undefined;
    // The first snapshot tells clients the names.
    this.snapshot();
    return numbers.whole(signatureOf(this.#graph.shapes));
  }

  noteSaved(): void {
    this.#stored = undefined;
    this.#storedNumbers?.mark(this.#clientChannel.known > 0);
  }

  takeRenumbered(): boolean {
    const renumbered = this.#renumbered;
    this.#renumbered = false;
    return renumbered;
  }

  get hides(): boolean {
    return this.#graph.hides;
  }

  deltaFor(viewers: Viewers): WireDelta | undefined {
    return this.#viewerChannels?.delta(viewers);
  }

  dropViewers(viewers: Viewers): void {
    this.#viewerChannels?.drop(viewers);
    this.#volatileChannels?.drop(viewers);
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
    if (!this.#viewerChannels) {
      this.#viewerChannels = new ViewerChannels(this.#graph, this.#clientChannel);
      this.#share();
    }
    return this.#viewerChannels;
  }

  noteMade(): void {
    this.#graph.writer.entrants = [];
  }

  look(): { view: object; instances: Iterable<readonly [model: string, number: number, view: object]> } {
    const { hides, root } = this.#graph;
    const { table } = this.#clientChannel;
    this.watch();
    this.#refresh();
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
    this.#graph.feed(write, (changes) => void this.#volatileChannels?.gather(changes));
  }

  show(field: string, id: string, item: Readonly<Record<string, unknown>> | undefined): void {
    const { lists, root } = this.#graph;
    this.feed(() => lists?.show((root as ClassNode).data[field] as ArrayNode, id, item));
  }

  get due(): boolean {
    return this.#volatileChannels !== undefined && (this.#graph.fed || this.#volatileChannels.due);
  }

  tick(): void {
    this.#refresh();
    this.#volatileChannels?.tick();
    this.#settle();
  }

  #refresh(): void {
    this.#graph.refresh((changes) => void this.#volatileChannels?.gather(changes));
    this.#settle();
  }

  tickDelta(viewers?: Viewers): WireDelta | undefined {
    return this.#volatileChannels?.delta(this.hides ? viewers : undefined);
  }

  get hasVolatile(): boolean {
    return this.#graph.volatile;
  }

  volatile(viewers?: Viewers): Snapshot | undefined {
    this.watch();
    if (!this.#volatileChannels) this.#refresh();
    const shown = this.#channelOf(viewers);
    if (!this.#graph.volatile) return undefined;
    if (!this.#volatileChannels) {
      this.#volatileChannels = new VolatileChannels(this.#graph);
      this.#share();
    }
    return this.#volatileChannels.snapshot(this.hides ? viewers : undefined, shown);
  }

  dropVolatile(): void {
    const channels = this.#volatileChannels;
    this.#volatileChannels = undefined;
    channels?.dropAll();
  }

  /** There is more than one channel for clients: an instance is seen as long as one of them shows it. */
  #share(): void {
    this.#graph.sees ??= (node) => node.id >= 0 || (this.#viewerChannels?.shows(node) ?? false) || (this.#volatileChannels?.shows(node) ?? false);
  }

  endTurn(): void {
    this.#graph.writer.endTurn();
  }

  get computes(): boolean {
    return this.#graph.shapes.some(({ computeds }) => computeds.length > 0);
  }

  computedDelta(): WireDelta | undefined {
    return this.#clientChannel.members(this.#graph.maintained, (node) => node.shape.computeds.map(({ name }) => name));
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
    return this.#graph.rewind(() => this.#clientChannel.save(this.#storageChannel, signatureOf(this.#graph.shapes)));
  }

  plain(): object {
    this.#maintain();
    this.#refresh();
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
    if (!this.computes) return;
    this.#begin();
    const instances = [...channel.table].filter((node) => node instanceof ClassNode && node.shape.computeds.length > 0) as ClassNode[];
    if (instances.length === 0) return;
    graph.settled((changes) => {
      for (const node of instances) node.maintain();
      // No client has seen a computed before.
      graph.outdated = false;
      const { next, known } = channel;
      const delta = channel.encode(changes);
      // A name that is new to clients is that of a computed which was volatile before, and is not yet.
      this.resumable &&= !this.#restored || known === channel.known;
      if (this.resumable && next !== channel.next) this.renewal = delta;
    });
    this.#settle();
    this.#renumbered = false;
    this.#cached = undefined;
  }
}

/** What server code sees: all that some client may see. */
const trusted: CopyReader = {
  names: (node) => (node instanceof ClassNode ? node.shape.sharedNames : node.visible()),
  data: (node) => (node instanceof ClassNode ? node.shared() : node.data),
};
