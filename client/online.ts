/** What a client needs once it is connected. */

export { Receiver } from "./receiver.js";
export { Sender } from "./sender.js";
export { openStream } from "./streams.js";
