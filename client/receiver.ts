import type { TRPCClientError } from "@trpc/client";
import type { AnyTRPCRouter } from "@trpc/server";
import { outdatedPage, refusal } from "../lib/errors/errors.js";
import { atomically } from "../lib/graph/batch.js";
import type { Signal } from "../lib/graph/signal.js";
import { applyDelta } from "../lib/mirror/mirror.js";
import { commitsOf, type FrameCommit } from "../lib/wire/frame-commits.js";
import {
  type Answer,
  type Effect,
  type FrameMessage,
  type Greeting,
  isFrame,
  type ResumeMessage,
  type SnapshotMessage,
  type StateMessage,
  type TickMessage,
  type VolatileMessage,
} from "../lib/wire/protocol.js";
import { decodeValue } from "../lib/wire/value-codec.js";
import type { ServerConnection } from "./connection.js";
import { HeldStates } from "./held-states.js";
import type { Inspection } from "./inspection.js";
import { LazyKeeper } from "./lazy-keeper.js";
import { isNewLetter, keptLetter } from "./letters.js";
import type { ClientOptions } from "./options.js";
import type { Outbox } from "./outbox.js";
import { toldBy } from "./refusal.js";
import { serves } from "./schema-compat.js";
import type { Scope } from "./scope.js";
import type { Sender } from "./sender.js";
import type { Cell, ConnectionStatus } from "./status.js";
import { outdate, streamFailed } from "./stream-failure.js";
import { addressOf, type LiveTwin, type Position } from "./twin.js";
import type { VaultWorld } from "./vault.js";
import type { Visiting } from "./visitor.js";
import {
  belongsTo,
  fillVolatile,
  HeldFrames,
  isAwaited,
  isNews,
  type JoinedCommits,
  type Ran,
  takeTick,
  takeWaiting,
  type WaitingStates,
  waitingKey,
} from "./volatile-states.js";

export interface ReceiverWorld extends VaultWorld {
  readonly options: VaultWorld["options"] & Pick<ClientOptions, "keptIn" | "tabStorage">;
  readonly scopes: ReadonlyMap<string, Scope>;
  readonly connection: Pick<ServerConnection, "close" | "got" | "id" | "rename" | "renew" | "watches">;
  readonly status: Pick<Cell<ConnectionStatus>, "subscribe" | "update">;
  readonly visitor: Pick<Cell<Visiting>, "current" | "update">;
  readonly effects: Signal<[name: string, args: readonly unknown[]]>;
  /** The inspection of this client, in development. */
  readonly inspection: Inspection | undefined;
}

/** What the outbox does not know. */
type ReceiverParts = Pick<ReceiverWorld, "server" | "twins" | "scopes" | "effects" | "twinAt" | "preload" | "inspection">;

/** Takes the messages of the stream (PROTOCOL.md §3), and the refusal of one, into the twins. A page loads it while it connects. */
export class Receiver {
  readonly #world: ReceiverWorld;
  readonly #sender: Sender;
  readonly keeper: LazyKeeper;
  /** The scope instances by the numbers that this stream has given them. */
  readonly #hosts = new Map<unknown, Scope>();
  /** This client's events that the next frame shows, by number, with the numbers of the instances that they have made. */
  #ran: Ran = new Map();
  /** The states of one host wait for each other, as a change of several stores is shown whole or not at all. */
  readonly #held: HeldStates;
  readonly #volatile: WaitingStates = new Map();
  readonly #frames = new HeldFrames();
  /** The last ticks of hosts: an answer may name one of a store that has no volatile state. */
  readonly #ticks = new Map<number, number>();

  constructor(parts: ReceiverParts, outbox: Outbox, sender: Sender) {
    const world: ReceiverWorld = { ...outbox.world, options: outbox.world.known, ...parts, outbox };
    this.#world = world;
    this.#sender = sender;
    sender.receiver = this;
    this.#held = new HeldStates((twin) => world.connection.watches(twin));
    this.keeper = new LazyKeeper(world, () => sender.flush());
    // A letter that has led the tab to another page must not do so again there.
    world.connection.got ??= keptLetter(world.options);
  }

  receive(message: StateMessage): void {
    if (process.env.NODE_ENV === "production") return this.#take(message);
    const began = performance.now();
    this.#take(message);
    const host = message[0] === "tick" || message[0] === "volatile" ? message[1] : message[0];
    this.#world.inspection?.news.tell({ what: "message", message, twins: this.#twinsOf(this.#hosts.get(host)), ms: performance.now() - began });
  }

