import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

type Collect = (options: { type: "minor" }) => void;
let collect: Collect | undefined;

/**
 * Lets V8 look at what is new while it is little. What long work makes stays: left to itself, V8 would let 16 MB of it pile up, and then stop the process for
 * 20 to 60 ms to copy all of that. Bytes from sockets stand outside its heap: it would let 100 MB of those pile up.
 */
export function collectNew(): void {
  if (!collect) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as Collect;
    setFlagsFromString("--no-expose-gc");
  }
  collect({ type: "minor" });
}

/** How many bytes of garbage may pile up. */
const PILE = 4 << 20;
let pile = 0;

/** Counts bytes that are garbage soon, and collects them before they pile up. */
export function countGarbage(bytes: number): void {
  pile += bytes;
  if (pile < PILE) return;
  pile = 0;
  collectNew();
}
