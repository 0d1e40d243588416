import type { openFace } from "../lib/live/faces.js";

interface Faces {
  /** Once it is loaded. */
  open: typeof openFace | undefined;
  load(): Promise<void>;
}

let loading: Promise<void> | undefined;

/** What MobX reacts to. It is loaded by those who ask for a live twin: a page that uses views alone does without. */
export const faces: Faces = {
  open: undefined,
  load() {
    loading ??= import("../lib/live/faces.js").then(({ openFace }) => {
      faces.open = openFace;
    });
    return loading;
  },
};
