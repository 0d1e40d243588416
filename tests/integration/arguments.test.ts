import { event, state } from "twinstate";
import { pair } from "twinstate/testing";
import { expect, test } from "vitest";

class Counter {
  @state n = 0;
  @event add(by: number) {
    this.n += by;
  }
  @event next(by: number = 1) {
    this.n += by;
  }
}

test("an event on a button, which gets the click as its argument, is refused where it needs a number, and runs where it does not", async () => {
  await using net = pair({ stores: { counter: Counter } });
  const counter = await net.client().counter();
  const onClick = counter.add as unknown as (event: unknown) => Promise<void>;
  await expect(onClick(new Event("click"))).rejects.toMatchObject({ code: "INVALID", data: { issues: [{ path: [0] }] } });
  await (counter.next as unknown as typeof onClick)(new Event("click"));
  expect(counter.n).toBe(1);
});
