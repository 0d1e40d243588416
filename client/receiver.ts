import type { TRPCClientError } from "@trpc/client";
import type { AnyTRPCRouter } from "@trpc/server";
import type { WireSchema } from "../lib/class/schema.js";
import { type EventError, isEventError, outdatedPage, refusal } from "../lib/errors/errors.js";
import { atomically } from "../lib/graph/batch.js";
import type { Signal } from "../lib/graph/signal.js";
import { applyDelta } from "../lib/mirror/mirror.js";
import type { Snapshot } from "../lib/wire/codec.js";
import { commitsOf, type FrameCommit } from "../lib/wire/frame-commits.js";
import {
  type Answer,
  type Effect,
  type FrameMessage,
  type Greeting,
  isFrame,
  type RanMessage,
  type ResumeMessage,
  type SnapshotMessage,
  type StateMessage,
  type TickMessage,
  type VolatileMessage,
} from "../lib/wire/protocol.js";
import { decodeValue } from "../lib/wire/value-codec.js";
import type { ServerConnection } from "./connection.js";
import type { Inspection } from "./inspection.js";
import { LazyKeeper } from "./lazy-keeper.js";
import type { ClientOptions } from "./options.js";
import { refusalOf, toldBy } from "./refusal.js";
import { serves } from "./schema-compat.js";
import type { Scope } from "./scope.js";
import type { Sender } from "./sender.js";
import type { Cell, ConnectionStatus } from "./status.js";
import { addressOf, type LiveTwin, type Position } from "./twin.js";
import type { Visiting } from "./visitor.js";

/** Facts that the server has sent about itself and this client. */
export interface ServerFacts {
  schema: WireSchema | undefined;
  session: string | undefined;
  /** The open stream has sent its `hello`. */
  greeted: boolean;
  /** How often in a row the server has refused a stream. */
  refusals: number;
}

export interface ReceiverWorld {
  readonly options: Pick<ClientOptions, "keptIn" | "tabStorage" | "url">;
  readonly server: ServerFacts;
  readonly twins: ReadonlyMap<string, LiveTwin>;
  readonly scopes: ReadonlyMap<string, Scope>;
  readonly connection: Pick<ServerConnection, "close" | "got" | "rename" | "renew" | "watches">;
  readonly status: Pick<Cell<ConnectionStatus>, "update">;
  readonly visitor: Pick<Cell<Visiting>, "update">;
  readonly effects: Signal<[name: string, args: readonly unknown[]]>;
  scopeOf(twin: LiveTwin): Scope | undefined;
  /** Reports an error that nobody awaits. */
  unheard(error: EventError): void;
  /** The inspection of this client, in development. */
  readonly inspection: Inspection | undefined;
}

/** A snapshot that waits for those of the other stores of its host. */
interface HeldSnapshot {
  readonly twin: LiveTwin;
  readonly scope: Scope;
  readonly at: Position;
  readonly snapshot: Snapshot;
  readonly ended: number | undefined;
  readonly since: number | undefined;
}

/** Takes the messages of the stream (PROTOCOL.md §3), and the refusal of one, into the twins. A page loads it while it connects. */
export class Receiver {
  readonly #world: ReceiverWorld;
  readonly #sender: Sender;
  readonly keeper: LazyKeeper;
  /** The scope instances by the numbers that this stream has given them. */
  readonly #hosts = new Map<unknown, Scope>();
  /** This client's events that the next frame shows, by number, with the numbers of the instances that they have made. */
  #ran = new Map<number, RanMessage[3]>();
  /** Snapshots of one host wait for each other, as a change of several stores is shown whole or not at all. */
  #held: HeldSnapshot[] = [];

  constructor(world: ReceiverWorld, sender: Sender) {
    this.#world = world;
    this.#sender = sender;
    this.keeper = new LazyKeeper(world, () => sender.flush());
    // A letter that has led the tab to another page must not do so again there.
    world.connection.got ??= keepLetter(world.options);
  }

  receive(message: StateMessage): void {
    if (process.env.NODE_ENV === "production") return this.#take(message);
    const began = performance.now();
    this.#take(message);
    this.#world.inspection?.news.tell({ what: "message", message, twins: this.#twinsOf(this.#hosts.get(message[0])), ms: performance.now() - began });
  }

