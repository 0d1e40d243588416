/** On a CI machine a test that fails has a second try. `.ci/run` ends with the names of those that needed it. */
export const retry = process.env.CI ? 1 : 0;
