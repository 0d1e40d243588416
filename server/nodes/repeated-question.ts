import { PeerLost } from "../host/peer-lost.js";
import { pause } from "../task/pause.js";
import type { Peers } from "./peers.js";

/** How often what may be done twice is asked again, and how long it waits before, in ms. */
const MOST_TRIES = 12;
const PAUSE = 50;

/** Asks another node for what may be done twice: again where the question or its answer was lost, as long as that node lives. */
export async function askRepeatedly(peers: Peers, node: string, what: string, data: unknown): Promise<unknown> {
  for (let tries = 1; ; tries++) {
    try {
      return await peers.ask(node, what, data);
    } catch (error) {
      if (!(error instanceof PeerLost) || tries >= MOST_TRIES || peers.isGone(node)) throw error;
      await pause(PAUSE * tries);
    }
  }
}
