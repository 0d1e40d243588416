import type { TwinRequest } from "../access/callers.js";
import type { Caller } from "../host/context.js";
import type { Runtime } from "../runtime.js";

/**
 * The caller that an agent's request makes, which counts among the requests of its session.
 * @throws EventError `RATE_LIMITED`, `OFFLINE`
 */
export function agentCaller({ callers, clients }: Runtime, request: TwinRequest): Promise<Caller> {
  callers.admit(request);
  return callers.of(request, request.client === undefined ? undefined : clients.bind(request.client, request));
}
