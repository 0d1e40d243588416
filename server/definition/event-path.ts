/** An event as a procedure's path names it: `todo.add`, or `todo.Item.toggle`. */
export interface EventPath {
  readonly store: string;
  /** The name of the model whose event it is; `undefined` for an event of the store's own. */
  readonly model: string | undefined;
  /** Empty where the path has no dot: it names a store alone. */
  readonly event: string;
}

export function parseEventPath(path: string): EventPath {
  const [store = "", ...names] = path.split(".");
  const [model, event] = names;
  return names.length === 2 && event !== undefined ? { store, model, event } : { store, model: undefined, event: names.join(".") };
}

/** An event's name in its store: `add`, or `Item.toggle`. */
export const nameInStore = ({ model, event }: EventPath): string => (model === undefined ? event : `${model}.${event}`);
