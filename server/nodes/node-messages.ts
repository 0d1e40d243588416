import type { Snapshot } from "../../lib/wire/codec.js";
import type { Effect, Message } from "../../lib/wire/protocol.js";
import type { Presented } from "../host/people.js";
import type { Refusal } from "../wire/error-shape.js";
import type { WatchInput } from "../wire/request-input.js";
import type { SentFrame, SentTick } from "./sent-frames.js";

// The messages between a follower and the owner of the host that it follows: plain JSON. An audience is its name; that of clients who see nothing hidden is
// `null`. A page is a number that the follower gives it.

export type AudienceName = string | null;

/** A page of the other node, as its caller is made here. */
export interface SentPage {
  readonly client: string | undefined;
  /** The id and the beginning of its connection: ms since 1970. */
  readonly id: string;
  readonly since: number;
  /** What its node says of the request by which its stream came: plain data. */
  readonly from: unknown;
}

/** The frames that a follower has for an audience begin after this revision. */
export type LogStart = readonly [audience: AudienceName, start: number];

export type ToOwner =
  | readonly ["follow"]
  | readonly ["watch", ask: number, page: number, sent: SentPage, wants: readonly WatchInput[], address: string | null, logs: readonly LogStart[]]
  | readonly ["unwatch", page: number, store: string]
  | readonly ["show" | "volatile", ask: number, audience: AudienceName, stores: readonly string[]]
  | readonly ["present", ask: number, page: number, presented: Presented]
  | readonly ["ping"];

/** How stores begin for a page. */
export interface WatchAnswer {
  readonly audience: AudienceName;
  /** The revision of the last frame that was sent before. */
  readonly told: number;
  /** The stores that the page has as of a revision. */
  readonly resumed: readonly string[];
  readonly from: number;
  readonly volatile: boolean;
  /** The frames after that revision which the follower does not have. */
  readonly frames: readonly SentFrame[];
  /** The stores of which the page gets snapshots. */
  readonly anew: readonly string[];
  readonly refused: readonly (readonly [store: string, error: Refusal, effects: readonly Effect[]])[];
}

/** The state of a store, or why there is none. */
export type SentState = readonly [store: string, since: number, snapshot: Snapshot, volatile: Snapshot | null] | readonly [store: string, error: Refusal];
export type SentVolatile = readonly [store: string, snapshot: Snapshot];

/** The states of one moment. */
export type Shot<T> = readonly [revision: number, tick: number, shown: readonly T[]];

export type FromOwner =
  /** `life`: names the life of the host, in this process. */
  | readonly ["here", life: string, incarnation: string, roomKey: string | null]
  | readonly ["watched", ask: number, watched: WatchAnswer]
  | readonly ["shown", ask: number, shot: Shot<SentState> | Shot<SentVolatile> | null]
  | readonly ["presented", ask: number, error: Refusal | null]
  | readonly ["ended", page: number, n: number]
  | readonly ["frame", revision: number, forms: readonly (readonly [AudienceName, SentFrame])[]]
  | readonly ["tick", forms: readonly (readonly [AudienceName, SentTick])[]]
  | readonly ["bring", page: number, message: Message]
  | readonly ["refused", page: number, store: string, error: Refusal]
  | readonly ["over"]
  | readonly ["pong"];
