import type { AssistantContent, ModelMessage, ToolContent } from "ai";
import { toPlain } from "twinstate";
import type { Message, ToolCall } from "../state/message";

/** How many messages the model gets: older ones are left out. */
const MOST = 40;
const GO_ON = "Your answer was cut off. Go on exactly where it ended, and repeat nothing of it.";

/** What the model gets to know of a chat, up to the message that it writes. */
export function historyOf(messages: readonly Message[]): ModelMessage[] {
  const history = messages.slice(-MOST).flatMap((message) => (message.by ? [{ role: "user" as const, content: message.text }] : answered(message)));
  return history.at(-1)?.role === "assistant" ? [...history, { role: "user", content: GO_ON }] : history;
}

/** An answer of the model: texts and calls, with the results after the calls. */
function answered({ parts }: Message): ModelMessage[] {
  const said: ModelMessage[] = [];
  let content: Exclude<AssistantContent, string> = [];
  let results: ToolContent = [];
  const flush = () => {
    if (content.length > 0) said.push({ role: "assistant", content });
    if (results.length > 0) said.push({ role: "tool", content: results });
    [content, results] = [[], []];
  };
  for (const part of parts) {
    if (part.kind === "text") {
      if (results.length > 0) flush();
      if (part.text !== "") content.push({ type: "text", text: part.text });
    } else {
      content.push({ type: "tool-call", toolCallId: part.id, toolName: part.name, input: toPlain(part.input) });
      results.push({ type: "tool-result", toolCallId: part.id, toolName: part.name, output: { type: "text", value: outcome(part) } });
    }
  }
  flush();
  return said;
}

const outcome = ({ state, result }: ToolCall) =>
  state === "done" ? result : state === "failed" ? `This failed: ${result}` : "The people in the chat have refused this call.";
