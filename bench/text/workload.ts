/** Workload A: an assistant's answer, token by token, in a list of messages. */
export interface Message {
  id: number;
  from: string;
  text: string;
  done: boolean;
}

export const MESSAGES = 200;
export const TOKENS = 1000;

const WORDS = ["the", "and", "for", "are", "but", "not", "you", "all", "any", "can", "had", "her"];

/** 1,000 tokens of four characters. */
export const tokens: readonly string[] = Array.from({ length: TOKENS }, (_, n) => ` ${WORDS[(n * 7 + (n >> 3)) % WORDS.length]}`);

/** A list whose last message has a text of so many characters. */
export function makeMessages(length: number): Message[] {
  return Array.from({ length: MESSAGES }, (_, id) => ({
    id,
    from: id % 2 ? "assistant" : "user",
    text: textOf(id, id === MESSAGES - 1 ? length : 200),
    done: false,
  }));
}

const textOf = (seed: number, length: number): string => {
  const words = Array.from({ length: Math.ceil(length / 4) }, (_, n) => ` ${WORDS[(seed + n * n) % WORDS.length]}`);
  return words.join("").slice(0, length);
};

/** What travels: text or bytes. */
export type Wire = string | Uint8Array;

export const bytesOf = (wire: Wire): number => (typeof wire === "string" ? Buffer.byteLength(wire) : wire.byteLength);

/** One library, used as its documentation recommends. */
export interface Peer<Source, Mirror> {
  build(messages: Message[]): Source;
  mirror(source: Source): Mirror;
  /** Appends to the text of a message. */
  say(source: Source, at: number, token: string): Wire;
  /** Puts a word into the middle of the text of a message. */
  insert(source: Source, at: number, index: number, word: string): Wire;
  toggle(source: Source, at: number): Wire;
  apply(mirror: Mirror, wire: Wire): void;
  text(side: Source | Mirror, at: number): string;
}
