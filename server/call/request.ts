import { inCache, outsideRequest } from "../../lib/errors/setup-errors.js";

/** The headers of each request, by Next's own: all who ask within one request get the same object. */
const copies = new WeakMap<object, Headers>();

/**
 * Gives the headers of the request that Next is rendering, or whose action it runs. They are read through the caller's own module graph: Next
 * keeps several graphs, and each has its own headers.
 */
export async function requestHeaders(what: string): Promise<Headers> {
  try {
    const [{ headers }, { connection }] = await Promise.all([import("next/headers.js"), import("next/server.js")]);
    // While Next prerenders, `connection()` waits for a request. Headers alone may be there earlier, but Next refuses random values, as ids are, before
    // there is a request.
    await connection();
    const own = await headers();
    const copy = copies.get(own) ?? new Headers(own);
    copies.set(own, copy);
    return copy;
  } catch (error) {
    const { message, digest } = error as { message?: unknown; digest?: unknown };
    if (typeof message === "string" && /use cache|unstable_cache/.test(message)) throw inCache(what, error);
    // An error with a digest is Next's own signal that a page cannot be prerendered.
    if (digest !== undefined) throw error;
    throw outsideRequest(what, error);
  }
}

/**
 * Lets a page that Next prerenders wait for a request, so that it is made for each one. What Next caches, and what a build asks before there are pages, goes on
 * at once, as everything outside of Next.
 */
export async function requestTime(): Promise<void> {
  // Next's servers and builds set it before anything else.
  if (!("AsyncLocalStorage" in globalThis)) return;
  const { workUnitAsyncStorage } = await import("next/dist/server/app-render/work-unit-async-storage.external.js");
  if (!workUnitAsyncStorage.getStore()?.type.startsWith("prerender")) return;
  await (await import("next/server.js")).connection();
}
