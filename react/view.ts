import type { Twin } from "../client/twin.js";
import { pinned, type Rendered } from "./hydration.js";
import { faces } from "./lazy-live.js";
import { TrackedView } from "./tracked-view.js";

/** What a hook gives to `useSyncExternalStore`. */
export interface ViewSource {
  subscribe(listener: () => void): () => void;
  /** The same value until it changes. */
  get(): unknown;
  /** As {@link get}, on the server and while a page hydrates: what the page was rendered with. */
  getServer(): unknown;
}

/** The views of a twin that one hook shows, one generation after the other. */
export function createView(twin: Twin, rendered: Rendered | undefined): ViewSource {
  let generation: TrackedView | undefined;
  let checked: number | undefined;
  return {
    subscribe: (listener) => subscribe(twin, listener),
    get() {
      // Not a view: the hook looks again, and waits or throws.
      if (twin.state !== "ready") return twin.error;
      if (twin.version !== checked) {
        checked = twin.version;
        if (!generation || generation.old) generation = new TrackedView(twin);
        generation.unpin();
      }
      return generation?.view;
    },
    getServer() {
      generation ??= new TrackedView(twin, pinned(twin, rendered));
      return generation.view;
    },
  };
}

/** The MobX mirror of a twin. It is a view until MobX's part is loaded, and while a page hydrates that shows an older state. */
export function createLive(twin: Twin, rendered: Rendered | undefined): ViewSource {
  const view = createView(twin, rendered);
  return {
    subscribe(listener) {
      if (!faces.open) void faces.load().then(listener);
      return view.subscribe(listener);
    },
    get() {
      if (twin.state !== "ready" || !faces.open) return view.get();
      twin.mirror.graph.open ??= faces.open;
      return twin.mirror.live;
    },
    getServer: view.getServer,
  };
}

/** What `select` makes of a view: the same value while it is equal. `last`: what the hook showed before this `select`. */
export function createSelection(twin: Twin, view: ViewSource, select: (view: unknown) => unknown, last: () => unknown): ViewSource {
  let from: unknown;
  let made: { readonly value: unknown } | undefined;
  const pick = (next: unknown): unknown => {
    if (!made || next !== from) {
      const before = made ? made.value : last();
      const value = select(next);
      // A view that is selected whole is compared by nobody, as that would read all of it.
      made = { value: value !== next && equal(before, value, DEPTH) ? before : value };
      from = next;
    }
    return made.value;
  };
  return {
    subscribe: view.subscribe,
    get: () => (twin.state === "ready" ? pick(view.get()) : twin.error),
    getServer: () => pick(view.getServer()),
  };
}

/** How deep selections are compared: views end it early, and their cycles need an end. */
const DEPTH = 4;

function subscribe(twin: Twin, listener: () => void): () => void {
  const stop = twin.subscribe(listener);
  const release = twin.use();
  return () => {
    stop();
    release();
  };
}

/** Whether two selections hold the same: plain objects and arrays by what is in them, so deep; all else by identity. */
function equal(a: unknown, b: unknown, depth: number): boolean {
  if (Object.is(a, b)) return true;
  if (depth === 0 || typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (!isPlain(a) || !isPlain(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key as never], b[key as never], depth - 1));
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null;
}
