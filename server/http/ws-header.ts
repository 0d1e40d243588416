/** The size up to which a message and its header are one buffer, in bytes. */
const SHORT = 0xffff;

let last: Uint8Array | undefined;
let lastSealed: Buffer | undefined;

/**
 * A message as a WebSocket's line brings it, with its head, in one piece: so it is one write, where `ws` makes two of each, for each socket. What goes to
 * many sockets, one after the other, is put together once. `undefined` for what is long: it would have to be copied.
 */
export function sealed(message: Uint8Array, text: boolean): Buffer | undefined {
  const { length } = message;
  if (length > SHORT) return undefined;
  const first = text ? 0x81 : 0x82;
  if (message === last && lastSealed?.[0] === first) return lastSealed;
  const head = length < 126 ? [first, length] : [first, 126, length >> 8, length & 0xff];
  last = message;
  lastSealed = Buffer.concat([Buffer.from(head), message]);
  return lastSealed;
}
