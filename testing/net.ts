import type { Connected, ConnectOptions } from "../client/connect.js";
import type { KeepPlace } from "../lib/wire/kept-text.js";
import type { Storage } from "../server/storage/storage.js";
import type { TwinApp } from "../server/twin.js";
import type { TwinOptions } from "../server/twin-options.js";
import type { KillPoint } from "./life.js";
import type { Fault } from "./network.js";
import type { SharedStorage } from "./shared-storage.js";

/** The options of `createTwin`, and the options of the network. */
export interface PairOptions<S, M> extends Omit<TwinOptions<S, M>, "storage"> {
  /**
   * The storage. With `lasting({ nodes: true })` there are several servers, the nodes `a`, `b`, `c`…, which get the clients' requests by turns.
   * @default memory()
   */
  storage?: Storage | SharedStorage | undefined;
  /**
   * How many nodes share the storage.
   * @default 3 with `lasting({ nodes: true })`, else 1
   */
  nodes?: number | undefined;
  /**
   * The seed of all random numbers: the same seed gives the same run.
   * @default 1
   */
  seed?: number | undefined;
  /**
   * The latency of a packet, in ms: at least and at most.
   * @default [1, 10]
   */
  latency?: readonly [least: number, most: number] | undefined;
  /**
   * The transport of the clients' streams.
   * @default "sse"
   */
  transport?: "sse" | "websocket" | undefined;
  /**
   * Whether WebSockets carry events, too, as with `attach(server, { events: true })`.
   * @default false
   */
  socketEvents?: boolean | undefined;
  /** Classes that clients have, too, as a page passes them to `createHooks`. Clients predict their optimistic events. */
  browser?: Pick<ConnectOptions<S, M>, "stores" | "models"> | undefined;
  /** Wraps the `fetch` of each client, to observe requests or to break them in your own ways. */
  wrapFetch?: ((fetch: typeof globalThis.fetch) => typeof globalThis.fetch) | undefined;
}

/** The places in which the browser of a client keeps fields: what it has there, by name. A test may change it. */
export type Storages = Readonly<Record<KeepPlace, Record<string, string>>>;

/** A server and its clients, joined in memory by a network that a test can break. */
export interface Net<S, M = {}> extends AsyncDisposable {
  /** Opens a new browser with one tab, and returns what `connect` returns. */
  client(): Connected<S>;
  /** Opens another tab in the browser of a client. It has the same session. */
  tab(client: Connected<S>): Connected<S>;
  /** Loads the page of a client again, and returns the new page, which goes on as the same tab. The old one is closed, with its calls. */
  reload(client: Connected<S>): Connected<S>;
  /** The server, for calls from server code. After a kill it is a new one. */
  readonly server: TwinApp<S, M>;
  /**
   * A node, for calls from server code: it owns what it is the first to use.
   * @throws StateError where it does not run
   * @example await net.node("a").board("x").add("first");
   */
  node(name: string): TwinApp<S, M>;
  /**
   * Has all requests of a client from now on go to one node while that takes any, as a proxy with sticky sessions does. Without a node they go by turns again.
   */
  stick(client: Connected<S>, node?: string): void;
  /** The id of a client's session: `net.server.todo(net.session(a))`. */
  session(client: Connected<S>): string;
  /**
   * What a client's browser keeps of fields (`@state({ keep })`). Its tabs share all but `sessionStorage`.
   * @example expect(net.storages(a).cookie).toEqual({ "twin.prefs.theme": "dark" });
   */
  storages(client: Connected<S>): Storages;

  /** Disconnects a client until `heal` or `quiet`. The server notices later. */
  cut(client: Connected<S>): void;
  /** Breaks the open connections of a client. It may reconnect at once. */
  break(client: Connected<S>): void;
  /**
   * Drops everything that the server sends to a client, silently, until `heal` or `quiet`. What the client sends still arrives. Afterwards only new connections
   * work again.
   */
  mute(client: Connected<S>): void;
  /** Stalls the streams of a client until `heal` or `quiet`. */
  stall(client: Connected<S>): void;
  /** Adds faults for the next requests of a client, one for each request. */
  next(client: Connected<S>, ...faults: Fault[]): void;
  /** Applies faults to requests of all clients at random until `heal` or `quiet`, each with its probability: `{ lose: 0.1, twice: 0.05 }`. */
  storm(faults: Readonly<Partial<Record<Fault, number>>>): void;
  /** Ends all faults of a client, or of all. */
  heal(client?: Connected<S>): void;
  /**
   * Kills the server, at once or when it next comes to the given point. What is in its storage survives; with `memory()` nothing does. The next server starts a
   * moment later. Where there are nodes, `kill("a")` kills that one.
   */
  kill(what?: KillPoint | (string & {})): void;
  /** Cuts a node from the storage and the other nodes until `heal` or `quiet`. Clients still reach it. */
  cutNode(node: string): void;
  /** Lets all that a node asks of the storage, and says to other nodes, wait until `heal` or `quiet`: it happens then, however late. */
  freeze(node: string): void;
  /** Lets the next append of a node come to the storage twice: the line breaks before the answer, and it is sent again. */
  repeat(node: string): void;
  /** Closes a node as a deploy does: it takes no new requests, hands over what it has, and starts anew. */
  drain(node: string): void;

  /** Lets time pass, in ms. */
  wait(ms: number): Promise<void>;
  /**
   * Ends all faults, and lets time pass until nothing is under way: all events are answered, and all twins are up to date.
   * @throws StateError `NOT_QUIET`, whose message names what is still under way.
   */
  quiet(): Promise<void>;
  /** How much of its time has passed, in ms. */
  readonly now: number;
  /** How many bytes a client has received. */
  received(client: Connected<S>): number;
  /** A log of what happened on the network, to find out why a test fails. */
  readonly trace: readonly string[];
}
