import { computed, current, EventError, effect, event, newId, state, update } from "twinstate";
import { z } from "zod";
import { tokensOf } from "./model";

const Text = z.string().trim().min(1).max(4000);

/** A model of the twin: `createTwin({ models: { Message } })`. */
export class Message {
  @state id = newId(); // ? newId() outside of an event (a `new Message()` elsewhere): "a random id", fine
  @state by = "";
  @state text = "";
  @state open = false;
}

export class Chat {
  @state messages: Message[] = [];
  @state left = 1000;

  @computed get writing() {
    return this.messages.some((message) => message.open);
  }

  @event(Text) say(text: string) {
    const { user } = current();
    if (!user) throw new EventError("FORBIDDEN", "Sign in to write.");
    if (this.left === 0) throw new EventError("SOLD_OUT", "This room is full.", { left: this.left });
    this.left--;
    this.messages.push(Object.assign(new Message(), { by: user.name, text }));
    effect.confetti(20); // in the tab that has called
    if (this.messages.length % 100 === 0) effect.everyone.confetti(200);
  }

  // Beside the queue; each `update` commits one token.
  @event({ background: true, queue: "drop", per: "instance", timeout: 600_000, input: [Text], guard: ({ user }) => user !== null }) async answer(
    prompt: string,
  ) {
    const { signal } = current();
    const message = await update(() => this.start());
    try {
      for await (const token of tokensOf(prompt, signal)) {
        await update(() => {
          message.text += token;
        });
      }
    } finally {
      await update(() => {
        message.open = false;
      });
    }
  }

  // From any tab and device.
  // ? must `stop` be `background: true`? EVENTS.md's Chat has it with the comment that is about events in the queue; STREAMING.md's Chat has a plain `@event stop()`; CurrentBase.cancel: only needed where the event to cancel is not in the background
  @event({ background: true, guard: ({ user }) => user !== null }) stop() {
    return current().cancel(this.answer);
  }

  protected onInterrupted() {
    for (const message of this.messages) message.open = false;
  }

  private start(): Message {
    const message = Object.assign(new Message(), { by: "Model", open: true });
    this.messages.push(message);
    return message; // ? is the object that was pushed the live one (a Proxy)? The docs' example does the same, so it seems so
  }
}
