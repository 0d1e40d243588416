import { randomBytes } from "node:crypto";
import type { HostState, Position } from "../storage/records.js";
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
  readonly #known = new Map<string, Pick<Position, "incarnation" | "sequence">>();

  note({ id, incarnation, commits }: Host): void {
    if (commits.stored === 0) return;
    this.#known.delete(id);
    this.#known.set(id, { incarnation, sequence: commits.stored });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST_KNOWN) break;
      this.#known.delete(oldest);
    }
  }

  /** How many commits the storage has lost of one; 0 where it is another life. */
  lost(id: string, state: HostState): number {
    const known = this.#known.get(id);
    return known?.incarnation === state.incarnation ? Math.max(0, known.sequence - state.sequence) : 0;
  }
}
