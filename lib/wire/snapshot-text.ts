import type { Snapshot } from "./codec.js";

const texts = new WeakMap<Snapshot, string>();

/** A snapshot as JSON, made once: a store returns the same snapshot until its next commit. */
export function snapshotText(snapshot: Snapshot): string {
  let text = texts.get(snapshot);
  if (text === undefined) {
    text = JSON.stringify(snapshot);
    texts.set(snapshot, text);
  }
  return text;
}
