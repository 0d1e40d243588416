let walks = 0;

/** The mark of a walk through containers, which no other walk has: it tells what this one has met. */
export const nextWalk = (): number => ++walks;
