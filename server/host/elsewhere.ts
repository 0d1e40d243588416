import { askAgain, EventError } from "../../lib/errors/errors.js";
import { OWNED_ELSEWHERE } from "../../lib/errors/node-errors.js";
import { pause } from "../task/pause.js";
import { PeerLost } from "./peer-lost.js";

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

/** How often what may be done twice begins anew where the node is gone that had the scope instance. */
const MOST_MOVES = 4;
/** How much longer it waits before each time, in ms. */
const PAUSE = 50;

/** Does what may be done twice with a scope instance, wherever that is: anew where its node is gone, as it is here or at another one then. */
export async function whereverItIs<R>(run: () => Promise<R>): Promise<R> {
  for (let moves = 0; ; moves++) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof PeerLost) || moves >= MOST_MOVES) throw error;
      await pause(PAUSE * moves);
    }
  }
}
