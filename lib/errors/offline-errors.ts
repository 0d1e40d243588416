import { messageOf, refusal } from "./errors.js";

// The warnings of `offline`, in development.

export const noVault = (error: unknown) =>
  `twinstate: \`offline\` has no effect here: ${messageOf(error)} The page works as without it. It needs IndexedDB and Web Locks: a page by HTTPS or from \`localhost\`, in a window that permits them.`;
export const vaultFailed = (error: unknown) =>
  `twinstate: \`offline\` could not write to this browser's storage: ${messageOf(error)} This page goes on, and keeps nothing more. Free some storage, or hold less in stores.`;
/** A call of an earlier page is too old for the server to know whether it has run. */
export const unsureCall = (path: string) =>
  refusal("UNKNOWN_OUTCOME", `\`${path}\` was called more than 23 hours ago, and has had no answer: whether it ran is not known.`);
