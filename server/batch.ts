import { getTRPCErrorFromUnknown } from "@trpc/server";
import { TRPC_ERROR_CODES_BY_KEY } from "@trpc/server/rpc";
import { publicEvent } from "./access.js";
import type { TwinRequest } from "./callers.js";
import { type WireError, wireErrorOf } from "./router.js";
import type { Runtime } from "./runtime.js";

/** One call of an event, as a request has it. */
export interface Call {
  readonly path: string;
  readonly store: string;
  readonly event: string;
  readonly input: unknown;
}

/** The calls of a batch, if all are calls of events: whatever else a request may be is left to tRPC. */
export function callsIn({ definitions }: Runtime, path: string, body: string): Call[] | undefined {
  const calls: Omit<Call, "input">[] = [];
  for (const one of path.split(",")) {
    const dot = one.indexOf(".");
    const [store, event] = [one.slice(0, dot), one.slice(dot + 1)];
    const definition = definitions.get(store);
    if (!definition || !publicEvent(definition, event)) return undefined;
    calls.push({ path: one, store, event });
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
export async function answerBatch(runtime: Runtime, request: TwinRequest, calls: readonly Call[]): Promise<Response> {
  const headers = { "content-type": "application/json", vary: "trpc-accept, accept" };
  const run = (call: Call) => answerOf(runtime, request, call);
  // What stands in the first line is the answer itself; `[0]` with `[null, 0, n]` is a promise, which the line that begins with n keeps.
  if (calls.length === 1) return new Response(`{"0":[[${await run(calls[0] as Call)}]]}\n`, { headers });
  // The new cookie of the call that has replaced the old one goes with the head.
  if (request.replaced) {
    const lines = await Promise.all(calls.map(async (call, i) => `[${i},0,[[${await run(call)}]]]\n`));
    return new Response(headOf(calls) + lines.join(""), { headers });
  }
  request.late = true;
  const encoder = new TextEncoder();
  let gone = false;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (line: string) => {
        if (!gone) controller.enqueue(encoder.encode(line));
      };
      send(headOf(calls));
      const sent = calls.map(async (call, i) => send(`[${i},0,[[${await run(call)}]]]\n`));
      void Promise.allSettled(sent).then(() => {
        if (!gone) controller.close();
      });
    },
    cancel() {
      gone = true;
    },
  });
  return new Response(body, { headers });
}

const headOf = (calls: readonly Call[]) => `{${calls.map((_, i) => `"${i}":[[0],[null,0,${i}]]`).join()}}\n`;

const answerOf = async (runtime: Runtime, request: TwinRequest, call: Call) => JSON.stringify(await answered(runtime, request, call));

/** What a call comes to, as tRPC tells it. It never rejects. */
export async function answered(runtime: Runtime, request: TwinRequest, call: Call): Promise<{ result: { data: unknown } } | { error: WireError }> {
  try {
    return { result: { data: await runtime.calls.invoke(request, call.store, call.event, call.input) } };
  } catch (thrown) {
    return { error: refused(runtime, thrown, call.path) };
  }
}

/** What is told of a call that has thrown. */
export function refused(runtime: Runtime, thrown: unknown, path: string): WireError {
  const error = getTRPCErrorFromUnknown(thrown);
  return { ...wireErrorOf(runtime, error, path), code: TRPC_ERROR_CODES_BY_KEY[error.code] };
}
