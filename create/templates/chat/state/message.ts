import { newId, state } from "twinstate";

export class Message {
  @state id = newId();
  /** The id of who wrote it. The model has none. */
  @state userId = "";
  @state by = "";
  @state text = "";
  @state status: "done" | "writing" | "stopped" | "cut off" | "failed" = "done";
}
