import { event, state } from "twinstate";

/** One counter for everybody. The server runs it, every browser mirrors it. */
export class Counter {
  @state count = 0;

  @event({ optimistic: true }) add(by: number) {
    this.count += by;
  }
}
