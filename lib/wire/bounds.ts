// The bounds of values, for both ends: a writer refuses what lies beyond them, so a reader finds nothing that it has to refuse.

/** The digits of a bigint: making the number from its text takes time that grows faster than the text. */
export const DIGITS = 10_000;
/** The UTF-16 units of a string, a name or a URL: as JSON, with all of it escaped, it still fits into a string. */
export const LONGEST_TEXT = 2 ** 26;
/** The bytes of a buffer. */
export const BYTES = 2 ** 26;
/** The UTF-16 units of a RegExp's source. */
export const PATTERN = 10_000;
/** How deep a value may be nested that enters at once. */
export const DEPTH = 1000;
/** The containers of one group, and the items of a column that is not written out. */
export const CONTAINERS = 10_000_000;
/** The containers of an answer. */
export const ANSWER = 250_000;
/** Longer names take no number: they are rather keys of data than names of a program. */
export const NAME = 20;
/** So many names take numbers. */
export const NAMES = 1024;

const count = (bound: number) => bound.toLocaleString("en");

/** The part of a value that lies beyond a bound, in the words of messages. */
export function excessOf(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return value.length > LONGEST_TEXT ? `a string of more than ${count(LONGEST_TEXT)} characters` : undefined;
    case "bigint":
      return isLong(value) ? `a bigint of more than ${count(DIGITS)} digits` : undefined;
    case "object":
      return value === null ? undefined : excessOfLeaf(value);
    default:
      return undefined;
  }
}

function excessOfLeaf(value: object): string | undefined {
  if (value instanceof RegExp) return value.source.length > PATTERN ? `a RegExp of more than ${count(PATTERN)} characters` : undefined;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength > BYTES ? `more than ${count(BYTES)} bytes in one buffer` : undefined;
  return excessOf((value as { href?: unknown }).href) && `a URL of more than ${count(LONGEST_TEXT)} characters`;
}

let longest: bigint | undefined;

/** Tells whether a bigint has too many digits, without its text, which takes long to make. */
function isLong(value: bigint): boolean {
  longest ??= BigInt(10) ** BigInt(DIGITS);
  return value >= longest || value <= -longest;
}
