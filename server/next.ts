import { type NextRequest, NextResponse } from "next/server.js";
import { asksForPage } from "./access/document.js";
import { createSessions, type SessionOptions, type Sessions } from "./access/session.js";

export interface ProxyOptions extends SessionOptions {
  /**
   * The address of the twin's route: the proxy leaves it alone.
   * @default "/api/twin"
   */
  route?: string;
}

/**
 * Makes a `proxy` with options: those of `createTwin({ session })`, where they are given there.
 * @example export const proxy = createProxy({ secret: process.env.SECRET });
 */
export function createProxy({ route = "/api/twin", ...options }: ProxyOptions = {}): (request: NextRequest) => NextResponse {
  let sessions: Sessions | undefined;
  return (request) => {
    if (!["GET", "HEAD"].includes(request.method) || !asksForPage(request.headers) || `${request.nextUrl.pathname}/`.startsWith(`${route}/`))
      return NextResponse.next();
    sessions ??= createSessions(options);
    const cookies = request.headers.get("cookie");
    const headers = new Headers(request.headers);
    // Headers of the app's own proxy, such as a nonce, go on to the page.
    if (sessions.read(cookies) !== undefined) return NextResponse.next({ request: { headers } });
    const session = sessions.create();
    // The page that is rendered now sees the session already.
    headers.set("cookie", sessions.withCookie(cookies, session));
    const response = NextResponse.next({ request: { headers } });
    response.headers.append("set-cookie", sessions.cookie(session));
    // A shared cache that kept this response would hand one session to everybody.
    response.headers.set("cache-control", "private, no-store");
    return response;
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
