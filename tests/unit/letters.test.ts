import { expect, test } from "vitest";
import type { Message } from "../../lib/wire/protocol.js";
import { Letters } from "../../server/stream/letters.js";

test("a letter costs the same, however many tabs have letters", () => {
  const letters = new Letters();
  const brought: Message[] = [];
  const reader = { bring: (message: Message) => void brought.push(message) };
  // Looked at for each letter, so many tabs would take minutes.
  for (let i = 0; i < 50_000; i++) {
    const tab = `tab ${i}`;
    letters.open(tab, reader);
    letters.begin(tab, reader);
    letters.post(tab, ["toast", [[]]]);
    letters.post(`nobody ${i}`, ["toast", [[]]]);
  }
  expect(brought).toHaveLength(50_000);
});
