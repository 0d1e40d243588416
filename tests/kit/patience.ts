/** How long a test waits for a fact at most, in ms. What a busy machine does later is no fault, and a check that passes ends the wait at once. */
export const PATIENCE = 30_000;

/** The limits of tests, which are longer than their waits: a test waits for several facts, and its hooks may build an app. */
export const patient = { testTimeout: 180_000, hookTimeout: 300_000 };