  #take(message: StateMessage): void {
    const { twins } = this.#world;
    // A tick without changes says its number to a state that follows.
    if (!IS_STATE.test(message[0] as string) && !(message[0] === "tick" && message.length === 3)) this.#release();
    switch (message[0]) {
      case "hello":
        if (!this.#takeHello(message[1])) return;
        break;
      case "snapshot":
      case "resume":
        this.#takeState(message);
        break;
      case "refused": {
        const [, store, key, ...refusal] = message;
        twins.get(addressOf({ store, key }))?.refuse(toldBy(refusal));
        this.#sender.flush();
        break;
      }
      case "yield": {
        const [, incarnation, n, k, value] = message;
        // It may name containers of frames before it.
        for (const held of this.#frames.takeAll()) this.#takeStreamed(...held);
        this.#sender.item(incarnation, n, k, ["yield", value]);
        break;
      }
      case "volatile": {
        const [, host, , store] = message;
        this.#volatile.set(waitingKey(host, store), message);
        const twin = this.#twinsOf(this.#hosts.get(host)).find((one) => one.store === store);
        // It stays for a snapshot that may follow.
        if (twin?.synced && belongsTo(twin.at, message)) this.#takeVolatile(twin, message);
        break;
      }
      case "tick":
        this.#takeTick(message);
        break;
      case "ran":
        this.#ran.set(message[2], message[3]);
        break;
      case "effect": {
        const [, name, args, from, n, k] = message;
        if (n !== undefined) this.#sender.item(from, n, k as number, ["effect", name, args]);
        else if (isNewLetter(this.#world, from)) this.#act([[name, args]]);
        break;
      }
      case "effects": {
        const scope = this.#hosts.get(message[1]);
        if (scope?.incarnation !== undefined) this.#actOnce(scope, [scope.incarnation, message[2]], message[3]);
        break;
      }
      default:
        if (isFrame(message)) this.#takeFrame(message);
        // Names that this client does not know are skipped.
        else message satisfies never;
    }
    this.keeper.keep();
    this.#sender.settle();
  }

  /** `false`: the page is outdated. */
  #takeHello({ schema, session, visitor }: Greeting): boolean {
    const { server } = this.#world;
    const { greeted } = server;
    // A second `hello` on the same stream is hot reload, which the page follows.
    if (server.schema && !greeted && !serves(schema, server.schema)) {
      outdate(this.#world, this.#sender, outdatedPage());
      return false;
    }
    Object.assign(server, { schema, session, greeted: true, refusals: 0 });
    this.#world.visitor.update({ text: JSON.stringify(visitor) });
    this.keeper.look();
    this.#volatile.clear();
    this.#frames.takeAll();
    if (!greeted) this.#sender.anew();
    this.#sender.resume();
    return true;
  }

  /** Takes a store's whole state, or that the twin has it already. */
  #takeState(message: SnapshotMessage | ResumeMessage): void {
    const [, host, store, key, incarnation, revision] = message;
    const twin = this.#world.twins.get(addressOf({ store, key }));
    const scope = twin && this.#world.scopeOf(twin);
    if (!scope) return;
    this.#hosts.set(host, scope);
    const audience = message[0] === "snapshot" ? message[9] : message[6];
    Object.assign(scope, { incarnation, audience });
    if (message[0] === "resume") {
      if (!twin.shows(incarnation, revision) || twin.at?.[2] !== audience) return this.#renew(twin);
      Object.assign(twin, { synced: true, host, tick: undefined });
      twin.onSynced?.();
      this.#sender.flush();
    }
    this.#held.add({ twin, scope, message, volatile: this.#volatile.get(waitingKey(host, store)) });
    if (!this.#held.lacks((one) => this.#twinsOf(one))) this.#release();
  }

  #release(): void {
    const ready = this.#held.takeAll();
    if (ready.length === 0) return;
    atomically(() => {
      for (const { twin, message, volatile } of ready) {
        // Frames may follow that bring the twin to what it belongs to.
        if (message[0] === "resume" && twin.synced && (!volatile || belongsTo(twin.at, volatile))) this.#takeVolatile(twin, volatile);
        if (message[0] === "resume") continue;
        Object.assign(twin, { synced: true, host: message[1] });
        twin.onSynced?.();
        this.#takeSnapshot(twin, message, volatile);
      }
    });
    this.#sender.flush();
  }

  #takeSnapshot(twin: LiveTwin, message: SnapshotMessage, volatile: VolatileMessage | undefined): void {
    const [, , , , incarnation, revision, snapshot, ended = 0, since, audience] = message;
    // Answers may have brought a later state than the stream, which is right for the same audience only.
    if (twin.shows(incarnation, revision + 1)) {
      if (twin.at?.[2] !== audience) this.#renew(twin);
      else if (twin.synced) this.#takeVolatile(twin, volatile);
      return;
    }
    this.#sender.ran(twin, incarnation, new Map([[ended, undefined]]));
    try {
      twin.snapshot([incarnation, revision, audience], snapshot, since, volatile?.[4]);
      twin.tick = volatile?.[2] ?? this.#ticks.get(message[1]) ?? 0;
    } catch (error) {
      twin.refuse(refusal("INTERNAL", (error as Error).message));
    }
  }

  #act(effects: readonly Effect[]): void {
    for (const [name, args] of effects) this.#world.effects.tell(name, decodeValue(args) as readonly unknown[]);
  }

