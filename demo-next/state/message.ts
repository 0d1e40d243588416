import { current, event, state } from "twinstate";
import { z } from "zod";
import type { Person } from "./person";

export const REACTIONS = ["heart", "star", "lightning"] as const;

/** One message of a chat: a person's, or an answer of the model. Browsers have this class too, so that a reaction shows at once. */
export class Message {
  @state id = "";
  /** Who wrote it. The model is nobody. */
  @state by: Person | undefined = undefined;
  @state text = "";
  @state status: "writing" | "done" | "stopped" | "interrupted" = "done";
  /** The reaction of each person. */
  @state reactions = new Map<string, (typeof REACTIONS)[number]>();

  /** Reacts. The same reaction once more takes it back. */
  @event({ optimistic: true, input: [z.enum(REACTIONS)] }) react(reaction: (typeof REACTIONS)[number]) {
    const { id } = current().visitor;
    if (this.reactions.get(id) === reaction) this.reactions.delete(id);
    else this.reactions.set(id, reaction);
  }
}
