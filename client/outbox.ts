import type { TRPCUntypedClient } from "@trpc/client";
import type { AnyTRPCRouter } from "@trpc/server";
import { badRequest, cancelled, closed, type EventError, notConnected, outboxFull } from "../lib/errors/errors.js";
import { atomically } from "../lib/graph/batch.js";
import type { InstanceNode } from "../lib/graph/instance.js";
import type { Encoded } from "../lib/wire/codec.js";
import type { Answer, InstanceRef } from "../lib/wire/protocol.js";
import { decodeValue, encodeValue } from "../lib/wire/value-codec.js";
import { ClientCall, type OpenCall } from "./client-call.js";
import type { ServerConnection } from "./connection.js";
import type { Begun } from "./event.js";
import { ArgumentWriter, type CallFiles } from "./files.js";
import type { Filled } from "./form.js";
import { sendHeld } from "./held.js";
import type { Inspection } from "./inspection.js";
import { engine } from "./lazy-prediction.js";
import type { BrowserClasses, ClientOptions } from "./options.js";
import { entryOf } from "./outbox-entry.js";
import type { ShownPrediction } from "./prediction.js";
import type { ReceivedItems } from "./received-items.js";
import type { Scope } from "./scope.js";
import type { Sender } from "./sender.js";
import type { Taker } from "./socket.js";
import type { Cell, ConnectionStatus } from "./status.js";
import type { Maker } from "./target.js";
import type { LiveTwin } from "./twin.js";
import type { Visiting } from "./visitor.js";

export interface OutboxWorld {
  readonly url: string;
  readonly get: typeof fetch;
  /** The app makes requests its own way. */
  readonly ownFetch: boolean;
  readonly trpc: TRPCUntypedClient<AnyTRPCRouter>;
  /** The same, with one call in each request. */
  readonly one: TRPCUntypedClient<AnyTRPCRouter>;
  readonly taker: Taker;
  readonly connection: ServerConnection;
  scopeOf(twin: LiveTwin): Scope | undefined;
  readonly status: Cell<ConnectionStatus>;
  /** How many calls may wait for their answers. */
  readonly limit: number;
  readonly known: ClientOptions & BrowserClasses;
  readonly visitor: Cell<Visiting>;
  unheard(error: EventError): void;
}

/** The number under which the server knows an event. The event keeps it, however often it is sent. */
export interface Numbered {
  readonly client: string;
  readonly scope: Scope;
  readonly i: string;
  readonly n: number;
  /** The host had never changed then: a storage that keeps things has nothing of this incarnation, unless of an event since. */
  readonly fresh: boolean;
}

/** A call that has no answer yet, or one that is not shown. */
export interface OutboxEntry {
  readonly twin: LiveTwin;
  /** `add`, or `Item.toggle` of an instance. */
  readonly event: string;
  /** The instance whose event it is: the store's own, or one in it. */
  readonly target: InstanceNode;
  /** How the server knows it. The same however often the call is sent. */
  on: InstanceRef | undefined;
  /** The call that makes it, as long as the server has not. */
  maker: Maker | undefined;
  readonly args: Encoded;
  /** Its files, if it has any. */
  readonly files: CallFiles | undefined;
  readonly open: OpenCall;
  readonly release: () => void;
  /** How it is shown until it has ended. */
  prediction: ShownPrediction | undefined;
  /** The number is not final before the call is sent. */
  numbered: Numbered | undefined;
  /** How often it has been sent. */
  sent: number;
  /** The attempt that is under way. */
  attempt: AbortController | undefined;
  /** Alone in its request: one with others was refused as a whole. */
  alone: boolean;
  /** Waits until the twin shows it. */
  answer: Answer | undefined;
  /** Why it failed, where the answer says only what it had done before. */
  failed: EventError | undefined;
  /** What it has yielded, and its effects, if there are any. */
  items: ReceivedItems | undefined;
  /** The answered call is sent again, as some items have not come. */
  again: boolean;
}

