import { getTRPCErrorFromUnknown } from "@trpc/server";
import { TRPC_ERROR_CODES_BY_KEY } from "@trpc/server/rpc";
import { publicEvent } from "../access/access.js";
import type { TwinRequest } from "../access/callers.js";
import type { Runtime } from "../runtime.js";
import { type WireError, wireErrorOf } from "./router.js";

/** One call of an event, as a request has it. */
export interface BatchCall {
  readonly path: string;
  readonly store: string;
  readonly event: string;
  readonly input: unknown;
}

/** The calls of a batch, if all are calls of events: whatever else a request may be is left to tRPC. */
export function callsIn({ definitions }: Runtime, path: string, body: string): BatchCall[] | undefined {
  const calls: Omit<BatchCall, "input">[] = [];
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
export async function answerBatch(runtime: Runtime, request: TwinRequest, calls: readonly BatchCall[]): Promise<Response> {
  const headers = { "content-type": "application/json", vary: "trpc-accept, accept" };
  const run = (call: BatchCall) => answerOf(runtime, request, call);
  // What stands in the first line is the answer itself; `[0]` with `[null, 0, n]` is a promise, which the line that begins with n keeps.
  const { outflow } = runtime;
  if (calls.length === 1) return new Response(outflow.text(`{"0":[[${await run(calls[0] as BatchCall)}]]}\n`), { headers });
  const lineOf = async (call: BatchCall, i: number) => `[${i},0,[[${await run(call)}]]]\n`;
  // The new cookie of the call that has replaced the old one goes with the head.
  if (request.replaced) return new Response(outflow.text(headOf(calls) + (await Promise.all(calls.map(lineOf))).join("")), { headers });
  request.late = true;
  const outgoing = outflow.open();
  outgoing.write(Buffer.from(headOf(calls)));
  const sent = calls.map(async (call, i) => outgoing.write(Buffer.from(await lineOf(call, i))));
  void Promise.allSettled(sent).then(() => outgoing.end());
  return new Response(outgoing.body, { headers });
}

const headOf = (calls: readonly BatchCall[]) => `{${calls.map((_, i) => `"${i}":[[0],[null,0,${i}]]`).join()}}\n`;

const answerOf = async (runtime: Runtime, request: TwinRequest, call: BatchCall) => JSON.stringify(await answered(runtime, request, call));

/** What a call comes to, as tRPC tells it. It never rejects. */
export async function answered(runtime: Runtime, request: TwinRequest, call: BatchCall): Promise<{ result: { data: unknown } } | { error: WireError }> {
  try {
    return { result: { data: await runtime.dispatcher.invoke(request, call.store, call.event, call.input) } };
  } catch (thrown) {
    return { error: refused(runtime, thrown, call.path) };
  }
}

/** What is told of a call that has thrown. */
export function refused(runtime: Runtime, thrown: unknown, path: string): WireError {
  const error = getTRPCErrorFromUnknown(thrown);
  return { ...wireErrorOf(runtime, error, path), code: TRPC_ERROR_CODES_BY_KEY[error.code] };
}
