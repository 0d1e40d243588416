import { type EventError, refusal } from "../lib/errors.js";

/** What the server says of a call; `undefined` where it has not spoken. */
export function refusalOf(error: unknown): EventError | undefined {
  const { data, message } = error as { data?: { code?: unknown; data?: unknown }; message: string };
  return typeof data?.code === "string" ? refusal(data.code, message, data.data) : undefined;
}
