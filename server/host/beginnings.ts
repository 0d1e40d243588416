import { createHash } from "node:crypto";
import type { Snapshot } from "../../lib/wire/codec.js";
import { snapshotText } from "../../lib/wire/snapshot-text.js";
import { RecentMap } from "../task/recent-map.js";

/** How many stores are remembered. */
const MOST = 10_000;

interface Beginning {
  readonly print: string;
  /** The first number that its containers got, and the first one that none got. */
  readonly first: number;
  readonly end: number;
}

/**
 * How stores began that are not stored, as nobody has changed them: a page that was rendered shows such a store, and its host may have left memory since. If
 * the store begins in the same way again, its containers get the same numbers again. Otherwise they get others, so that a call on an instance that the page
 * shows finds none.
 */
export class Beginnings {
  readonly #known = new RecentMap<string, Beginning>(MOST);

  /** Gives the first number for the containers of a store. `snapshot`: the store's, with numbers from 0 on. */
  firstNumber(store: string, snapshot: Snapshot): number {
    const print = createHash("sha256").update(snapshotText(snapshot)).digest("base64url");
    const last = this.#known.get(store);
    const first = last ? (last.print === print ? last.first : last.end) : 0;
    this.#known.set(store, { print, first, end: first + snapshot[1] });
    return first;
  }
}
