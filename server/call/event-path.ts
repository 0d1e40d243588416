/** An event as a procedure's path names it: `todo.add`. */
export interface EventPath {
  readonly store: string;
  /** Empty where the path has no dot: it names a store alone. */
  readonly event: string;
}

export function parseEventPath(path: string): EventPath {
  const dot = path.indexOf(".");
  return dot < 0 ? { store: path, event: "" } : { store: path.slice(0, dot), event: path.slice(dot + 1) };
}
