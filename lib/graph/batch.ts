import type { Signal } from "./signal.js";

let run = (change: () => void) => change();

/** Runs a change so that MobX's reactions see it whole or not at all. */
export const batch = (change: () => void): void => run(change);

/** Makes {@link batch} use MobX's transactions, once MobX is loaded. Without MobX nothing can react. */
export function batchBy(transaction: (change: () => void) => void): void {
  run = transaction;
}

/** The signals to tell when the running batch of changes is over. */
let batched: (Signal | undefined)[] | undefined;

/** Applies several changes as one: reactions and listeners see all of them or none. `changes` is told afterwards, once. */
export function atomically(apply: () => void, changes?: Signal): void {
  if (batched) {
    if (!batched.includes(changes)) batched.push(changes);
    return batch(apply);
  }
  const signals = [changes];
  batched = signals;
  try {
    batch(apply);
  } finally {
    batched = undefined;
    for (const signal of signals) signal?.tell();
  }
}
