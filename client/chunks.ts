/** What a client needs once it is connected: a page loads it while it connects, after it is shown. */
export const loadOnline = () => import("./online.js");

/** What opens sockets: it is loaded by those who want them. */
export const loadSockets = () => import("./socket.js").catch(() => undefined);

/** What sends forms: loaded by those who have some. */
export const loadForms = () => import("./submit.js");
