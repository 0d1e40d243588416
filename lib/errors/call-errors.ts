import { refusal } from "./errors.js";

// The errors of calls that the server alone gives, or a page's code for calls: a page of views does not load them.

/** The instance whose event was called is in the store no more. */
export const gone = (event: string) =>
  refusal("GONE", `The object on which \`${event}\` was called is not there any more: nothing was done. Call it on what the page shows now.`);

/** An event of a model was called on a view that stands by itself. */
export const nestedEvent = (model: string, event: string) =>
  refusal(
    "NOT_FOUND",
    `\`${event}\` is an event of \`${model}\`. This object is part of no store that a client or a server shows: call the event on one that is, as \`todo.items[0]\`.`,
  );
