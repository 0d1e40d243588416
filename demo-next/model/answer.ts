import type { ModelMessage } from "ai";
import type { FakeModel } from "./fake-model";
import { ModelError, toModelError } from "./model-error";
import { TOOLS } from "./tools";

/** A piece of an answer: the next token, or a tool that the model would call. `input` is `undefined` where the model's arguments fit no schema. */
export type Piece =
  | { readonly kind: "token"; readonly text: string }
  | { readonly kind: "call"; readonly id: string; readonly name: string; readonly input: unknown; readonly error?: string };

const INSTRUCTIONS =
  "You are one of several people in a chat room. Answer in plain text, and briefly. Each of your tool calls needs the approval of somebody in the room.";

/** Asks the model, and gives its answer piece by piece. A signal that aborts ends the request at once. Throws a `ModelError` that can be shown. */
export async function* answerTo(messages: ModelMessage[], signal: AbortSignal): AsyncGenerator<Piece> {
  // The client loads with the first question: whoever imports this module for the state alone does not pay for it.
  const [{ streamText }, { createOpenAICompatible }] = await Promise.all([import("ai"), import("@ai-sdk/openai-compatible")]);
  const { url, key, name, patience } = await modelServer();
  const provider = createOpenAICompatible({ name: "model", baseURL: url, ...(key && { apiKey: key }), includeUsage: true });
  // Ends the request also where the server says nothing for too long, and where the loop is left early.
  const over = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => over.abort(new ModelError(`The model server has said nothing for ${patience / 1000} s.`)), patience);
  };
  heard();
  const { stream } = streamText({
    model: provider(name),
    instructions: INSTRUCTIONS,
    messages,
    tools: TOOLS,
    abortSignal: AbortSignal.any([signal, over.signal]),
    maxOutputTokens: 8000,
    // Whoever reads the message decides when to try again.
    maxRetries: 0,
    onError: () => {},
  });
  try {
    for await (const part of stream) {
      heard();
      if (part.type === "text-delta") yield { kind: "token", text: part.text };
      else if (part.type === "tool-call") yield { kind: "call", id: part.toolCallId, name: part.toolName, ...inputOf(part) };
      else if (part.type === "error") throw part.error;
      else if (part.type === "abort") throw over.signal.reason;
    }
  } catch (error) {
    signal.throwIfAborted();
    over.signal.throwIfAborted();
    throw toModelError(error);
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}

function inputOf({ input, invalid, error }: { input: unknown; invalid?: boolean; error?: unknown }): { input: unknown; error?: string } {
  return invalid ? { input: undefined, error: error instanceof Error ? error.message : "The arguments are wrong." } : { input };
}

interface ModelServer {
  readonly url: string;
  readonly key: string | undefined;
  readonly name: string;
  /** How long the model server may say nothing, in ms. */
  readonly patience: number;
}

/** Next evaluates modules more than once in a process. */
const shared = globalThis as { fakeModel?: Promise<FakeModel> };

/** The server that the environment names. Without one, a fake server starts in this process. */
async function modelServer(): Promise<ModelServer> {
  const { MODEL_URL, MODEL_KEY: key, MODEL_NAME: name = "default", MODEL_PATIENCE = "30000" } = process.env;
  const patience = Number(MODEL_PATIENCE);
  if (MODEL_URL) return { url: MODEL_URL, key, name, patience };
  shared.fakeModel ??= import("./fake-model").then(({ startFakeModel }) => startFakeModel());
  return { url: (await shared.fakeModel).url, key, name, patience };
}
