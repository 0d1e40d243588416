import type { openFace } from "../lib/live/faces.js";

interface LazyLive {
  /** `undefined` until it is loaded. */
  open: typeof openFace | undefined;
  load(): Promise<void>;
}

/**
 * The live twins that MobX reacts to. The first `useLive…` loads them; a page with views alone never does. Where that fails, `useLive…` shows views until the
 * next hook tries again.
 */
export const lazyLive: LazyLive = {
  open: undefined,
  load: () =>
    import("../lib/live/faces.js").then(
      ({ openFace }) => {
        lazyLive.open = openFace;
      },
      () => {},
    ),
};
