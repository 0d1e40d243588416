const FIRST = 300;
const LONGEST = 20_000;

/** How long to wait before the next attempt, in ms. Random, so that those who were cut at once do not come back at once. */
export const backoff = (failures: number): number => Math.random() * Math.min(LONGEST, FIRST * 2 ** failures);
