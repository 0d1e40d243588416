declare const crypto: { getRandomValues(bytes: Uint8Array): Uint8Array };
declare const btoa: (text: string) => string;

/** A random id of 22 letters, digits, `-` and `_`, also inside an event. */
export const randomId = (): string => textId(crypto.getRandomValues(new Uint8Array(18)));

/** An id of 18 bytes. */
export const textId = (bytes: Iterable<number>): string =>
  btoa(String.fromCharCode(...bytes))
    .slice(0, 22)
    .replace(/[+/]/g, (letter) => (letter === "+" ? "-" : "_"));
