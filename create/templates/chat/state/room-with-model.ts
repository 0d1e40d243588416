import { current, EventError, event, update } from "twinstate";
import { answerTo, MODEL_NAME } from "./model";
import { Room } from "./room";
import { signedIn } from "./rooms";

/** How long an answer may take, in ms. */
const LONGEST = 300_000;

/** The room on the server. What asks the model is in no browser. */
export class RoomWithModel extends Room {
  /** Lets the model answer. It writes in the background: others may write, and stop it, meanwhile. */
  @event({ background: true, guard: signedIn, timeout: LONGEST }) async answer() {
    const { signal } = current();
    const said = this.messages.slice(-40).map(({ userId, by, text }) => ({ by: userId && by, text }));
    const message = await update(() => {
      if (this.writing) throw new EventError("FORBIDDEN", "The model is writing. Wait, or stop it.");
      return this.add({ by: MODEL_NAME, status: "writing" });
    });
    try {
      for await (const token of answerTo(said, signal)) {
        await update(() => {
          message.text += token; // The token travels, not the text.
        });
      }
      await update(() => {
        message.status = "done";
      });
    } catch (error) {
      await update(() => {
        message.status = !signal.aborted ? "failed" : EventError.is(signal.reason, "CANCELLED") ? "stopped" : "cut off";
      });
      if (!signal.aborted) console.error(error);
    }
  }

  /** Stops the model, whoever asked it: from any tab and device. */
  @event({ guard: signedIn }) stop() {
    current().cancel(this.answer);
  }

  /** The server has ended while the model wrote. */
  protected onInterrupted() {
    for (const message of this.messages) if (message.status === "writing") message.status = "cut off";
  }
}
