import { expect, test } from "vitest";
import { boundedIssues } from "../../server/wire/issues.js";

test("issues that each hold the whole of what was checked, as valibot's do, are looked through once", () => {
  let looks = 0;
  const input = new Proxy([1, 2, 3], {
    ownKeys(target) {
      looks++;
      return Reflect.ownKeys(target);
    },
  });
  const found = Array.from({ length: 1000 }, (_, i) => ({ message: "Expected a string", path: [{ key: i, input }], input }));
  expect(boundedIssues(found)).toHaveLength(100);
  expect(looks).toBe(1);
});