  #take(message: StateMessage): void {
    const { twins } = this.#world;
    if (message[0] !== "snapshot") this.#release();
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
        this.#sender.item(incarnation, n, k, ["yield", value]);
        break;
      }
      case "ran":
        this.#ran.set(message[2], message[3]);
        break;
      case "effect": {
        const [, name, args, from, n, k] = message;
        if (n !== undefined) this.#sender.item(from, n, k as number, ["effect", name, args]);
        else if (this.#isNew(from)) this.#act([[name, args]]);
        break;
      }
      case "effects": {
        const scope = this.#hosts.get(message[1]);
        if (scope?.incarnation !== undefined) this.#actOnce(scope, [scope.incarnation, message[2]], message[3]);
        break;
      }
      default:
        if (isFrame(message)) {
          const scope = this.#hosts.get(message[0]);
          this.#takeFrame(scope, this.#twinsOf(scope), message, scope?.audience);
        }
        // Names that this client does not know are skipped.
        else message satisfies VolatileMessage | TickMessage;
    }
    this.keeper.keep();
    this.#sender.settle();
  }

  /** `false`: the page is outdated. */
  #takeHello({ schema, session, visitor }: Greeting): boolean {
    const { server } = this.#world;
    // A second `hello` on the same stream is hot reload, which the page follows.
    if (server.schema && !server.greeted && !serves(schema, server.schema)) {
      this.#outdate(outdatedPage());
      return false;
    }
    Object.assign(server, { schema, session, greeted: true, refusals: 0 });
    this.#world.visitor.update({ text: JSON.stringify(visitor) });
    this.keeper.look();
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
    if (message[0] === "snapshot") {
      this.#held.push({ twin, scope, at: [incarnation, revision, audience], snapshot: message[6], ended: message[7], since: message[8] });
      if (!this.#awaited()) this.#release();
    } else if (twin.shows(incarnation, revision) && twin.at?.[2] === audience) {
      twin.synced = true;
      twin.onSynced?.();
      this.#sender.flush();
    } else this.#renew(twin);
  }

  /** Tells whether a snapshot of another store of the same host is still to come. */
  #awaited(): boolean {
    const behind = (twin: LiveTwin, at: Position) =>
      twin.state === "ready" && this.#world.connection.watches(twin) && !twin.shows(at[0], at[1]) && !this.#held.some((one) => one.twin === twin);
    return this.#held.some(({ scope, at }) => this.#twinsOf(scope).some((twin) => behind(twin, at)));
  }

  #release(): void {
    if (this.#held.length === 0) return;
    const ready = this.#held;
    this.#held = [];
    atomically(() => {
      for (const { twin, at, snapshot, ended, since } of ready) {
        twin.synced = true;
        twin.onSynced?.();
        this.#takeSnapshot(twin, at, snapshot, ended, since);
      }
    });
    this.#sender.flush();
  }

  #takeSnapshot(twin: LiveTwin, at: Position, snapshot: Snapshot, ended = 0, since?: number): void {
    // Answers may have brought a later state than the stream, which is right for the same audience only.
    if (twin.shows(at[0], at[1] + 1)) return twin.at?.[2] === at[2] ? undefined : this.#renew(twin);
    this.#sender.ran(twin, at[0], new Map([[ended, undefined]]));
    try {
      twin.snapshot(at, snapshot, since);
    } catch (error) {
      twin.refuse(refusal("INTERNAL", (error as Error).message));
    }
  }

  /** Whether a letter has not come before. Those of one life of the server rise. */
  #isNew(id: string): boolean {
    const { connection, options } = this.#world;
    const [life, number] = id.split(".");
    const [lastLife, last] = connection.got?.split(".") ?? [];
    if (life === lastLife && Number(number) <= Number(last)) return false;
    connection.got = id;
    keepLetter(options, id);
    return true;
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

  /** @param whose the audience for whom it is */
  #takeFrame(scope: Scope | undefined, watching: Iterable<LiveTwin>, message: FrameMessage, whose: string | undefined): void {
    const commits = commitsOf(message);
    const { revision } = commits.at(-1) as FrameCommit;
    let before: Position | undefined;
    atomically(() => {
      for (const twin of watching) {
        if (!twin.at || twin.at[1] >= revision) continue;
        const [incarnation, at, audience] = twin.at;
        if (at < message[1] - 1 || audience !== whose) {
          if (twin.synced) this.#renew(twin);
          continue;
        }
        this.#sender.ran(twin, incarnation, this.#ran);
        before = twin.at;
        // An answer may have brought the first of the commits already.
        const deltas = commits.flatMap((commit) => (commit.revision > at ? commit.deltas : []));
        try {
          twin.frame([incarnation, revision, audience], () => {
            for (const [store, delta] of deltas) if (store === twin.store) applyDelta(twin.mirror, delta);
          });
        } catch {
          this.#renew(twin);
        }
      }
    });
    this.#ran.clear();
    if (!scope || !before) return;
    const [incarnation, at] = before;
    for (const { revision, effects } of commits) if (effects && revision > at) this.#actOnce(scope, [incarnation, revision], effects);
  }

  #renew(twin: LiveTwin): void {
    twin.synced = false;
    twin.doubt();
    this.#world.connection.renew(twin);
  }

  #twinsOf(scope: Scope | undefined): LiveTwin[] {
    return scope ? [...this.#world.twins.values()].filter((twin) => this.#world.scopeOf(twin) === scope) : [];
  }

  /** Takes the messages that came with the answer to an event of `twin`: no stream brings them. */
  missed(twin: LiveTwin, { i: incarnation, f: messages = [], a: audience }: Answer): void {
    // All stores of a host that are shown change together, or wait for the stream.
    const scope = this.#world.scopeOf(twin);
    const shown = this.#twinsOf(scope).filter((one) => one.state === "ready" || one === twin);
    for (const message of messages) {
      if (message[0] === "ran") this.#ran.set(message[2], message[3]);
      else if (isFrame(message))
        this.#takeFrame(
          scope,
          shown.filter(({ at }) => at?.[0] === incarnation && at[2] === audience),
          message,
          audience,
        );
      else if (message[0] === "snapshot" && shown.length === 1)
        this.#takeSnapshot(twin, [incarnation, message[5], message[9]], message[6], message[7], message[8]);
    }
    this.keeper.keep();
  }

  /** The server has refused a stream, or none came through. */
  failed(error: TRPCClientError<AnyTRPCRouter>): void {
    const { server, scopes, connection, unheard } = this.#world;
    const told = refusalOf(error) ?? (isEventError(error.cause) ? error.cause : undefined);
    if (!told) return;
    const foreign = told.is("FORBIDDEN");
    // An id that belongs to an earlier session is no failure the first time.
    if (++server.refusals === (foreign ? 2 : 1)) unheard(told);
    if (foreign) {
      // The session is another one.
      connection.rename();
      for (const scope of scopes.values()) scope.last.clear();
    }
    if (told.is("OUTDATED")) this.#outdate(told);
  }

  /** The server has a version that this page cannot follow. */
  #outdate(error: EventError): void {
    const { connection, status, twins } = this.#world;
    connection.close();
    status.update({ status: "outdated" });
    for (const twin of twins.values()) if (twin.state === "waiting") twin.refuse(error);
    this.#sender.outdate(error);
  }

  /** The stream has ended: its host numbers mean nothing any more, and no twin is up to date by it. */
  lost(): void {
    this.#world.server.greeted = false;
    this.#ran.clear();
    this.#release();
    this.#hosts.clear();
    for (const twin of this.#world.twins.values()) twin.synced = false;
  }
}

/** Keeps the id of the last letter for the next pages of this tab, or gives the one that is kept. Browsers may forbid it, and there is none elsewhere. */
function keepLetter({ url, tabStorage }: ReceiverWorld["options"], id?: string): string | undefined {
  try {
    const storage: Record<string, string> = tabStorage ?? (document && sessionStorage);
    const name = `twin ${url} letter`;
    if (id !== undefined) storage[name] = id;
    return storage[name];
  } catch {
    return undefined;
  }
}
