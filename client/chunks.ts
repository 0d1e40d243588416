/** Loads what a connected client needs: a page does so while it connects, after it is shown. */
export const loadOnline = () => import("./online.js");

/** Loads what opens sockets: only clients that want them do so. */
export const loadSockets = () => import("./socket.js").catch(() => undefined);

/** Loads what sends forms: only pages with forms do so. */
export const loadForms = () => import("./submit.js");

/** Loads what keeps fields in the browser: only pages of apps that have such fields do so. */
export const loadKeeper = () => import("./keeper.js");

/** Loads what keeps states and calls for pages without a network: only apps that ask for it do so. */
export const loadVault = () => import("./vault.js");

/** Loads what shows this tab to others: only pages with presence do so. */
export const loadPresence = () => import("./presence.js");
