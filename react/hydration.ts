import { createContext } from "react";
import type { Twin, ViewedTwin } from "../client/twin.js";
import { createSnapshotMirror } from "../lib/mirror/snapshot-mirror.js";
import type { Snapshot } from "../lib/wire/codec.js";
import type { PreloadedStore } from "../server/call/preload.js";

/** An immutable view of a twin's state, with the twin's version at that time. */
export interface VersionedView {
  readonly version: number;
  readonly view: object;
}

/** One store of a preload. */
export type RenderedStore = Extract<PreloadedStore, { snapshot: unknown }>;

/** The stores that the HTML below was rendered from, by address, with the visitor at that time. */
export interface HydrationMap extends ReadonlyMap<string, RenderedStore> {
  readonly visitor?: string | undefined;
}

/** The map of the nearest `<TwinPreload>` or provider. */
export const HydrationContext = createContext<HydrationMap>(new Map());

const hydrationViews = new WeakMap<RenderedStore, { readonly twin: ViewedTwin; readonly state: VersionedView }>();

/** Remembers the view of a twin that has just been filled from `rendered`. */
export function recordHydration(twin: Twin, rendered: RenderedStore): void {
  if (twin.preloaded) hydrationViews.set(rendered, { twin, state: twin.preloaded });
}

/** The view that the page was rendered with. The twin may have another state by now. */
export function hydrationView(twin: ViewedTwin, rendered: RenderedStore | undefined): VersionedView {
  if (!rendered) return twin.preloaded ?? currentView(twin);
  let entry = hydrationViews.get(rendered);
  if (entry?.twin !== twin) {
    // The twin has never been in this state: several parts of a page may come with one store in several states.
    const mirror = createSnapshotMirror({ name: twin.store, models: twin.mirror.graph.models });
    mirror.applySnapshot(rendered.snapshot as Snapshot, false, rendered.volatile as Snapshot);
    entry = { twin, state: { version: -1, view: mirror.view() } };
    hydrationViews.set(rendered, entry);
  }
  return entry.state;
}

export const currentView = ({ version, mirror }: ViewedTwin): VersionedView => ({ version, view: mirror.view() });
