import { setTimeout } from "node:timers/promises";
import { heldElsewhere } from "../../lib/errors/command-errors.js";
import type { Storage } from "../../server/storage/storage.js";

/** How long the other nodes wait for this one, should it be killed meanwhile, in ms. */
const LEASE = 5000;

/**
 * Deletes scope instances, as a node of its own where several share the storage.
 * @throws StateError if another process has one of them in use: that one stays
 */
export async function deleteInstances(storage: Storage, ids: readonly string[], said: (id: string) => void): Promise<void> {
  const { nodes } = storage;
  if (!nodes) {
    for (const id of ids) {
      await storage.delete(id);
      said(id);
    }
    return;
  }
  await nodes.join({ lease: LEASE, versions: {} });
  const renewing = new AbortController();
  void (async () => {
    for (;;) {
      await setTimeout(LEASE / 3, undefined, { signal: renewing.signal });
      await nodes.renew();
    }
  })().catch(() => {});
  try {
    for (const id of ids) {
      const claim = await nodes.claim(id);
      if ("owner" in claim) throw heldElsewhere(id, claim.owner);
      await storage.delete(id, claim.fence);
      await nodes.release([{ id, fence: claim.fence }]);
      said(id);
    }
  } finally {
    renewing.abort();
    await nodes.leave();
  }
}
