import type { TwinServer } from "twinstate/server";
import type { Site } from "./http.js";

/** Over what streams come in this run: the project `websocket` runs all tests of streams and clients once more, over WebSockets. */
export const TRANSPORT = process.env.TRANSPORT === "websocket" ? "websocket" : "sse";

/** Where streams come over sockets, lets them come from this site. */
export async function attach({ server, url }: Site, twin: Pick<TwinServer<{}, {}>, "attach">): Promise<void> {
  if (TRANSPORT === "websocket") await twin.attach(server, { path: `${new URL(url).pathname}/$socket` });
}
