import type { Steps } from "../../lib/wire/steps.js";
import { collectNew } from "./collection.js";

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
    collectNew();
    await breath();
    since = performance.now();
  }
}
