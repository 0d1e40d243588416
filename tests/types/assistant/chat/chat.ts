import { current, EventError, event, type Interrupted, newId, state, update } from "twinstate";
import { z } from "zod";

declare module "twinstate" {
  interface Register {
    errors: { BUSY: { since: Date } };
  }
}

declare function model(prompt: string, signal: AbortSignal): AsyncIterable<string>;

export interface Message {
  id: string;
  by: string;
  text: string;
  state: "writing" | "done" | "stopped";
}

export class Chat {
  @state messages: Message[] = [];
  @state({ persist: false }) typing = "";

  @event({ volatile: true }) type(text: string) {
    this.typing = text;
  }

  @event(z.string().trim().min(1)) say(text: string) {
    this.messages.push({ id: newId(), by: current().visitor?.name ?? "somebody", text, state: "done" });
  }

  @event({ background: true, timeout: 600_000, queue: "drop", per: "instance" }) async answer(prompt: string) {
    const { signal } = current();
    const id = await update(() => {
      if (this.messages.at(-1)?.state === "writing") throw new EventError("BUSY", "An answer is on its way.", { since: new Date() });
      const message: Message = { id: newId(), by: "model", text: "", state: "writing" };
      this.messages.push(message);
      return message.id;
    });
    const find = () => this.messages.find((message) => message.id === id);
    try {
      for await (const token of model(prompt, signal)) {
        await update(() => {
          const message = find();
          if (message) message.text += token;
        });
      }
    } finally {
      await update(() => {
        const message = find();
        if (message) message.state = signal.aborted ? "stopped" : "done";
      });
    }
  }

  @event({ background: true }) stop() {
    current().cancel(this.answer);
  }

  protected onInterrupted(_call: Interrupted) {
    for (const message of this.messages) if (message.state === "writing") message.state = "stopped";
  }
}
