/** What went wrong with the model server, in words for those in the chat. */
export class ModelError extends Error {
  override name = "ModelError";
}

interface Failure {
  readonly name?: string;
  readonly message?: string;
  readonly statusCode?: number;
  readonly responseHeaders?: Readonly<Record<string, string>>;
}

/** Finds words for an error of the AI SDK. What the server itself says may hold secrets: it is the cause, for the log. */
export function toModelError(error: unknown): ModelError {
  return new ModelError(wordsFor(Object(error) as Failure), { cause: error });
}

function wordsFor({ name = "", message = "", statusCode: status, responseHeaders = {} }: Failure): string {
  if (status === 401 || status === 403) return `The model server does not accept the key (${status}). Set MODEL_KEY.`;
  if (status === 404) return "The model server does not know the address or the model (404). Check MODEL_URL and MODEL_NAME.";
  if (status === 429) {
    const seconds = Number(responseHeaders["retry-after"]);
    return `The model server has too many requests (429). Try again ${seconds > 0 ? `in ${seconds} s` : "later"}.`;
  }
  if (status !== undefined && status >= 500) return `The model server has failed (${status}). Try again.`;
  if (status !== undefined && status >= 400) return `The model server refuses the question (${status}).`;
  // The AI SDK throws the first where the line is cut, and the second where the stream ends without its last chunk.
  if (status === 200 || /finish reason/.test(message)) return "The model server broke off its answer.";
  if (/JSONParse|TypeValidation|InvalidResponse/.test(name)) return "The model server has sent something that is no part of an answer.";
  if (/APICall/.test(name)) return "The connection to the model server is broken. Is it running?";
  // What is left are errors that the server has sent in the place of a chunk.
  return "The model server has failed in the middle of its answer.";
}
