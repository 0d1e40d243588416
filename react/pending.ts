import { engine } from "../client/lazy-prediction.js";

/**
 * Whether an event that has no answer yet has changed a value of a store, or something in it: what is shown of it may still be refused. `todo.$pending` counts such events.
 * @example <li style={{ opacity: isPending(item) ? 0.5 : 1 }}>{item.title}</li>
 */
export const isPending = (value: object): boolean => engine.isPending(value);
