import type { TRPCClientError } from "@trpc/client";
import type { AnyTRPCRouter } from "@trpc/server";
import { type EventError, isEventError } from "../lib/errors/errors.js";
import type { ReceiverWorld } from "./receiver.js";
import { isAgain, refusalOf } from "./refusal.js";
import type { Sender } from "./sender.js";

/** How often a stream may be refused for a moment before that is reported. */
const PATIENCE = 4;

/** Ends what a refused stream ends: an id that is another session's, or the page itself. */
export function streamFailed(world: ReceiverWorld, sender: Sender, error: TRPCClientError<AnyTRPCRouter>): void {
  const { server, scopes, connection, unheard } = world;
  const told = refusalOf(error) ?? (isEventError(error.cause) ? error.cause : undefined);
  void sender.receiver.keeper.vault?.failed(told !== undefined);
  if (!told) return;
  const foreign = told.is("FORBIDDEN");
  // An id that belongs to an earlier session is no failure the first time. A server that says "again" is one after a while: another tab may have just got a
  // new cookie, which has not come yet.
  if (++server.refusals === (isAgain(error) ? PATIENCE : foreign ? 2 : 1)) unheard(told);
  if (foreign) {
    // The session is another one.
    connection.rename();
    for (const scope of scopes.values()) scope.last.clear();
  }
  if (told.is("OUTDATED")) outdate(world, sender, told);
}

/** The server has a version that this page cannot follow. */
export function outdate({ connection, status, twins }: ReceiverWorld, sender: Sender, error: EventError): void {
  connection.close();
  status.update({ status: "outdated" });
  for (const twin of twins.values()) if (twin.state === "waiting") twin.refuse(error);
  sender.outdate(error);
}
