import type { WireSchema } from "../class/schema.js";
import type { Encoded, Snapshot, WireDelta } from "./codec.js";

// The messages of a stream and the numbers that both ends must agree on: PROTOCOL.md. Types cost no bytes in what browsers load.

/** The version of the protocol. */
export const PROTOCOL = 2;
/** Seconds between two signs of life of a stream. */
export const HEARTBEAT = 15;
/** A line on which nothing comes for so many heartbeats is dead. */
export const SILENT_HEARTBEATS = 3;
/** How many calls one request may have, and how many calls of one socket may wait for their answers. */
export const MOST_CALLS = 1000;
/** Milliseconds after which a client gives up a request without an answer. It asks again under the same number. */
export const ANSWER_WAIT = 30_000;

/** The first message of a stream, sent again when the server's classes were replaced. */
export interface Greeting {
  readonly protocol: number;
  readonly build: string | null;
  readonly schema: WireSchema;
  /** Seconds between two signs of life. */
  readonly heartbeat: number;
  /** Tells sessions apart without naming them. */
  readonly session: string;
  /** The `visitor` of the app's context. */
  readonly visitor?: Encoded;
}

/** A refusal as streams and pages have it: the data is an encoded value. */
export type RefusalParts = readonly [code: string, message: string, data?: Encoded];

/**
 * A frame: all changes of one commit, a store's name before each delta. A number in the place of a name begins a later commit, so many revisions after
 * the one before. It is the one message that begins with a number.
 */
export type FrameMessage = readonly [host: number, revision: number, ...parts: FramePart[]];
/** A part of a frame: the name of a store, its delta after it, or a number that begins a later commit. */
export type FramePart = string | number | WireDelta | readonly Effect[] | FrameTick;
/** What stands in a frame in the place of a store's name, before the effects for all who watch the host. */
export const EFFECTS = "$effects";
/** What stands in a frame in the place of a store's name, before the changes of the volatile state that belong to the commit. */
export const TICK = "$tick";
/** Changes of a host's volatile state: a store's name before each delta. */
export type FrameTick = readonly [tick: number, ...deltas: (string | WireDelta)[]];

type HelloMessage = readonly [head: "hello", greeting: Greeting];

/**
 * The whole state of a store. `ended`: the events of this client up to that number have ended in it. `since`: its containers got their numbers anew at that
 * revision, so numbers from before mean other containers. `audience`: the viewers of hidden members for whom the containers have their numbers.
 */
export type SnapshotMessage = readonly [
  head: "snapshot",
  host: number,
  store: string,
  key: string | null,
  incarnation: string,
  revision: number,
  snapshot: Snapshot,
  ended?: number | undefined,
  since?: number | undefined,
  audience?: string | undefined,
];

/** The state that the client has is the truth at that revision. */
export type ResumeMessage = readonly [
  head: "resume",
  host: number,
  store: string,
  key: string | null,
  incarnation: string,
  revision: number,
  audience?: string,
];

/**
 * The whole volatile state of one store. The incarnation, the revision and the audience say to which state of the store it belongs. `ended`: the events of this
 * client up to that number have ended in it.
 */
export type VolatileMessage = readonly [
  head: "volatile",
  host: number,
  tick: number,
  store: string,
  snapshot: Snapshot,
  incarnation: string,
  revision: number,
  ended?: number | undefined,
  audience?: string | undefined,
];

/** Changes of a host's volatile state. */
export type TickMessage = readonly [head: "tick", host: number, ...FrameTick];

/** The next frame or tick of the host has what this client's events up to `n` have changed. `made`: the numbers of the instances that event `n` has made. */
export type RanMessage = readonly [head: "ran", host: number, n: number, made?: readonly number[]];

/** An instance in a store, as calls of its events name it: the container that had this number at this revision, for this audience. */
export type InstanceRef = readonly [incarnation: string, revision: number, number: number, audience?: string | undefined];

type RefusedMessage = readonly [head: "refused", store: string, key: string | null, ...refusal: RefusalParts];

/** An effect in a browser: a name, and encoded arguments. */
export type Effect = readonly [name: string, args: Encoded];

/** What an event gives its caller before its answer: a value that it yields, or an effect. */
export type Item = readonly [kind: "yield", value: Encoded] | readonly [kind: "effect", ...effect: Effect];

/** The items of an event from a number on. */
export type NumberedItems = readonly [first: number, ...items: Item[]];

/** Item `k` of event `n` of this client: a value that it has yielded. */
export type YieldMessage = readonly [head: "yield", incarnation: string, n: number, k: number, value: Encoded];

/** The same: an effect. With one id instead of the numbers, it is a letter: an effect for this tab. */
export type EffectMessage = readonly [
  head: "effect",
  ...effect: Effect,
  ...from: readonly [incarnation: string, n: number, k: number] | readonly [letter: string],
];

/** The effects for all who watch a host, of a frame that this stream does not bring, as a snapshot took its place. */
type EffectsMessage = readonly [head: "effects", host: number, revision: number, effects: readonly Effect[]];

/** The server ends the stream, and the client comes back. */
type ByeMessage = readonly [head: "bye", reason: string];

/** The socket takes events of so many bytes each; 0: no more. */
type EventsMessage = readonly [head: "events", bytes: number];

/** The answer to a call that came by the same socket. With an `error`, the answer is `null`. */
export type AnswerMessage = readonly [head: "answer", id: number, answer: unknown, error?: unknown];

/** The messages that change what a client shows. */
export type StateMessage =
  | FrameMessage
  | HelloMessage
  | SnapshotMessage
  | ResumeMessage
  | VolatileMessage
  | TickMessage
  | RanMessage
  | RefusedMessage
  | YieldMessage
  | EffectMessage
  | EffectsMessage;

/** The messages of every stream. */
export type TabMessage = StateMessage | ByeMessage;

/** A message of a stream, by whichever line: PROTOCOL.md §3. */
export type Message = TabMessage | EventsMessage | AnswerMessage;

/** The messages that come with an answer to a client without a stream. */
export type MissedMessage = FrameMessage | RanMessage | SnapshotMessage | VolatileMessage;

export const isFrame = (message: Message): message is FrameMessage => typeof message[0] === "number";

/** The answer to a numbered event: PROTOCOL.md §2. */
export interface Answer {
  /** The host's number on the client's stream; `null` where no open stream of the client watches the host. */
  readonly h: number | null;
  /** The host's incarnation. */
  readonly i: string;
  /** The revision that shows what the event has changed. */
  readonly r: number;
  readonly v: Encoded;
  /** How many items the event has given before. */
  readonly y?: number;
  /** The numbers of the instances that the event has put into the called store, for a caller that predicts; -1 for one that clients do not see. */
  readonly m?: readonly number[];
  /** The items that no stream has brought, or that were asked for. */
  readonly o?: NumberedItems;
  /** The messages that a stream would have brought. */
  readonly f?: readonly MissedMessage[];
  /** The viewers of hidden members for whom `m` and the frames in `f` have their numbers. */
  readonly a?: string;
  /** The tick that has what the event has changed of the volatile state, if anything: it counts with `h`. */
  readonly t?: number | undefined;
}
