import { current, event, state } from "twinstate";
import { z } from "zod";
import type { Person } from "./person";

export const REACTIONS = ["heart", "star", "lightning"] as const;

/** A text in a message. It grows while the model writes. */
export class TextPart {
  @state kind = "text" as const;
  @state text = "";
}

/** A tool that the model would call. It runs once somebody approves it. */
export class ToolCall {
  @state kind = "call" as const;
  @state id = "";
  @state name = "";
  @state input: Record<string, unknown> = {};
  @state state: "proposed" | "approved" | "refused" | "done" | "failed" = "proposed";
  /** What the tool has given, or why it has failed. */
  @state result = "";
  /** Who has approved or refused it. */
  @state by: Person | undefined = undefined;
}

/** One message of a chat: a person's, or an answer of the model. Browsers have this class too, so that a reaction shows at once. */
export class Message {
  @state id = "";
  /** Who wrote it. The model is nobody. */
  @state by: Person | undefined = undefined;
  @state parts: (TextPart | ToolCall)[] = [];
  /** A message is `waiting` while its calls wait for somebody. */
  @state status: "writing" | "waiting" | "done" | "stopped" | "interrupted" | "failed" = "done";
  /** Why it has failed. */
  @state error = "";
  /** The reaction of each person. */
  @state reactions = new Map<string, (typeof REACTIONS)[number]>();

  get text(): string {
    return this.parts.map((part) => (part.kind === "text" ? part.text : "")).join("");
  }

  get calls(): readonly ToolCall[] {
    return this.parts.filter((part) => part.kind === "call");
  }

  /** Reacts. The same reaction once more takes it back. */
  @event({ optimistic: true, input: [z.enum(REACTIONS)] }) react(reaction: (typeof REACTIONS)[number]) {
    const { id } = current().visitor;
    if (this.reactions.get(id) === reaction) this.reactions.delete(id);
    else this.reactions.set(id, reaction);
  }
}
