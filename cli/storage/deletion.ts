import { setTimeout } from "node:timers/promises";
import { heldElsewhere } from "../../lib/errors/command-errors.js";
import type { NodeFacts, NodeStorage } from "../../server/storage/nodes.js";
import type { Storage } from "../../server/storage/storage.js";

/** How long the other nodes wait for this one, should it be killed meanwhile, in ms. */
const LEASE = 5000;
const FACTS: NodeFacts = { lease: LEASE, versions: {} };

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
  await nodes.join(FACTS);
  const renewing = new AbortController();
  const renewed = renew(nodes, renewing);
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
    // A node that joins anew just now would stay behind.
    await renewed;
    await nodes.leave();
  }
}

/** Keeps a node among those that live. A line that is lost is back by the next time, mostly. */
async function renew(nodes: NodeStorage, { signal }: AbortController): Promise<void> {
  while (await pause(signal)) {
    try {
      if (!(await nodes.renew())) await nodes.join(FACTS);
    } catch {
      // What is deleted meanwhile says what is wrong with the storage.
    }
  }
}

/** Waits for a third of the lease. Gives `false` when that has been ended. */
const pause = (signal: AbortSignal): Promise<boolean> => setTimeout(LEASE / 3, true, { signal }).catch(() => false);
