let run = (change: () => void) => change();

/** Runs a change so that MobX's reactions see it whole or not at all. */
export const batch = (change: () => void): void => run(change);

/** MobX is there: as long as it is not, nothing can react. */
export function batchBy(transaction: (change: () => void) => void): void {
  run = transaction;
}
