import { publicEvent } from "../access/access.js";
import type { TwinRequest } from "../access/callers.js";
import { parseEventPath } from "../definition/event-path.js";
import type { Runtime } from "../runtime.js";
import { answerEvent, type CalledEvent } from "./event-answer.js";

/** The calls of a batch, if all are calls of events: whatever else a request may be is left to tRPC. */
export function callsIn({ definitions }: Runtime, path: string, body: string): CalledEvent[] | undefined {
  const calls: Omit<CalledEvent, "input">[] = [];
  for (const procedure of path.split(",")) {
    const path = parseEventPath(procedure);
    const definition = definitions.get(path.store);
    if (!definition || !publicEvent(definition, path)) return undefined;
    calls.push({ path: procedure, ...path });
  }
  try {
    const inputs = JSON.parse(body) as Record<number, unknown>;
    return calls.map((call, i) => ({ ...call, input: inputs[i] }));
  } catch {
    return undefined;
  }
}

/**
 * Answers a batch of events as `httpBatchStreamLink` reads it. tRPC's own handler takes each answer through a row of streams and promises, which
 * costs more than the event.
 */
export async function answerBatch(runtime: Runtime, request: TwinRequest, calls: readonly CalledEvent[]): Promise<Response> {
  const headers = { "content-type": "application/json", vary: "trpc-accept, accept" };
  const run = async (call: CalledEvent) => JSON.stringify(await answerEvent(runtime, request, call));
  // A single answer stands in the first line itself; `[0]` with `[null, 0, n]` is a promise, which the line that begins with n keeps.
  const { outflow } = runtime;
  if (calls.length === 1) return new Response(outflow.text(`{"0":[[${await run(calls[0] as CalledEvent)}]]}\n`), { headers });
  const lineOf = async (call: CalledEvent, i: number) => `[${i},0,[[${await run(call)}]]]\n`;
  // The new cookie of the call that has replaced the old one goes with the head.
  if (request.replaced) return new Response(outflow.text(headOf(calls) + (await Promise.all(calls.map(lineOf))).join("")), { headers });
  request.late = true;
  const outgoing = outflow.open();
  outgoing.write(Buffer.from(headOf(calls)));
  const sent = calls.map(async (call, i) => outgoing.write(Buffer.from(await lineOf(call, i))));
  void Promise.allSettled(sent).then(() => outgoing.end());
  return new Response(outgoing.body, { headers });
}

const headOf = (calls: readonly CalledEvent[]) => `{${calls.map((_, i) => `"${i}":[[0],[null,0,${i}]]`).join()}}\n`;
