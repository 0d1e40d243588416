import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { type ModelMessage, streamText } from "ai";
import { echo } from "./echo";

/** What was said. `by` is empty where the model said it. */
export interface Said {
  readonly by: string;
  readonly text: string;
}

const { MODEL_URL, MODEL_KEY, MODEL_NAME: NAME = "default" } = process.env;

/** How the model is called in rooms. */
export const MODEL_NAME = MODEL_URL ? "Model" : "Echo (no model is set up)";

const INSTRUCTIONS = "You are one of several people in a chat room. Answer the last message in plain text, and briefly.";

/** The answer of the model, token by token. A signal that aborts ends the request. */
export async function* answerTo(said: readonly Said[], signal: AbortSignal): AsyncGenerator<string> {
  if (!MODEL_URL) return yield* echo(said, signal);
  const provider = createOpenAICompatible({ name: "model", baseURL: MODEL_URL, ...(MODEL_KEY && { apiKey: MODEL_KEY }) });
  const { stream } = streamText({
    model: provider(NAME),
    instructions: INSTRUCTIONS,
    messages: said.map(({ by, text }): ModelMessage => (by ? { role: "user", content: `${by}: ${text}` } : { role: "assistant", content: text })),
    abortSignal: signal,
    maxOutputTokens: 4000,
    maxRetries: 0,
    onError() {}, // Errors are parts of the stream.
  });
  for await (const part of stream) {
    if (part.type === "text-delta") yield part.text;
    else if (part.type === "error") throw part.error;
    else if (part.type === "abort") throw signal.reason;
  }
}
