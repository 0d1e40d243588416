import { askAgain, EventError } from "../../lib/errors/errors.js";
import { OWNED_ELSEWHERE } from "../../lib/errors/node-errors.js";

/** Another node has a scope instance, or reads it. Whoever passes the request on to that node catches it; otherwise the client asks again. */
export class Elsewhere extends EventError<"UNAVAILABLE"> {
  readonly node: string;

  constructor(node: string) {
    super("UNAVAILABLE", OWNED_ELSEWHERE);
    this.node = node;
    askAgain(this);
  }
}

/** Gives the `Elsewhere` of a request; throws any other error. */
export function elsewhere(error: unknown): Elsewhere {
  if (error instanceof Elsewhere) return error;
  throw error;
}
