import { askAgain, EventError } from "../../lib/errors/errors.js";
import { PEER_LOST } from "../../lib/errors/node-errors.js";

/** Another node is gone, or a request or its answer was lost: the request may have been carried out, or not. */
export class PeerLost extends EventError<"UNAVAILABLE"> {
  constructor() {
    super("UNAVAILABLE", PEER_LOST);
    askAgain(this);
  }
}
