import { createContext } from "react";
import type { Twin } from "../client/twin.js";
import { createSnapshotMirror } from "../lib/mirror/snapshot-mirror.js";
import type { Snapshot } from "../lib/wire/codec.js";
import type { PreloadedStore } from "../server/call/preload.js";

/** A state of a twin, as an immutable view, with the twin's version that it is of. */
export interface Pinned {
  readonly version: number;
  readonly view: object;
}

export type Rendered = Extract<PreloadedStore, { snapshot: unknown }>;

/** What the HTML below was rendered from, by store and key, with the visitor that it knew of. */
export interface PinMap extends ReadonlyMap<string, Rendered> {
  readonly visitor?: string | undefined;
}

/** That of the nearest `<TwinPreload>`. */
export const Pins = createContext<PinMap>(new Map());

const pins = new WeakMap<Rendered, { readonly twin: Twin; readonly pin: Pinned }>();

/** The state of `rendered` as views of the twin that has just taken it. */
export function pin(twin: Twin, rendered: Rendered): void {
  if (twin.preloaded) pins.set(rendered, { twin, pin: twin.preloaded });
}

/** What the page was rendered with, for a twin that may be in another state by now. */
export function pinned(twin: Twin, rendered: Rendered | undefined): Pinned {
  if (!rendered) return twin.preloaded ?? now(twin);
  let known = pins.get(rendered);
  if (known?.twin !== twin) {
    // The twin has never been in this state: several parts of a page may come with one store in several states.
    const mirror = createSnapshotMirror({ name: twin.store, models: twin.mirror.graph.models });
    mirror.applySnapshot(rendered.snapshot as Snapshot);
    known = { twin, pin: { version: -1, view: mirror.view() } };
    pins.set(rendered, known);
  }
  return known.pin;
}

export const now = ({ version, mirror }: Twin): Pinned => ({ version, view: mirror.view() });
