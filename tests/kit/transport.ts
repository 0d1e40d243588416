import type { TwinServer } from "twinstate/server";
import type { Site } from "./http.js";

/** Over what streams come in this run: the project `websocket` runs all tests of streams and clients once more, over WebSockets. */
export const TRANSPORT = process.env.TRANSPORT === "websocket" ? "websocket" : "sse";

/** How sockets bring messages in this run: the project `binary` runs some tests of streams and clients once more, with bytes. */
export const WIRE = process.env.WIRE === "binary" ? "binary" : "json";

/** Whether sockets take events in this run. */
export const SOCKET_EVENTS = process.env.SOCKET_EVENTS === "1";

/** The path of the sockets that bring messages so, below that of the route. */
export const socketPath = (wire: "json" | "binary" = WIRE) => (wire === "binary" ? "$socket/binary" : "$socket");

/** Whether server-sent events come on Node's own responses in this run: the project `attached` runs some tests of streams and clients once more, so. */
const ATTACHED = process.env.ATTACHED === "live";

/** Where streams do not come through the handler, lets them come from this site. */
export async function attach({ server, url }: Site, twin: Pick<TwinServer<{}, {}>, "attach">): Promise<void> {
  if (TRANSPORT === "websocket" || ATTACHED) await twin.attach(server, { path: `${new URL(url).pathname}/$socket`, live: ATTACHED, events: SOCKET_EVENTS });
}

/** Whether streams come through the handler. */
export const HANDLED: boolean = TRANSPORT === "sse" && !ATTACHED;
