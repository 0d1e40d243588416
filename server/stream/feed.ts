import type { Snapshot } from "../../lib/wire/codec.js";
import type { Effect, Message } from "../../lib/wire/protocol.js";
import type { ArgumentLimits } from "../definition/arguments.js";
import type { Caller } from "../host/context.js";
import type { Presented } from "../host/people.js";
import type { Tab } from "../host/tab-hooks.js";
import type { Frame } from "../wire/frame.js";
import type { WatchInput } from "../wire/request-input.js";
import type { Tick } from "../wire/tick.js";

/** Clients that see the same hidden members. The name says which numbers containers have for them, and nothing else. */
export interface Audience {
  readonly name: string;
}

/** `[incarnation, revision]` of what a client already has, and the audience whose numbers its containers have. */
export type Have = readonly [incarnation: string, revision: number, audience?: string | undefined];

/** When what is shown was so. */
export interface Moment {
  readonly revision: number;
  readonly tick: number;
  /** The events of the client that asks have ended up to this number; 0: none has. */
  readonly ended: number;
}

/** A store's state for clients. */
export interface ShownStore {
  readonly store: string;
  readonly snapshot: Snapshot;
  /** The revision since which its containers have their numbers. */
  readonly since: number;
  /** The volatile state, if the store has any. */
  readonly volatile: Snapshot | undefined;
}

/** A store's state for clients, or why there is none. */
export type Shown = ShownStore | { readonly store: string; readonly error: unknown };

/** The volatile state of one store. */
export type ShownVolatile = readonly [store: string, snapshot: Snapshot];

/** A page may not watch a store. `effects`: those of the guard that refuses, for the page's tab. */
export type Refuse = (want: WatchInput, error: unknown, effects: readonly Effect[]) => void;

/** Gets what a feed tells of the stores that it watches: a page, or a node for its pages. */
export interface Watcher {
  frame(feed: Feed, frame: Frame): void;
  tick(feed: Feed, tick: Tick): void;
  /** All that it watches begins anew, for other audiences. */
  restart(feed: Feed, stores: ReadonlySet<string>, audienceOf: (caller: Caller) => Audience | undefined): void;
  /** The feed has ended: what it has fed goes on by another one. `stores`: those that it has watched. */
  lead(feed: Feed, stores: readonly string[]): void;
  /** Whether it watches as one of an audience. */
  watchesAs(feed: Feed, audience: Audience): boolean;
  /** The pages for which it watches, with the stores of each. */
  visits(stores: ReadonlySet<string>): Iterable<Visit>;
}

/** A page that is here, wherever its stream is. */
export interface Visitor extends Tab {
  /** Leaves a store. */
  unwatch(feed: Feed, store: string): void;
  refuse(store: string, key: string | null, error: unknown): void;
}

/** A page that is here, and the stores that it watches. */
export type Visit = readonly [page: Visitor, stores: ReadonlySet<string>];

/** A page that watches: the connection of its stream. */
export interface Page extends Watcher, Visitor {
  readonly closed: boolean;
  /** The page has these stores as of a revision: it goes on with the frames after it, and with the whole volatile state. */
  resume(feed: Feed, resumed: Resumed, stores: ReadonlySet<string>, audience: Audience | undefined): void;
  /** The page gets snapshots of these stores, of all that it watches of the feed. */
  renew(feed: Feed, names: readonly string[], stores: ReadonlySet<string>, audience: Audience | undefined): void;
  /** Ticks were lost: the page gets the volatile state whole. */
  stir(feed: Feed): void;
  /** Brings an item of a call, behind the frames that were told before. */
  bring(message: Message): void;
}

/** How stores go on for a page that has them already. */
export interface Resumed {
  readonly names: readonly string[];
  /** Some of them have volatile state. */
  readonly volatile: boolean;
  readonly revision: number;
  readonly frames: readonly Frame[];
}

/**
 * What connections watch: the stores of one scope instance, as clients see them. A host is a feed. Where the host is on another node, what follows it is one.
 */
export interface Feed {
  /** The number by which streams name it: its own in this process. */
  readonly number: number;
  /** The key by which callers name it: `null` where there is none. */
  readonly roomKey: string | null;
  readonly incarnation: string;
  /** The revision of the last frame. */
  readonly revision: number;

  /**
   * Begins to watch stores for a page. The owner of the state decides whether the page may see each, takes what its browser keeps, and says as whom the page
   * watches. Each store ends in one of three ways: the page resumes it, is sent a snapshot of it, or it is refused.
   * `address`: that of the page's browser.
   */
  watch(page: Page, wants: readonly WatchInput[], refuse: Refuse, address?: string): Promise<void>;
  /** Leaves a store. */
  unwatch(page: Page, store: string): void;
  /** Whether a page watches anything of it. */
  has(page: Page): boolean;

  /**
   * Gives the state of watched stores, all of one moment, once all is stored that it tells of: between the frames before and after it. `client`: whose events
   * the moment tells of.
   */
  show(stores: readonly string[], audience: Audience | undefined, client: string | undefined, tell: (moment: Moment, shown: readonly Shown[]) => void): void;
  /** Gives the volatile state of those stores that have any, in the same way. */
  showVolatile(
    stores: Iterable<string>,
    audience: Audience | undefined,
    client: string | undefined,
    tell: (moment: Moment, shown: readonly ShownVolatile[]) => void,
  ): void;

  /**
   * A page shows something of its tab by a presence field.
   * @throws EventError `NOT_FOUND` where the field takes nothing, `INVALID`
   */
  present(page: Tab & { readonly closed: boolean }, presented: Presented, limits: ArgumentLimits): Promise<void>;
}

/** Gives what feeds a scope instance. */
export interface Feeds {
  /** The feed, which stays until it is released. */
  use(id: string): Promise<Feed>;
  release(feed: Feed): void;
}

/** A feed whose state is here: it also answers who has no stream. */
export interface OwnFeed extends Feed {
  /** The stores that are loaded. */
  readonly stores: Iterable<string>;
  /** Tells when all that has been committed is stored; rejects where it cannot be. */
  readonly commits: { settled(): Promise<void> };
  /** Loads a store, and gives its committed state for clients. */
  read(store: string, audience: Audience | undefined, client: string): Promise<CommittedState>;
  /** Gives the frames after a revision that tell of these stores; `undefined` where they are not known any more. */
  missed(after: number, stores: readonly string[], audience: Audience | undefined): readonly Frame[] | undefined;
}

/** A store's committed state for clients. `audience`: the name of those whose numbers its containers have, if they see hidden members. */
export interface CommittedState {
  readonly revision: number;
  readonly tick: number;
  readonly snapshot: Snapshot;
  readonly ended?: number;
  readonly since?: number;
  readonly audience?: string;
  /** The volatile state, if the store has any. */
  readonly volatile?: Snapshot;
}
