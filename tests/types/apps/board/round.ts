import { computed, event, state } from "twinstate";
import { twin } from "./roundserver";
export class Round {
  @state n = 1;
  @event add(t: string) {
    return t.length;
  }
  @computed get pendingCount() {
    return twin.round("x").add("y");
  }
  @event same(k: string) {
    return twin.round(k).add(k);
  }
  last = () => twin.round("x").add("y");
}
