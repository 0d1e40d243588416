import { test } from "vitest";
import { missing } from "../../browser/kit/chromium.js";

test.skip(`the tests of the React side: ${missing}`);
