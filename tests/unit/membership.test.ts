import { expect, onTestFinished, test, vi } from "vitest";
import { Membership } from "../../server/host/membership.js";
import type { NodeStorage } from "../../server/storage/nodes.js";
import { lasting } from "../../testing/lasting.js";

test("a node that has joined anew renews, also where the storage has never answered its last life", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const nodes = lasting({ nodes: true }).node("a").nodes as NodeStorage;
  const renew = nodes.renew.bind(nodes);
  let asked = 0;
  nodes.renew = () => (asked++ === 0 ? new Promise(() => {}) : renew());
  const membership = new Membership({ nodes, report: () => {}, facts: () => ({ lease: 300, versions: {} }), joined: () => {} });
  onTestFinished(() => membership.close());
  let lost = 0;
  membership.onLost(() => lost++);
  await membership.enter();
  await vi.advanceTimersByTimeAsync(3000);
  expect(lost).toBe(1);
});
