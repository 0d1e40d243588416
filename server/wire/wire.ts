import { encode } from "../../lib/wire/binary.js";
import type { Snapshot } from "../../lib/wire/codec.js";
import type { Message } from "../../lib/wire/protocol.js";

/** How a stream is written. */
export interface Wire {
  /** Sockets send it as text. */
  readonly text: boolean;
  /** Writes a message. A long part that goes to many is written once. */
  write(message: Message): Buffer;
  /** The bytes with which a stream begins. `heartbeat`: milliseconds between signs of life. */
  beginning(heartbeat: number): Buffer;
  /** A sign of life. */
  readonly ping: Buffer;
  /** The bytes with which a stream ends, where nothing has broken it. */
  readonly end: Buffer;
}

const NOTHING = Buffer.alloc(0);

/** Bytes: PROTOCOL.md §8. No message at all says that the line is alive. */
export const BINARY: Wire = {
  text: false,
  write(message) {
    const { buffer, byteOffset, byteLength } = encode(withBytes(message));
    return Buffer.from(buffer, byteOffset, byteLength);
  },
  beginning: () => NOTHING,
  ping: NOTHING,
  end: NOTHING,
};

/** The place of a snapshot in a message; below 0 where it has none. */
export const placeOfSnapshot = ([head]: Message): number => (head === "snapshot" ? 6 : head === "volatile" ? 4 : -1);

/** A message whose snapshot is in bytes already. */
function withBytes(message: Message): readonly unknown[] {
  const at = placeOfSnapshot(message);
  return at < 0 ? message : message.map((part, i) => (i === at ? bytesOf(part as Snapshot) : part));
}

const written = new WeakMap<Snapshot, Uint8Array>();

function bytesOf(snapshot: Snapshot): Uint8Array {
  let bytes = written.get(snapshot);
  if (!bytes) {
    bytes = encode(snapshot);
    written.set(snapshot, bytes);
  }
  return bytes;
}
