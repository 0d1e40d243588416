import type { Effect } from "../../lib/wire/protocol.js";
import type { Definition, Models, ScopeKind } from "../definition/scope.js";
import type { Scheduler } from "../schedule/scheduler.js";
import type { Storage } from "../storage/storage.js";
import type { Resume } from "../telemetry.js";
import type { Report } from "../wire/error-shape.js";
import type { WatchInput } from "../wire/request-input.js";
import type { Beginnings } from "./beginnings.js";
import type { EventCall } from "./event-runner.js";
import type { Host } from "./host.js";
import type { Membership } from "./membership.js";
import type { Tab } from "./tab-hooks.js";

/** The server around the hosts, as they need it. */
export interface World {
  readonly beginnings: Beginnings;
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly models: Models;
  readonly storage: Storage;
  /** Missing, where this process is alone. */
  readonly membership: Membership | undefined;
  readonly limits: Limits;
  /** The name under which a store's class is registered, also one that hot reload has replaced. */
  nameOf(Class: unknown, kind: ScopeKind): string | undefined;
  readonly report: Report;
  /** Gives an event's arguments as logs may show them. */
  logged(event: string, args: readonly unknown[]): readonly unknown[] | undefined;
  /** Runs an event as a span of telemetry. */
  observed<R>(event: string, run: (began: () => void) => Promise<R>): Promise<R>;
  /** What is the same when the server calls an event again, by its id. */
  repeatable(eventId: string): Pick<EventCall<unknown>, "eventId" | "newId" | "messages">;
  /** Gives ids in order: the same for the same seed. */
  ids(seed: string): () => string;
  readonly scheduler: Pick<Scheduler, "start" | "note" | "forget" | "follow">;
  /**
   * Lets a page watch a store: asks who may, and takes what the page's browser keeps. `take` gets the effects of a guard that refuses. `address`: that of the
   * browser.
   * @throws EventError where it may not
   */
  admit(host: Host, page: Tab, want: WatchInput, take: (effects: readonly Effect[]) => void, address?: string): Promise<void>;
  /** Keeps the host in memory until the returned function is called. */
  pin(host: Host): () => void;
  /** The answer of an event that was cut off, at a revision: it had committed something, and did not end. */
  interrupted(revision: number): unknown;
  /** Makes what takes the place of the dropped answer to event `n`. */
  lost(revision: number, n: number): unknown;
  /** A record has a field that its class does not have any more. `className` is `""` for the store's own. */
  dropped(store: string, className: string, field: string): void;
  /** Posts an effect to a tab, whichever stream it has, or will have soon. */
  readonly post: (connection: string, effect: Effect) => void;
  /** Notes that a commit is stored and sent. `bytes`: its size on the wire; 0 without watchers. */
  committed(host: Host, bytes: number): void;
  /** Stores began to be watched. */
  watched(how: Resume, count: number): void;
  /** Has pages revalidated that an event has made old. */
  revalidate(event: string, tags: readonly string[]): Promise<void>;
  /** The server ends: events that run are cut off. */
  readonly closing: boolean;
  /** Notes that the storage has lost commits of a host that it had acknowledged. */
  lostWrites(id: string, count: number): void;
  /** Drops a host that can no longer be trusted: the storage did not take its last commit. */
  discard(host: Host, error: unknown): void;
}

export interface Limits {
  /** How long an event may run, in ms. */
  readonly eventTimeout: number;
  /** How long a host that nobody uses stays in memory, in ms. */
  readonly idle: number;
  /** How long a tab may be away before it counts as gone, in ms. */
  readonly grace: number;
  /** How many bytes of frames a host keeps for clients that resume. */
  readonly logBytes: number;
  /** How many bytes may wait for a slow reader. */
  readonly streamBytes: number;
  /** How many bytes a request's body may have. */
  readonly maxBody: number;
  /** How many hosts may be in memory. */
  readonly maxHosts: number;
}
