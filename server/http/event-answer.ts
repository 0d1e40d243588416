import { getTRPCErrorFromUnknown } from "@trpc/server";
import { TRPC_ERROR_CODES_BY_KEY } from "@trpc/server/rpc";
import type { TwinRequest } from "../access/callers.js";
import type { EventPath } from "../definition/event-path.js";
import type { Runtime } from "../runtime.js";
import { type WireError, wireErrorOf } from "./router.js";

/** An event that a batch or a socket calls. */
export interface CalledEvent extends EventPath {
  /** The procedure: `todo.add`. */
  readonly path: string;
  readonly input: unknown;
}

/** Calls an event, and gives its answer as tRPC writes it. It never rejects. */
export async function answerEvent(runtime: Runtime, request: TwinRequest, call: CalledEvent): Promise<{ result: { data: unknown } } | { error: WireError }> {
  try {
    return { result: { data: await runtime.dispatcher.invoke(request, call, call.input) } };
  } catch (thrown) {
    return { error: callErrorOf(runtime, thrown, call.path) };
  }
}

/** Gives what a client gets of an error that a call has thrown. */
export function callErrorOf(runtime: Runtime, thrown: unknown, path: string): WireError {
  const error = getTRPCErrorFromUnknown(thrown);
  return { ...wireErrorOf(runtime, error, path), code: TRPC_ERROR_CODES_BY_KEY[error.code] };
}
