/** What a client needs once it is connected. */
export { Sender } from "./sender.js";
export { openStream } from "./streams.js";
export { serves } from "./version.js";
