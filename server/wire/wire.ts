import { encode } from "../../lib/wire/binary.js";
import type { Snapshot } from "../../lib/wire/codec.js";
import type { Message } from "../stream/connection.js";

/** How a stream is written. */
export interface Wire {
  /** Whether it goes over sockets as text. */
  readonly text: boolean;
  /** A message. What of it is long, and goes to many, is written once. */
  write(message: Message): Buffer;
  /** What a stream begins with. `heartbeat`: milliseconds between signs of life. */
  beginning(heartbeat: number): Buffer;
  /** A sign of life. */
  readonly ping: Buffer;
  /** What a stream ends with, where nothing has broken it. */
  readonly end: Buffer;
}

const NOTHING = Buffer.alloc(0);

/** Bytes: PROTOCOL.md §8. No message at all says that the line is alive. */
export const BINARY: Wire = {
  text: false,
  write(message) {
    const { buffer, byteOffset, byteLength } = encode(message[0] === "snapshot" ? message.with(6, snapshotBytes(message[6] as Snapshot)) : message);
    return Buffer.from(buffer, byteOffset, byteLength);
  },
  beginning: () => NOTHING,
  ping: NOTHING,
  end: NOTHING,
};

const written = new WeakMap<Snapshot, Uint8Array>();

function snapshotBytes(snapshot: Snapshot): Uint8Array {
  let bytes = written.get(snapshot);
  if (!bytes) {
    bytes = encode(snapshot);
    written.set(snapshot, bytes);
  }
  return bytes;
}
