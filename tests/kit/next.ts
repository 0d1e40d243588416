import { AsyncLocalStorage } from "node:async_hooks";

/**
 * Runs code as Next runs a server component: inside a request with this cookie, so that `next/headers` works. These are Next's own
 * storages, which it fills in the same way.
 */
export async function inRequest<R>(
  headers: Readonly<Record<string, string>>,
  run: () => Promise<R>,
  type: "request" | "cache" | "prerender-runtime" = "request",
  renderSignal?: AbortSignal,
): Promise<R> {
  // Next's servers set it before anything else.
  (globalThis as { AsyncLocalStorage?: unknown }).AsyncLocalStorage ??= AsyncLocalStorage;
  const { workAsyncStorage } = await import("next/dist/server/app-render/work-async-storage.external.js");
  const { workUnitAsyncStorage } = await import("next/dist/server/app-render/work-unit-async-storage.external.js");
  const work = { route: "/", page: "/", isStaticGeneration: false, forceStatic: false, dynamicShouldError: false };
  const unit = { type, phase: "render", headers: new Headers(headers), renderSignal };
  return workAsyncStorage.run(work as never, () => workUnitAsyncStorage.run(unit as never, run));
}
