import { expect, test } from "vitest";
import { clientAddressOf } from "../../server/access/address.js";
import { createRateLimiter } from "../../server/access/rate-limiter.js";

test("a key may take what it has at once, and gets more with time; others are not touched", () => {
  let now = 0;
  const buckets = createRateLimiter({ rate: 10, size: 20, now: () => now });
  for (let n = 0; n < 20; n++) expect(buckets.take("a")).toBe(0);
  // Two tokens are a tenth.
  expect(buckets.take("a")).toBe(200);
  expect(buckets.take("b")).toBe(0);
  now = 150;
  expect(buckets.take("a")).toBe(50);
  now = 200;
  expect([buckets.take("a"), buckets.take("a")]).toEqual([0, 0]);
  expect(buckets.take("a")).toBeGreaterThan(0);
  now = 100_000;
  for (let n = 0; n < 20; n++) expect(buckets.take("a")).toBe(0);
  expect(buckets.take("a")).toBeGreaterThan(0);
});

test("what was not needed can be put back", () => {
  const buckets = createRateLimiter({ rate: 1, size: 1, now: () => 0 });
  expect(buckets.take("a")).toBe(0);
  buckets.giveBack("a");
  expect(buckets.take("a")).toBe(0);
  expect(buckets.take("a")).toBe(1000);
});

test("without a rate there is no end", () => {
  const buckets = createRateLimiter({ rate: Infinity, size: Infinity });
  for (let n = 0; n < 1000; n++) expect(buckets.take("a")).toBe(0);
});

test.for([
  [0, "10.0.0.1", undefined],
  [1, null, undefined],
  [1, "", undefined],
  [1, "10.0.0.1", "10.0.0.1"],
  [1, "1.1.1.1, 10.0.0.1", "10.0.0.1"],
  [2, "6.6.6.6, 1.1.1.1, 10.0.0.1", "1.1.1.1"],
  [2, "10.0.0.1", undefined],
  [1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
  [1, "2001:0db8:1:2::9", "2001:db8:1:2"],
  [1, "::1", "0:0:0:0"],
  [1, "2001:db8::", "2001:db8:0:0"],
  [1, "::ffff:10.0.0.1", "10.0.0.1"],
] as const)("behind %s proxies, %s comes from %s", ([proxies, header, address]) => {
  const headers = new Headers(header === null ? {} : { "x-forwarded-for": header });
  expect(clientAddressOf(headers, proxies)).toBe(address);
});
