import { computed, current, EventError, effect, event, newId, type Presence, presence, state, update } from "twinstate";
import { z } from "zod";
import { answerTo, type Piece } from "../model/answer";
import { gather } from "../model/gather";
import { historyOf } from "../model/history";
import { ModelError } from "../model/model-error";
import { runTool } from "../model/tools";
import { type Guest, guestOf } from "./guest";
import { Message, TextPart, ToolCall } from "./message";
import { byline } from "./person";

const MOST_MESSAGES = 400;
/** How long an answer may take, in ms. */
const LONGEST = 600_000;

const Prompt = z.string().trim().min(1).max(500);
const Id = z.string().max(100);
/** What a tab shows of itself. */
const Own = z.object({ typing: z.boolean().optional() });

/** A chat with a model, for everybody who has its link. */
export class Chat {
  static version = 2;
  /** Messages had one text each. */
  static migrate(old: { messages: { text: string; parts: { kind: string; text: string }[] }[] }) {
    for (const message of old.messages) message.parts = [{ kind: "text", text: message.text }];
  }

  @state title = "";
  @state messages: Message[] = [];
  /** The tabs that show the chat. */
  @presence({ of: guestOf, input: Own }) guests!: Presence<Guest, z.infer<typeof Own>>;

  /** Whether the model writes, or a tool runs. */
  @computed get isBusy() {
    return this.messages.some(({ status, calls }) => status === "writing" || calls.some(({ state }) => state === "approved"));
  }

  /** Asks the model. It answers in the background, so that others may react and stop it meanwhile. */
  @event({ background: true, timeout: LONGEST, input: [Prompt] }) async answer(prompt: string) {
    const { visitor } = current();
    const message = await update(() => {
      this.assertFree();
      for (const { call, message } of this.openCalls()) {
        call.state = "refused";
        message.status = "done";
      }
      const question = this.add({ by: byline(visitor), parts: [Object.assign(new TextPart(), { text: prompt })] });
      effect.scrollTo(question.id, { behavior: "smooth" });
      return this.add({ status: "writing" });
    });
    await this.write(message);
  }

  /** Goes on with an answer that has ended too early, or begins it anew. */
  @event({ background: true, timeout: LONGEST, input: [Id, z.boolean()] }) async resume(messageId: string, anew: boolean) {
    const message = await update(() => {
      this.assertFree();
      const last = this.messages.at(-1);
      if (last?.id !== messageId || !["stopped", "interrupted", "failed"].includes(last.status)) return undefined;
      if (anew) last.parts = [];
      last.status = "writing";
      last.error = "";
      return last;
    });
    if (message) await this.write(message);
  }

  /** Approves or refuses what the model would do. The first who decides counts. Once all is decided, the model goes on with the results. */
  @event({ background: true, timeout: LONGEST, input: [Id, z.boolean()] }) async decide(callId: string, approved: boolean) {
    const { visitor, signal } = current();
    const found = await update(() => {
      const found = this.openCalls().find(({ call }) => call.id === callId);
      if (found) Object.assign(found.call, { state: approved ? "approved" : "refused", by: byline(visitor) });
      return found;
    });
    if (!found) return;
    const { call, message } = found;
    if (approved) await this.run(call, signal);
    const decided = await update(() => {
      if (message.status !== "waiting" || message.calls.some(({ state }) => state === "proposed" || state === "approved")) return false;
      message.status = "writing";
      return true;
    });
    if (decided) await this.write(message);
  }

  /** Stops the model, and tools that run, whoever asked: from any tab or device. */
  @event stop() {
    for (const running of [this.answer, this.resume, this.decide]) current().cancel(running);
  }

  @event save() {
    const data = this.messages.map(({ by, text }) => `${by?.name ?? "Model"}: ${text}`).join("\n\n");
    effect.download({ data, type: "text/plain" }, "chat.txt");
  }

  /** A kill of the server has cut off an answer, or a tool. */
  protected onInterrupted() {
    for (const message of this.messages) {
      const halves = message.calls.filter(({ state }) => state === "approved");
      for (const call of halves) Object.assign(call, { state: "failed", result: "The server has ended while it ran." });
      if (message.status === "writing" || halves.length > 0)
        message.status = message.calls.some(({ state }) => state === "proposed") ? "waiting" : "interrupted";
    }
  }

  /** Lets the model write at the end of a message, and marks how that has ended. */
  private async write(message: Message) {
    const { signal } = current();
    try {
      const history = await update(() => historyOf(this.messages));
      // What comes while a commit is made goes into the next one.
      for await (const pieces of gather(answerTo(history, signal))) {
        await update(() => {
          for (const piece of pieces) append(message, piece);
        });
      }
      await update(() => {
        const { calls } = message;
        if (calls.some(({ state }) => state === "proposed")) message.status = "waiting";
        else if (message.parts.at(-1)?.kind === "call") throw new ModelError("The model has called a tool with wrong arguments.");
        else {
          message.status = "done";
          effect.toast("The answer is ready.", { kind: "success" });
        }
      });
    } catch (error) {
      await update(() => {
        message.status = !signal.aborted ? "failed" : EventError.is(signal.reason, "CANCELLED") ? "stopped" : "interrupted";
        if (!signal.aborted) message.error = error instanceof ModelError ? error.message : "Something went wrong.";
      });
      // The cause may hold the whole request: only its message is logged.
      if (!signal.aborted) console.error("An answer of the model has failed:", error instanceof ModelError ? `${error.message} (${error.cause})` : error);
    }
  }

  private async run(call: ToolCall, signal: AbortSignal) {
    try {
      const result = await runTool(this, call.name, call.input);
      signal.throwIfAborted();
      await update(() => Object.assign(call, { state: "done", result }));
    } catch (error) {
      await update(() => Object.assign(call, { state: "failed", result: signal.aborted ? "It was stopped." : String(error) }));
    }
  }

  private assertFree() {
    if (this.isBusy) throw new EventError("FORBIDDEN", "The model is writing. Wait until it has ended, or stop it.");
  }

  private openCalls() {
    return this.messages.flatMap((message) => message.calls.filter(({ state }) => state === "proposed").map((call) => ({ call, message })));
  }

  private add(content: Partial<Pick<Message, "by" | "parts" | "status">>) {
    const message = Object.assign(new Message(), { id: newId(), ...content });
    this.messages.push(message);
    if (this.messages.length > MOST_MESSAGES) this.messages.shift();
    return message;
  }
}

/** Adds to the end of a message: a token to its last text, so that the token travels and not the text. */
function append({ parts }: Message, piece: Piece): void {
  if (piece.kind === "call") {
    const { id, name, input, error } = piece;
    const call = { id, name, input: Object(input ?? {}) as Record<string, unknown>, ...(error && { state: "failed" as const, result: error }) };
    parts.push(Object.assign(new ToolCall(), call));
    return;
  }
  const last = parts.at(-1);
  if (last?.kind === "text") last.text += piece.text;
  else parts.push(Object.assign(new TextPart(), { text: piece.text }));
}
