import { current, event, state } from "twinstate";
import { Board } from "./board";
export class Audit {
  @state notes: string[] = [];
  @event note(text: string) {
    this.notes.push(text);
    return this.notes.length;
  }
  @event async boardCount() {
    return (await current().get(Board)).count;
  }
}
