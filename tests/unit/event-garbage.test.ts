import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { event, state } from "../../lib/index.js";
import { createTwin } from "../../server/index.js";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as (options: { type: "minor" | "major" }) => void;

class Counter {
  @state count = 0;
  @event add() {
    this.count++;
  }
}

const EVENTS = 3000;

/** Bytes of the old generation, which the collector looks at seldom. */
const old = () => getHeapSpaceStatistics().reduce((sum, { space_name: name, space_used_size: size }) => sum + (/^new_/.test(name) ? 0 : size), 0);

test("an event leaves nothing in the old generation of the heap", async () => {
  const twin = createTwin({ stores: { counter: Counter }, log: () => {} });
  const run = async () => {
    for (let n = 0; n < EVENTS; n++) {
      await twin.counter("session").add();
      // Among the events, so that what one of them makes is young at each collection.
      if (n % 100 === 0) gc({ type: "minor" });
    }
    for (let n = 0; n < 3; n++) gc({ type: "minor" });
  };
  await run();
  gc({ type: "major" });
  const before = old();
  await run();
  // With a hidden class for each turn it was 4,400.
  const each = (old() - before) / EVENTS;
  expect(each).toBeLessThan(1500);
  await twin.close();
});
