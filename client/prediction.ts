export { isPending, Predictions } from "../lib/predictions.js";

/** Resolves when what stands on the page now is on the screen; at once where there is none, or nobody looks at it. */
export function painted(): Promise<void> {
  return new Promise((resolve) => {
    if (globalThis.document?.visibilityState !== "visible") return resolve();
    const done = () => {
      document.removeEventListener("visibilitychange", done);
      resolve();
    };
    // A page that is hidden meanwhile gets no frames.
    document.addEventListener("visibilitychange", done);
    requestAnimationFrame(() => setTimeout(done));
  });
}