  /** Has the effects for all who watch a host take place, unless they have. */
  #actOnce(scope: Scope, at: Position, effects: readonly Effect[]): void {
    const { told } = scope;
    if (told?.[0] === at[0] && told[1] >= at[1]) return;
    scope.told = at;
    this.#act(effects);
  }

  /** Takes a frame of the stream, or holds it until the volatile state can be shown that has come. */
  #takeFrame(message: FrameMessage): void {
    const [host] = message;
    const taken = this.#frames.take(message, this.#ran);
    this.#ran = new Map();
    const { revision } = taken.commits.at(-1) as FrameCommit;
    if (this.#twinsOf(this.#hosts.get(host)).some((twin) => isAwaited(this.#volatile, host, twin, revision))) this.#frames.hold(host, taken);
    else this.#takeStreamed(host, taken);
  }

  #takeStreamed(host: number, commits: JoinedCommits): void {
    const scope = this.#hosts.get(host);
    this.#takeCommits(scope, this.#twinsOf(scope), host, commits, scope?.audience, this.#volatile);
  }

  /**
   * @param whose the audience for whom they are
   * @param volatile the volatile states that belong to what frames of their line bring
   */
  #takeCommits(
    scope: Scope | undefined,
    watching: Iterable<LiveTwin>,
    host: number,
    { commits, ran }: JoinedCommits,
    whose: string | undefined,
    volatile: WaitingStates,
  ): void {
    const first = (commits[0] as FrameCommit).revision;
    const { revision } = commits.at(-1) as FrameCommit;
    let before: Position | undefined;
    const streamed = volatile === this.#volatile;
    atomically(() => {
      for (const twin of watching) {
        // The stream may have left out a store of which it has not begun to tell.
        if (!twin.at || (streamed && !twin.synced)) continue;
        const [incarnation, at, audience] = twin.at;
        // An answer may have brought the first of the commits already, or all of them.
        const later = commits.filter((commit) => commit.revision > at);
        if (later.length > 0 && (at < first - 1 || audience !== whose)) {
          if (twin.synced) this.#renew(twin);
          continue;
        }
        const shown: Position = [incarnation, Math.max(at, revision), audience];
        // What an answer brings has no ticks of the stream's.
        const told = streamed && audience === whose && !isAwaited(volatile, host, twin, revision);
        const ticks = told ? commits.flatMap(({ tick }) => (tick ? [tick] : [])) : [];
        if (later.length === 0 && !ticks.some(([tick]) => isNews(twin, tick))) continue;
        if (later.length > 0) before = twin.at;
        const state = takeWaiting(volatile, waitingKey(host, twin.store), shown);
        const whole = state && streamed && state[2] <= (twin.tick ?? -1) ? undefined : state;
        this.#sender.ran(twin, incarnation, new Map([[whole?.[7] ?? 0, undefined], ...ran]));
        this.#change(twin, shown, () => {
          for (const { deltas } of later) for (const [store, delta] of deltas) if (store === twin.store) applyDelta(twin.mirror, delta);
          if (whole) fillVolatile(twin, whole);
          for (const tick of ticks) takeTick(twin, tick);
        });
      }
    });
    if (!scope || !before) return;
    const [incarnation, at] = before;
    for (const { revision, effects } of commits) if (effects && revision > at) this.#actOnce(scope, [incarnation, revision], effects);
  }

  /** Takes the volatile state of a twin that shows the state to which it belongs; `undefined`: there is none. */
  #takeVolatile(twin: LiveTwin, volatile: VolatileMessage | undefined): void {
    const at = twin.at as Position;
    this.#sender.ran(twin, at[0], new Map([[volatile?.[7] ?? 0, undefined]]));
    this.#change(twin, at, () => fillVolatile(twin, volatile, this.#ticks.get(twin.host as number)));
  }

  #takeTick([, host, ...parts]: TickMessage): void {
    const scope = this.#hosts.get(host);
    this.#ticks.set(host, parts[0]);
    atomically(() => {
      for (const twin of this.#twinsOf(scope)) {
        if (!twin.synced || !isNews(twin, parts[0]) || !twin.at || twin.at[2] !== scope?.audience) continue;
        this.#sender.ran(twin, twin.at[0], this.#ran);
        this.#change(twin, twin.at, () => takeTick(twin, parts));
      }
    });
    this.#ran.clear();
  }

  /** Changes what a twin shows, or asks for all of it anew. */
  #change(twin: LiveTwin, at: Position, apply: () => void): void {
    try {
      twin.frame(at, apply);
    } catch {
      this.#renew(twin);
    }
  }

  #renew(twin: LiveTwin): void {
    twin.synced = false;
    twin.doubt();
    this.#world.connection.renew(twin);
  }

  #twinsOf(scope: Scope | undefined): LiveTwin[] {
    return scope ? [...this.#world.twins.values()].filter((twin) => this.#world.scopeOf(twin) === scope) : [];
  }

  /**
   * Takes the messages that came with the answer to an event of `twin`: no stream brings them. Tells whether the volatile state was among them, and the twin
   * shows it.
   */
  missed(twin: LiveTwin, { i: incarnation, f: messages = [], a: audience }: Answer): boolean {
    // All stores of a host that are shown change together, or wait for the stream.
    const scope = this.#world.scopeOf(twin);
    const shown = this.#twinsOf(scope).filter((one) => one.state === "ready" || one === twin);
    const before = shown.map(({ tick }) => tick);
    const states: WaitingStates = new Map();
    let told: VolatileMessage | undefined;
    atomically(() => {
      for (const message of messages) {
        if (message[0] === "ran") this.#ran.set(message[2], message[3]);
        else if (message[0] === "volatile") {
          const [, , tick, store] = message;
          if (store === twin.store) told = message;
          if (!shown.some((one) => one.store === store && belongsTo(one.at, message) && (one.tick ?? -1) >= tick)) states.set(waitingKey(0, store), message);
        } else if (isFrame(message)) {
          const alike = shown.filter(({ at }) => at?.[0] === incarnation && at[2] === audience);
          this.#takeCommits(scope, alike, message[0], { commits: commitsOf(message), ran: this.#ran }, audience, states);
          this.#ran = new Map();
        } else if (shown.length === 1 && !(twin.shows(incarnation, message[5]) && twin.at?.[2] === audience))
          this.#takeSnapshot(twin, message, states.get(waitingKey(0, twin.store)));
      }
      for (const one of shown) {
        const state = takeWaiting(states, waitingKey(0, one.store), one.at);
        if (state) this.#takeVolatile(one, state);
      }
      // The stream does not go on from there, and what it brings of one store alone would show a part of a commit.
      if (shown.some((one, i) => one.synced && one.tick !== before[i])) for (const one of shown) if (one.synced) this.#renew(one);
    });
    this.keeper.keep();
    return told !== undefined && (twin.tick ?? -1) >= told[2];
  }

  /** The server has refused a stream, or none came through. */
  failed(error: TRPCClientError<AnyTRPCRouter>): void {
    streamFailed(this.#world, this.#sender, error);
  }

  /** The stream has ended: its host numbers mean nothing any more, and no twin is up to date by it. */
  lost(): void {
    this.#world.server.greeted = false;
    this.#ran.clear();
    this.#release();
    this.#volatile.clear();
    this.#frames.takeAll();
    this.#ticks.clear();
    this.#hosts.clear();
    for (const twin of this.#world.twins.values()) twin.synced = false;
  }
}

/** The messages that bring states, which do not end the wait of a state for others. */
const IS_STATE = /^(snapshot|resume|volatile)$/;
