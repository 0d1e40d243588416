import type { openFace } from "../lib/live/faces.js";

interface LazyLive {
  /** `undefined` until it is loaded. */
  open: typeof openFace | undefined;
  load(): Promise<void>;
}

let loading: Promise<void> | undefined;

/** The live twins that MobX reacts to. The first `useLive…` loads them; a page with views alone never does. */
export const lazyLive: LazyLive = {
  open: undefined,
  load() {
    loading ??= import("../lib/live/faces.js").then(({ openFace }) => {
      lazyLive.open = openFace;
    });
    return loading;
  },
};
