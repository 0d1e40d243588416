import { engine } from "../client/lazy-prediction.js";

/**
 * Whether an event without an answer has changed a value of a store, or something inside it: the change may still be refused. `todo.$pending` counts such
 * events.
 * @example <li style={{ opacity: isPending(item) ? 0.5 : 1 }}>{item.title}</li>
 */
export const isPending = (value: object): boolean => engine.isPending(value);
