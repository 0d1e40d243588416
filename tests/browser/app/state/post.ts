import { event, schedule, state, update } from "twinstate";
import { gate } from "./gates";

/** A post, whose cached pages follow its events. */
export class Post {
  @state title = "";
  @event({ revalidate: ["posts"] }) write(title: string) {
    this.title = title;
  }
  /** Writes when a gate is open, long after the answer has begun to stream. */
  @event({ background: true, revalidate: ["posts"] }) async writeBehind(title: string, name: string) {
    await gate(name).opened;
    await update(() => {
      this.title = title;
    });
  }
  @event writeLater(title: string) {
    schedule.after(1, this.write, [title]);
  }
  @event writeQuietly(title: string) {
    this.title = title;
  }
}
