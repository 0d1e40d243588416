import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Steps } from "../../lib/wire/steps.js";

/** How long work may keep the process from all else, in ms. */
const SLICE = 4;

let turn: Promise<unknown> = Promise.resolve();

/** Waits for one round of the event loop, after all earlier callers: so long tasks run one after the other. */
function breath(): Promise<void> {
  const next = turn.then(() => new Promise<void>((resolve) => void setImmediate(resolve)));
  turn = next;
  return next;
}

/** Runs long work in slices: between them the process does what else there is to do. */
export async function inSlices<R>(steps: Steps<R>): Promise<R> {
  let since = performance.now();
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    if (performance.now() - since < SLICE) continue;
    await breath();
    tidyUp();
    await breath();
    since = performance.now();
  }
}

type Collect = (options: { type: "minor" }) => void;
let collect: Collect | undefined;

/**
 * Lets V8 look at what is new while it is little. What work like this makes stays: left to itself, V8 would let 16 MB of it pile up, and then
 * stop the process for 20 to 60 ms to copy all of that.
 */
function tidyUp(): void {
  if (!collect) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as Collect;
    setFlagsFromString("--no-expose-gc");
  }
  collect({ type: "minor" });
}