/** The events of a client that have no answer, or are not shown yet. They wait here for what sends them, which a page loads while it connects. */
export class Outbox {
  readonly world: OutboxWorld;
  readonly entries = new Set<OutboxEntry>();
  /** The sender, once it is loaded. */
  sender: Sender | undefined;
  /** Why it takes no calls any more. */
  #over: EventError | undefined;
  /** The developer tools that listen, in development. */
  declare news: Inspection["news"] | undefined;

  constructor(world: OutboxWorld) {
    this.world = world;
  }

  /** A call that is still to be sent. */
  begin(twin: LiveTwin, event: string, target: InstanceNode): Begun {
    let entry: OutboxEntry | undefined;
    let prediction: ShownPrediction | undefined;
    let over = false;
    const drop = (error: unknown) => {
      over = true;
      prediction?.drop();
      open.reject(error);
    };
    const open = ClientCall.open(
      () => {
        if (!entry) drop(cancelled());
        else if (this.sender) this.sender.cancel(entry);
        else this.reject(entry, cancelled());
      },
      (error) => this.world.unheard(error),
    );
    return {
      call: open.call,
      drop,
      show: (args) => {
        prediction = engine.show(twin, event, target, plain(args), this.world);
        if (process.env.NODE_ENV !== "production" && prediction) this.news?.tell({ what: "predicted", call: open.call, twin, event, args, prediction });
        if (prediction) open.call.local = prediction.painted;
      },
      send: (args) => {
        if (over) return;
        // Perhaps the call that makes the instance is held back.
        if (target.id < 0) sendHeld(twin);
        if (this.#over) return drop(this.#over);
        if (this.entries.size >= this.world.limit) return drop(outboxFull(this.world.limit));
        try {
          const given = plain(args);
          if (process.env.NODE_ENV !== "production")
            this.news?.tell({ what: "called", call: open.call, twin, event, target, args: "fields" in given ? [given] : given });
          if (twin.declared(event)?.volatile) return this.sender ? void this.sender.fire(twin, event, target, given, open) : drop(notConnected());
          const writer = new ArgumentWriter();
          entry = entryOf(twin, event, target, encodeValue(given, writer), writer.files, open, prediction);
        } catch (error) {
          return drop(badRequest((error as Error).message.replace(/\.$/, "")));
        }
        atomically(() => this.add(entry as OutboxEntry));
        this.sender?.flush();
      },
    };
  }

  /** Takes a call. `show`: it may be shown before its answer. */
  add(entry: OutboxEntry, show = true): void {
    const { twin, event, args, open } = entry;
    this.entries.add(entry);
    this.#count(twin, 1);
    this.sender?.number();
    if (!this.entries.has(entry)) return;
    // No prediction can read a file.
    if (show && !entry.files) engine.see(entry, this.world);
    if (process.env.NODE_ENV !== "production" && entry.prediction)
      this.news?.tell({ what: "predicted", call: open.call, twin, event, args: decodeValue(args) as unknown[], prediction: entry.prediction });
    if (entry.prediction) open.call.local = entry.prediction.painted;
  }

  #count(twin: LiveTwin, more: number): void {
    twin.count(more);
    this.world.status.update({ pending: this.entries.size });
  }

  reject(entry: OutboxEntry, error: unknown): void {
    this.end(entry);
    entry.open.reject(error);
  }

  /** Ends a call that has its answer. */
  end(entry: OutboxEntry): void {
    this.entries.delete(entry);
    this.sender?.ended(entry);
    atomically(() => {
      entry.prediction?.drop();
      this.#count(entry.twin, -1);
    });
    entry.release();
  }

  close(error = closed()): void {
    this.#over = error;
    this.sender?.close();
    for (const entry of [...this.entries]) {
      entry.attempt?.abort();
      this.reject(entry, error);
    }
  }
}

const plain = (given: readonly unknown[] | Filled) => ("fields" in given ? given : given.filter((arg) => !isUiEvent(arg)));

/** Tells whether a value is the event of `onClick={todo.clear}`, which is no argument. */
function isUiEvent(value: unknown): boolean {
  if (typeof Event === "undefined" || typeof value !== "object" || value === null) return false;
  return value instanceof Event || (value as { nativeEvent?: unknown }).nativeEvent instanceof Event;
}
