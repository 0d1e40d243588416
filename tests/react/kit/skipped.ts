import { test } from "vitest";
import { missing } from "../../browser/kit/chromium.js";

test.skipIf(process.env.CI === undefined)(`the tests of the React side: ${missing}`, () => {
  throw new Error(missing);
});
