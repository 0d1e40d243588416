import { expect, test, vi } from "vitest";
import { Keeper } from "../../client/keeper.js";
import type { LiveTwin } from "../../client/twin.js";
import type { WireClass } from "../../lib/class/schema.js";

/** A twin of a store with a kept field, as far as the keeper looks at it. */
function twinOf(theme: string) {
  const view = vi.fn(() => ({ theme }));
  return { view, twin: { store: "prefs", key: null, state: "ready", synced: true, at: ["i", 1], mirror: { view } } as unknown as LiveTwin };
}

test("a twin that the page has forgotten is looked at no more, and the one in its place is", () => {
  const kept: Record<string, string> = {};
  const twins = new Map<string, LiveTwin>();
  const schema = { stores: { prefs: { kept: { theme: ["localStorage", "light"] } } as unknown as WireClass }, models: {} };
  const keeper = new Keeper({ twins, options: { keptIn: { localStorage: kept, sessionStorage: {}, cookie: {} } }, server: { schema } as never });
  const [first, second] = [twinOf("dark"), twinOf("dim")];
  for (const { twin } of [first, second]) {
    twins.set("prefs", twin);
    keeper.kept(twin);
    keeper.keep();
    keeper.keep();
  }
  expect(kept).toEqual({ "twin.prefs.theme": "dim" });
  expect([first.view.mock.calls.length, second.view.mock.calls.length]).toEqual([2, 2]);
});
