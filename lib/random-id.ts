declare const crypto: { getRandomValues(bytes: Uint8Array): Uint8Array };

const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz-";

/** A random id, also inside an event. */
export function randomId(): string {
  let id = "";
  for (const byte of crypto.getRandomValues(new Uint8Array(22))) id += LETTERS[byte & 63];
  return id;
}
