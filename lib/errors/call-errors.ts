import { refusal } from "./errors.js";

// The errors of calls that the server alone gives, or a page's code for calls: a page of views does not load them.

/** The instance whose event was called is in the store no more. */
export const gone = (event: string) =>
  refusal("GONE", `The object on which \`${event}\` was called is not there any more: nothing was done. Call it on what the page shows now.`);
