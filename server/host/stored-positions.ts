import { randomBytes } from "node:crypto";
import type { HostState, Position } from "../storage/records.js";
import { RecentMap } from "../task/recent-map.js";
import type { Host } from "./host.js";

/** How many scope instances are remembered. */
const MOST_KNOWN = 10_000;
/** How the incarnation begins that goes on from what the storage has left. */
const LEFT = "~";

/** Another incarnation, of what the storage has left of the one before. */
export const incarnationLeft = (): string => LEFT + randomBytes(12).toString("base64url");
/** Whether an incarnation goes on from what the storage has left of another: what was called in that one may have run. */
export const isLeft = (incarnation: string): boolean => incarnation.startsWith(LEFT);

/** How far scope instances were stored when they left this node: a storage that has less of one has lost what it had acknowledged. */
export class StoredPositions {
  readonly #known = new RecentMap<string, Pick<Position, "incarnation" | "sequence">>(MOST_KNOWN);

  note({ id, incarnation, commits }: Host): void {
    if (commits.stored > 0) this.#known.set(id, { incarnation, sequence: commits.stored });
  }

  /** How many commits the storage has lost of one; 0 where it is another life. */
  lost(id: string, state: HostState): number {
    const known = this.#known.get(id);
    return known?.incarnation === state.incarnation ? Math.max(0, known.sequence - state.sequence) : 0;
  }
}
