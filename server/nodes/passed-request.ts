import { unavailable } from "../../lib/errors/errors.js";
import type { TwinRequest } from "../access/callers.js";
import type { SessionCookie } from "../access/session.js";

/** A request, as a node passes it on: plain data. */
export interface PassedRequest {
  /** The headers, of which the owner makes the context. */
  readonly head: readonly (readonly [name: string, value: string])[];
  readonly session: SessionCookie | null;
  readonly replaced: boolean;
  readonly fresh: boolean;
  /** The response can set no more cookies; `null`: there is none. */
  readonly late: boolean | null;
  readonly address: string | null;
  readonly client: string | null;
  /** The cookies of a form that a browser posts by itself, and whether the response's go over HTTPS alone. */
  readonly posted: readonly [cookies: string | null, secure: boolean] | null;
}

/** What the response to a request sets. */
export interface PassedCookies {
  readonly cookie?: string;
  readonly kept?: readonly string[];
}

/**
 * A request as data.
 * @throws EventError `UNAVAILABLE` for one whose headers are not known
 */
export function passedOf(request: TwinRequest): PassedRequest {
  const { address = null, client = null, cookie, cookies, fresh = false, head, late = false, replaced = false, secure = false, session = null } = request;
  if (!head) throw unavailable();
  return {
    head: [...head],
    session,
    replaced,
    fresh,
    late: cookie === undefined ? null : late,
    address,
    client,
    posted: cookies === undefined ? null : [cookies, secure],
  };
}

/** Makes the request of one that was passed on. `contextOf`: makes the app's context. */
export function requestFrom(passed: PassedRequest, contextOf: (head: Headers, session: string | undefined) => Promise<object>): TwinRequest {
  const { address, client, fresh, head: pairs, late, posted, replaced, session } = passed;
  const head = new Headers(pairs.map(([name, value]): [string, string] => [name, value]));
  let context: Promise<object> | undefined;
  return {
    session: session ?? undefined,
    replaced,
    fresh,
    head,
    ...(address !== null && { address }),
    ...(client !== null && { client }),
    ...(late !== null && { late, cookie: null }),
    ...(posted && { cookies: posted[0], secure: posted[1] }),
    context: () => {
      context ??= contextOf(head, session?.id);
      return context;
    },
  };
}

/** What the response is to set after all. */
export const cookiesOf = ({ cookie, kept }: TwinRequest): PassedCookies => ({ ...(typeof cookie === "string" && { cookie }), ...(kept && { kept }) });
