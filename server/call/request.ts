import { inCache, outsideRequest } from "../../lib/errors/errors.js";

/**
 * The headers of the request that Next is rendering, or whose action it runs. Asked through the module graph of whoever asks: Next
 * keeps several, and each has its own.
 */
export async function requestHeaders(what: string): Promise<Headers> {
  try {
    const [{ headers }, { connection }] = await Promise.all([import("next/headers.js"), import("next/server.js")]);
    // Where Next renders ahead of requests, this waits for one. Its headers alone may be there before, and what is drawn by lot then, as ids are, is a mistake to Next.
    await connection();
    return new Headers(await headers());
  } catch (error) {
    const { message, digest } = error as { message?: unknown; digest?: unknown };
    if (typeof message === "string" && /use cache|unstable_cache/.test(message)) throw inCache(what, error);
    // With a digest it is Next's own way to say that a page cannot be prerendered.
    if (digest !== undefined) throw error;
    throw outsideRequest(what, error);
  }
}
