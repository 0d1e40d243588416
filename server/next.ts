import { NextRequest, NextResponse } from "next/server.js";
import { asksForPage } from "./access/document.js";
import { createSessions, type SessionOptions, type Sessions } from "./access/session.js";

/** The options of `createProxy`. */
export interface ProxyOptions extends SessionOptions {
  /**
   * The address of the twin's route: the proxy leaves it alone.
   * @default "/api/twin"
   */
  route?: string | undefined;
}

/**
 * Makes a `proxy` with options: those of `createTwin({ session })`, where they are given there.
 * @example export const proxy = createProxy({ secret: process.env.SECRET });
 */
export function createProxy(options: ProxyOptions = {}): (request: NextRequest) => NextResponse {
  const begin = sessionStarter(options);
  return (request) => {
    const session = begin(request);
    if (session) return session.on(NextResponse.next({ request: { headers: session.headers } }));
    // Headers of the app's own proxy, such as a nonce, go on to the page.
    return isForPage(request) ? NextResponse.next({ request: { headers: new Headers(request.headers) } }) : NextResponse.next();
  };
}

/** What an app's own proxy gives: a response, or nothing for "go on". */
export type ProxyResult = Response | null | undefined | void;

/**
 * Makes one proxy of the app's own and that of twinstate. The app's own runs first, and sees the new session's cookie. Where it ends the request, by a redirect
 * or a response of its own, no session begins.
 * @example
 * export const proxy = withSession(function proxy(request: NextRequest) {
 *   if (request.nextUrl.pathname === "/old") return NextResponse.redirect(new URL("/new", request.url));
 * });
 */
export function withSession<Rest extends readonly unknown[]>(
  own: (request: NextRequest, ...rest: Rest) => ProxyResult | Promise<ProxyResult>,
  options: ProxyOptions = {},
): (request: NextRequest, ...rest: Rest) => Promise<Response> {
  const begin = sessionStarter(options);
  return async (request, ...rest) => {
    const session = begin(request);
    const response = (await own(session ? new NextRequest(request, { headers: session.headers }) : request, ...rest)) ?? NextResponse.next();
    if (!session || !(response.headers.has("x-middleware-next") || response.headers.has("x-middleware-rewrite"))) return response;
    for (const [name, value] of NextResponse.next({ request: { headers: session.seen(response.headers) } }).headers) response.headers.set(name, value);
    if (response.headers.has("x-middleware-rewrite")) response.headers.delete("x-middleware-next");
    return session.on(response);
  };
}

/** A session that begins with a request. */
interface NewSession {
  /** The headers of the request, with the session's cookie: the page that is rendered now sees the session already. */
  readonly headers: Headers;
  /** The headers that the page sees where the app's own proxy has set some, as Next writes them into its response. */
  seen(response: Headers): Headers;
  /** Puts the cookie into the response. A shared cache that kept this response would hand one session to everybody. */
  on<R extends Response>(response: R): R;
}

const isForPage = (request: NextRequest) => ["GET", "HEAD"].includes(request.method) && asksForPage(request.headers);

/** Gives a new session to each request for a page that has none. */
function sessionStarter({ route = "/api/twin", ...options }: ProxyOptions): (request: NextRequest) => NewSession | undefined {
  let sessions: Sessions | undefined;
  return (request) => {
    if (!isForPage(request) || `${request.nextUrl.pathname}/`.startsWith(`${route}/`)) return undefined;
    const made = (sessions ??= createSessions(options));
    if (made.read(request.headers.get("cookie")) !== undefined) return undefined;
    const id = made.create();
    const withCookie = (headers: Headers) => {
      headers.set("cookie", made.withCookie(headers.get("cookie"), id));
      return headers;
    };
    return {
      headers: withCookie(new Headers(request.headers)),
      seen(response) {
        const names = response.get("x-middleware-override-headers");
        const own = names?.split(",").map((name) => [name, response.get(`x-middleware-request-${name}`) ?? ""] as [string, string]);
        return withCookie(new Headers(own ?? request.headers));
      },
      on(response) {
        response.headers.append("set-cookie", made.cookie(id));
        response.headers.set("cache-control", "private, no-store");
        return response;
      },
    };
  };
}

/**
 * Gives each visitor a session with the very first page. In `proxy.ts`:
 * @example
 * export { proxy } from "twinstate/next";
 * export const config = { matcher: "/((?!api|_next/static|_next/image|.*\\..*).*)" };
 */
export const proxy = createProxy();

export { createRevalidate, type RevalidateOptions, revalidate } from "./next-cache.js";
export type { Revalidate } from "./revalidate.js";
