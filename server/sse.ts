import type { Connection } from "./connection.js";

// Server-sent events as tRPC's `httpSubscriptionLink` reads them, written here as tRPC writes each message anew for each subscriber. A test
// holds this against the stock link.

// Buffers, as sockets make a new one of any other bytes, each time that they are written.
const named = (event: string, data: string) => Buffer.from(`event: ${event}\ndata: ${data}\n\n`);

/** A message, in JSON, as an event. */
export const eventOf = (json: string): Buffer => Buffer.from(`data: ${json}\n\n`);

/** What a stream begins with. `heartbeat`: milliseconds between signs of life. */
export const beginning = (heartbeat: number): Buffer => named("connected", JSON.stringify({ reconnectAfterInactivityMs: 3 * heartbeat }));

/** A sign of life. */
export const PING = named("ping", "");

/** What a stream ends with, where nothing has broken it. */
export const RETURN = named("return", "");

export interface EventStreamOptions {
  /** Milliseconds between signs of life. */
  readonly heartbeat: number;
  /** The reader has gone, or everything has been sent. */
  end(): void;
}

/** The response that carries a connection's messages. It is written as fast as it is read: what waits meanwhile is bounded in the connection. */
export function eventStream(connection: Connection, { heartbeat, end }: EventStreamOptions): Response {
  let ping: NodeJS.Timeout | undefined;
  const stop = () => {
    clearInterval(ping);
    end();
  };
  let send = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(beginning(heartbeat));
      ping = setInterval(() => {
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(PING);
      }, heartbeat);
      send = () => {
        if ((controller.desiredSize ?? 0) <= 0) return;
        const events = connection.take();
        if (events) return controller.enqueue(events);
        if (!connection.closed) return;
        send = () => {};
        stop();
        controller.enqueue(RETURN);
        controller.close();
      };
      connection.onWaiting(() => send());
    },
    pull: () => send(),
    cancel: stop,
  });
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "x-accel-buffering": "no", connection: "keep-alive" },
  });
}
