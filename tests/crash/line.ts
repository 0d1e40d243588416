import { setMaxListeners } from "node:events";

// What browsers say of their line. Clients ask at once when it is back: else they would, after so many breaks, come back ever later.
const line = new EventTarget();
// Each client listens.
setMaxListeners(0, line);
Object.assign(globalThis, { addEventListener: line.addEventListener.bind(line), removeEventListener: line.removeEventListener.bind(line) });

/** Has all clients of this process ask again. */
export const isBack = (): void => void line.dispatchEvent(new Event("online"));
