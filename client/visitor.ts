import { decodeValue } from "../lib/wire/value-codec.js";

/** The context's `visitor` as it came: the text of an encoded value, which can be compared. */
export interface Visiting {
  readonly text?: string | undefined;
}

export const decodeVisitor = ({ text }: Visiting): unknown => text && decodeValue(JSON.parse(text));
