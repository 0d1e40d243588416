import { loadPresence } from "./chunks.js";
import type { Client } from "./client.js";
import type { PresenceClient } from "./presence.js";

/** What a client shows of its tab to others. The first who asks for it loads the code. */
export async function presenceOf(client: Pick<Client, "parts" | "presence">): Promise<PresenceClient> {
  if (!client.presence) {
    const { PresenceClient } = await loadPresence();
    client.presence ??= new PresenceClient(client.parts);
  }
  return client.presence;
}
