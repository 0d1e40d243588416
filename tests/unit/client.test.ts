import { expect, onTestFinished, test, vi } from "vitest";
import { createClient } from "../../client/client.js";

// Next refuses to prerender a page that asks, as with `cacheComponents`.
test("a client whose twins are not used asks for neither chance nor time, so that pages with it can be prerendered", () => {
  const asked = [
    vi.spyOn(crypto, "getRandomValues"),
    vi.spyOn(crypto, "randomUUID"),
    vi.spyOn(Math, "random"),
    vi.spyOn(Date, "now"),
    vi.spyOn(performance, "now"),
  ];
  onTestFinished(() => void vi.restoreAllMocks());
  const client = createClient();
  client.twin("todo").subscribe(() => {})();
  client.twin("board", "a");
  for (const spy of asked) expect(spy).not.toHaveBeenCalled();
  client.close();
});
