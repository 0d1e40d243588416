import { gone } from "../lib/errors/call-errors.js";
import { notConnected } from "../lib/errors/errors.js";
import type { InstanceNode } from "../lib/graph/instance.js";
import type { OpenCall } from "./client-call.js";
import type { OutboxWorld } from "./outbox.js";
import { refusalOf } from "./refusal.js";
import type { LiveTwin } from "./twin.js";

/** A call of a volatile event. */
export type VolatileCall = [twin: LiveTwin, event: string, target: InstanceNode, args: unknown, open: OpenCall];

/** Calls a volatile event: at most once, now or never. */
export async function callVolatile(
  { connection, trpc }: Pick<OutboxWorld, "connection" | "trpc">,
  ...[twin, event, target, args, open]: VolatileCall
): Promise<void> {
  if (!connection.open) return open.reject(notConnected());
  const path = `${twin.store}.${event}`;
  const on = target.className ? twin.refOf(target) : undefined;
  if (target.className && !on) return open.reject(gone(path));
  try {
    open.resolve(await trpc.mutation(path, { key: twin.key ?? undefined, on, args }));
  } catch (error) {
    open.reject(refusalOf(error) ?? notConnected());
  }
}
