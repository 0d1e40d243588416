import type { EventSchema } from "../../lib/class/schema.js";
import type { TwinRequest } from "../access/callers.js";
import { keptCookies, setCookie } from "../definition/kept-fields.js";
import type { Definition } from "../definition/scope.js";
import { SERVER } from "../host/context.js";
import type { Host } from "../host/host.js";
import type { NumberedCall } from "../wire/request-input.js";

interface KeptCall {
  readonly definition: Definition;
  readonly event: EventSchema;
  readonly number: NumberedCall | undefined;
}

/** Takes what a client's browser keeps of a store, before its numbered call runs. */
export async function bringKept({ definition, event, number }: KeptCall, host: Host): Promise<void> {
  if (!definition.kept || !number?.kept) return;
  const taken = host.kept.take(definition.name, number.client, number.kept);
  // It has its place in the queue before an event that waits there too.
  if (event.background) await taken;
}

/**
 * Runs the event of a form that a browser posts by itself, on what the request's cookies keep of the store. What the event sets of kept fields goes into the
 * response's cookies, as no page is there to keep it.
 */
export async function withCookies<R>({ kept, name }: Definition, host: Host, request: TwinRequest, run: () => Promise<R>): Promise<R> {
  const { cookies } = request;
  if (cookies === undefined) return run();
  const brought = kept && keptCookies(kept, cookies);
  if (brought) await host.loader.load(name, { caller: SERVER, bring: host.kept.of(name, brought) });
  try {
    return await run();
  } finally {
    request.kept = host.kept.unknownTo(cookies).map(([key, text]) => setCookie(key, text, request.secure === true));
  }
}
