import type { Twin, ViewedTwin } from "../client/twin.js";
import { hydrationView, type RenderedStore } from "./hydration.js";
import { lazyLive } from "./lazy-live.js";
import { TrackedView } from "./tracked-view.js";

/** The arguments of `useSyncExternalStore` in a hook. */
export interface ViewSource {
  subscribe(listener: () => void): () => void;
  /** Gives the same value until it changes. */
  get(): unknown;
  /** Gives what the page was rendered with. React calls it instead of {@link get} on the server and while a page hydrates. */
  getServer(): unknown;
}

/** The views of a twin, or of a local store, that one hook shows, one after the other. */
export function createView(twin: ViewedTwin, rendered: RenderedStore | undefined): ViewSource {
  let tracked: TrackedView | undefined;
  let checkedVersion: number | undefined;
  return {
    subscribe: (listener) => subscribe(twin, listener),
    get() {
      // The error is no view: the hook renders again, and waits or throws.
      if (twin.state !== "ready") return twin.error;
      if (twin.version !== checkedVersion) {
        checkedVersion = twin.version;
        if (!tracked || tracked.stale) tracked = new TrackedView(twin);
        tracked.endHydration();
      }
      return tracked?.view;
    },
    getServer() {
      tracked ??= new TrackedView(twin, hydrationView(twin, rendered));
      return tracked.view;
    },
  };
}

/** The MobX mirror of a twin. Until MobX is loaded, and while a page with an older state hydrates, it is a view. */
export function createLive(twin: Twin, rendered: RenderedStore | undefined): ViewSource {
  const view = createView(twin, rendered);
  return {
    subscribe(listener) {
      if (!lazyLive.open) void lazyLive.load().then(listener);
      return view.subscribe(listener);
    },
    get() {
      if (twin.state !== "ready" || !lazyLive.open) return view.get();
      twin.mirror.graph.open ??= lazyLive.open;
      return twin.mirror.live;
    },
    getServer: view.getServer,
  };
}

/** The result of `select` on a view: the same value while it is equal. `last` gives what the hook showed before this `select`. */
export function createSelection(twin: Twin, view: ViewSource, select: (view: unknown) => unknown, last: () => unknown): ViewSource {
  let selectedFrom: unknown;
  let selected: { readonly value: unknown } | undefined;
  const pick = (next: unknown): unknown => {
    if (!selected || next !== selectedFrom) {
      const before = selected ? selected.value : last();
      const value = select(next);
      // A whole view is never compared, as that would read all of its fields.
      selected = { value: value !== next && equal(before, value, DEPTH) ? before : value };
      selectedFrom = next;
    }
    return selected.value;
  };
  return {
    subscribe: view.subscribe,
    get: () => (twin.state === "ready" ? pick(view.get()) : twin.error),
    getServer: () => pick(view.getServer()),
  };
}

/** How many levels deep selections are compared. Views are mostly identical or not, and cycles need an end. */
const DEPTH = 4;

function subscribe(twin: ViewedTwin, listener: () => void): () => void {
  const stop = twin.subscribe(listener);
  const release = twin.use();
  return () => {
    stop();
    release();
  };
}

/** Whether two selections are equal. Plain objects and arrays are compared by content, to `depth`; all other values by identity. */
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
