import { EventError, event, state } from "twinstate";

/** What is edited while the server changes something else of it. */
export class Form {
  @state title = "<>";
  @state ticks = 0;
  @event setTitle(title: string) {
    if (title.includes("!")) throw new EventError("FORBIDDEN", "No shouting.");
    this.title = title;
  }
  @event({ optimistic: true }) setNow(title: string) {
    this.title = title;
  }
  @event tick() {
    this.ticks++;
  }
}
