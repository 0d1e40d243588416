import { computed, current, effect, event, newId, state, update } from "twinstate";
import { z } from "zod";
import { Message } from "./message";
import { answerTo } from "./model";
import { byline } from "./person";

const MOST_MESSAGES = 400;

/** A chat with a model, for everybody who has its link. */
export class Chat {
  @state messages: Message[] = [];

  @computed get isWriting() {
    return this.messages.some(({ status }) => status === "writing");
  }

  /** Asks the model. It answers in the background, so that others may ask, react and stop it meanwhile. */
  @event({ background: true, queue: "drop", timeout: 60_000, input: [z.string().trim().min(1).max(500)] }) async answer(prompt: string) {
    const { signal, visitor } = current();
    const answer = await update(() => {
      const question = this.add({ by: byline(visitor), text: prompt });
      effect.scrollTo(question.id, { behavior: "smooth" });
      return this.add({ status: "writing" });
    });
    try {
      for await (const word of answerTo(prompt, signal)) {
        await update(() => {
          answer.text += word; // the word travels, not the text
        });
      }
      await update(() => {
        answer.status = "done";
        effect.toast("The answer is ready.", { kind: "success" });
      });
    } finally {
      await update(() => {
        if (answer.status === "writing") answer.status = "stopped";
      });
    }
  }

  /** Stops the answers that are being written, whoever asked: from any tab or device. */
  @event stop() {
    current().cancel(this.answer);
  }

  @event save() {
    const data = this.messages.map(({ by, text }) => `${by?.name ?? "Model"}: ${text}`).join("\n\n");
    effect.download({ data, type: "text/plain" }, "chat.txt");
  }

  /** A kill of the server has cut off an answer. */
  protected onInterrupted() {
    for (const message of this.messages) if (message.status === "writing") message.status = "interrupted";
  }

  private add(content: Partial<Pick<Message, "by" | "text" | "status">>) {
    const message = Object.assign(new Message(), { id: newId(), ...content });
    this.messages.push(message);
    if (this.messages.length > MOST_MESSAGES) this.messages.shift();
    return message;
  }
}
