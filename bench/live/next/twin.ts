import { event, state } from "twinstate";
import { createTwin } from "twinstate/server";

class Counter {
  @state count = 0;
  @event bump() {
    return ++this.count;
  }
}

export const twin = createTwin({
  stores: { counter: Counter },
  session: { secret: "a secret for the bench alone" },
  // One session asks for more in a second than any visitor does.
  eventRate: 1_000_000,
});
