import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { expect, test } from "vitest";
import { serveNodes } from "../kit/cluster.js";

// Calls of clients whose nodes come and go.

class Log {
  @state lines: string[] = [];
  @event add(line: string) {
    this.lines.push(line);
    return this.lines.length;
  }
}
const stores = { log: scope.room(Log, { allow: () => true }) };

test("a state that was never stored has one incarnation for calls that reach several nodes", async () => {
  const { nodes } = await serveNodes({ stores });
  const first = await nodes[0].visitor().number("log.add", 1, ["one"], { key: "x", i: "of-a-node-gone-1" });
  expect(first.error?.code).toBe("UNKNOWN_OUTCOME");
  const { incarnation } = (first.error?.data ?? {}) as { incarnation: string };
  const again = await nodes[1].visitor().number("log.add", 1, ["one"], { key: "x", i: incarnation });
  expect(again.value).toMatchObject({ i: incarnation, r: 1 });
});
