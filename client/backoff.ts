/** The longest first pause, in ms. */
export const FIRST = 300;
const LONGEST = 20_000;

/**
 * How long to wait before the next attempt, in ms, where nothing has worked for so many ms: about half of that at most. How many attempts have failed says
 * little, as many may fail at once. Random, so that those who were cut at once do not come back at once.
 */
export const backoff = (trouble: number): number => Math.random() * Math.min(LONGEST, FIRST + trouble / 2);
