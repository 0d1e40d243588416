import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { eventIds } from "../../lib/event/event-ids.js";

test("the ids of an event are SHA-256 of its seed and their place, as 22 letters", () => {
  for (let length = 0; length < 200; length++) {
    const seed = "i".repeat(length);
    const ids = eventIds(seed);
    for (const n of [1, 2, 3]) {
      const expected = createHash("sha256").update(`${seed} ${n}`).digest("base64url").slice(0, 22);
      expect(ids()).toBe(expected);
    }
  }
});

test("each event has ids of its own", () => {
  const ids = new Set<string>();
  for (let event = 0; event < 1000; event++) {
    const next = eventIds(`incarnation client ${event}`);
    for (let n = 0; n < 5; n++) ids.add(next());
  }
  expect(ids.size).toBe(5000);
  for (const id of ids) expect(id).toMatch(/^[\w-]{22}$/);
});
