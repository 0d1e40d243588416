import { expect, onTestFinished, test, vi } from "vitest";
import { Vault } from "../../client/vault.js";
import { createGate } from "../../server/task/gate.js";

test("a client that is closed while it reads what was kept leaves no timer behind", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { opened, open } = createGate();
  const db = { facts: () => opened.then(() => ({ owner: "s ", session: "s", schema: { stores: {} } })), states: async () => [], close: () => {} };
  const world = {
    options: {},
    server: {},
    twins: new Map(),
    visitor: { current: {} },
    outbox: { entries: new Set() },
    status: { subscribe: () => () => {} },
    connection: { id: "" },
    preload: () => {},
  };
  const vault = new Vault(world as never, db as never, {} as LockManager, "vault");
  const failed = vault.failed(false);
  await vault.close();
  open();
  await failed;
  expect(vi.getTimerCount()).toBe(0);
});
