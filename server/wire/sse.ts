import type { Snapshot } from "../../lib/wire/codec.js";
import { type Message, SILENT_HEARTBEATS } from "../../lib/wire/protocol.js";
import { snapshotText } from "../../lib/wire/snapshot-text.js";
import type { Line } from "../stream/line.js";
import { placeOfSnapshot, type Wire } from "./wire.js";

// Server-sent events as tRPC's `httpSubscriptionLink` reads them, written here as tRPC writes each message anew for each subscriber. A test
// holds this against the stock link.

// Buffers, as sockets make a new one of any other bytes, each time that they are written.
const named = (event: string, data: string) => Buffer.from(`event: ${event}\ndata: ${data}\n\n`);

/** A message, in JSON, as an event. */
export const eventOf = (json: string): Buffer => Buffer.from(`data: ${json}\n\n`);

export const EVENTS: Wire = {
  text: true,
  write: (message) => eventOf(textOf(message)),
  beginning: (heartbeat) => named("connected", JSON.stringify({ reconnectAfterInactivityMs: SILENT_HEARTBEATS * heartbeat })),
  ping: named("ping", ""),
  end: named("return", ""),
};

/** Says to which tab on the line belongs what follows. */
export const addressed = (tab: number): Buffer => named("tab", String(tab));

/** A message as JSON. The text of a snapshot is made once for all who get it: thousands may enter a room at once. */
function textOf(message: Message): string {
  const at = placeOfSnapshot(message);
  if (at < 0) return JSON.stringify(message);
  const before = JSON.stringify(message.slice(0, at)).slice(0, -1);
  const rest = message.slice(at + 1).map((part) => `,${JSON.stringify(part)}`);
  return `${before},${snapshotText(message[at] as Snapshot)}${rest.join("")}]`;
}

export interface EventStreamOptions {
  /** Milliseconds between signs of life. */
  readonly heartbeat: number;
  /** The reader has gone, or everything has been sent. */
  end(): void;
}

export const EVENT_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream",
  "x-accel-buffering": "no",
  connection: "keep-alive",
};

/** Makes the response of a line. */
export type Carry = (line: Line, options: EventStreamOptions) => Response;

/** The response of a line. It is written as fast as it is read: what waits meanwhile is bounded in the connections. */
export const eventStream: Carry = (line, { heartbeat, end }) => {
  let ping: NodeJS.Timeout | undefined;
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  /** Ends the pull that is under way. */
  let endPull: (() => void) | undefined;
  const stop = () => {
    clearInterval(ping);
    end();
  };
  const hasRoom = () => (controller.desiredSize ?? 0) > 0;
  const send = () => {
    while (hasRoom()) {
      const events = line.take();
      if (events) controller.enqueue(events);
      else if (!line.closed) return;
      else {
        stop();
        controller.enqueue(EVENTS.end as Buffer);
        return controller.close();
      }
    }
    // The next pull then says that the reader has made room.
    endPull?.();
    endPull = undefined;
  };
  const body = new ReadableStream<Uint8Array>({
    start(its) {
      controller = its;
      controller.enqueue(EVENTS.beginning(heartbeat));
      ping = setInterval(() => {
        if (hasRoom()) controller.enqueue(EVENTS.ping);
      }, heartbeat);
      line.onWaiting(send);
    },
    pull() {
      send();
      if (!hasRoom()) return;
      // A pull stays under way as long as the reader keeps up: the stream starts no other meanwhile, and each one costs promises.
      return new Promise<void>((resolve) => {
        endPull = resolve;
      });
    },
    cancel: stop,
  });
  return new Response(body, { headers: EVENT_HEADERS });
};
