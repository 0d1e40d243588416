/** What a client needs once it is connected. */

export { serves } from "./schema-compat.js";
export { Sender } from "./sender.js";
export { openStream } from "./streams.js";
