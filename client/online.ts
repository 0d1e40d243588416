/** What a client needs once it is connected. */
export { Sender } from "./sender.js";
export { readStream } from "./stream.js";
export { serves } from "./version.js";
