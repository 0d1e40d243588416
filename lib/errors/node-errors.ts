import { askAgain, refusal, StateError, wrong } from "./errors.js";

// The errors of nodes that share a storage: the server alone has them.

const FENCED = "FENCED";
const CIRCLE = "CIRCLE";

export const fenced = (id: string) =>
  new StateError(FENCED, `This node has no lease of \`${id}\` any more: another one may have it. What was not acknowledged is asked again, there.`);
/** Whether the storage has refused a write, as the node has lost the lease. */
export const isFenced = (error: unknown): boolean => codeOf(error) === FENCED || codeOf((error as Error | undefined)?.cause) === FENCED;
export const isNewer = (error: unknown): boolean => codeOf(error) === "NEWER";
/** The error of events that wait for each other in a circle: one that was made here, and one that another node has sent. */
export const isCircle = (error: unknown): error is Error => codeOf(error) === CIRCLE;
export const circleOf = (message: string) => new StateError(CIRCLE, message);
/**
 * The code of an error, which may be of another copy of this module: the app's storage comes from one of its own. What is thrown may be no error, or not let
 * itself be looked at.
 */
export function codeOf(error: unknown): unknown {
  try {
    return error instanceof Error ? (error as { readonly code?: unknown }).code : undefined;
  } catch {
    return undefined;
  }
}
export const OWNED_ELSEWHERE = "Another node has this state just now. Ask again: nothing is done twice.";
export const PEER_LOST = "The node that has this state does not answer any more. Ask again: nothing is done twice.";
export const callLost = () =>
  refusal("UNKNOWN_OUTCOME", "The node that was to run this call does not answer any more: whether it ran is not known. It is not run a second time.");
export const contextNotSent = (cause: unknown) =>
  wrong(
    "NODES",
    "The scope instance is at another node, and the context that is passed with the call is no data: functions and objects of classes cannot be sent. Give `twin.as()` a context of plain data, or what `context` makes of a request.",
    cause,
  );
export const noStream = () => askAgain(refusal("UNAVAILABLE", "No node has this stream. Open another one: its `$connect` says what is watched."));
export const newerElsewhere = () =>
  askAgain(
    refusal(
      "UNAVAILABLE",
      "A later release of the app has written this state, and this server runs an earlier one. It is left as it is. Ask again: another server may read it.",
    ),
  );
export const newerStored = (id: string) =>
  new StateError(
    "NEWER",
    `\`${id}\` was written by a later release of the app, or of twinstate: it is left as it is. Requests for it are refused here with \`UNAVAILABLE\`, and clients ask again. End the deploy of that release.`,
  );
export const lostWrites = (id: string, count: number) =>
  new StateError(
    "LOST_WRITES",
    `The storage has lost the last ${count} commits of \`${id}\`, which it had acknowledged: it was replaced by a copy that lacked them, or set back. The state goes on from what is left, as another incarnation.`,
  );
export const shortLease = (ms: number, least: number) =>
  wrong("NODES", `\`createTwin({ leaseTime: ${ms} })\` is too short for a process to renew its leases. Give at least ${least} (ms), or leave it out.`);
export const cannotJoin = (cause: unknown) =>
  new StateError("STORAGE", "This node cannot tell the storage that it lives: it gives up what it has, and tries again.", { cause });
export const badPeerMessage = (node: string, cause: unknown) =>
  new StateError(
    "BAD_MESSAGE",
    `The node \`${node}\` has sent what is no message of this release: it is ignored. Do all nodes run releases of twinstate that belong together?`,
    { cause },
  );
export const notRunning = (node: string) => wrong("PAIR", `The node \`${node}\` of this pair does not run just now, or there is none of that name.`);
