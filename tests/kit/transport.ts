import type { TwinServer } from "twinstate/server";
import type { Site } from "./http.js";

/** Over what streams come in this run: the project `websocket` runs all tests of streams and clients once more, over WebSockets. */
export const TRANSPORT = process.env.TRANSPORT === "websocket" ? "websocket" : "sse";

/** How sockets bring messages in this run: the project `binary` runs some tests of streams and clients once more, with bytes. */
export const WIRE = process.env.WIRE === "binary" ? "binary" : "json";

/** The path of the sockets that bring messages so, below that of the route. */
export const socketPath = (wire: "json" | "binary" = WIRE) => (wire === "binary" ? "$socket/binary" : "$socket");

/** Where streams come over sockets, lets them come from this site. */
export async function attach({ server, url }: Site, twin: Pick<TwinServer<{}, {}>, "attach">): Promise<void> {
  if (TRANSPORT === "websocket") await twin.attach(server, { path: `${new URL(url).pathname}/$socket` });
}
