/** The parts that a connected client needs. */

export { Receiver } from "./receiver.js";
export { Sender } from "./sender.js";
export { openStream } from "./streams.js";
