import type { Encoded } from "../../lib/wire/codec.js";
import { decodeValue, encodeValue } from "../../lib/wire/value-codec.js";
import { plainOf } from "../wire/plain-values.js";

/** How many objects and lists server code may pass. */
const MOST_HANDED = 1_000_000;

/** The arguments of a call of server code, as they were passed: what the caller does to them later must not change them. */
export class GivenArguments {
  /** The arguments where all of them are texts, numbers and the like. Nobody can change these, so they are encoded for another node alone. */
  readonly #simple: readonly unknown[] | undefined;
  #encoded: Encoded | undefined;

  constructor(args: readonly unknown[]) {
    if (args.every(isSimple)) this.#simple = [...args];
    else this.#encoded = encodeValue(plainOf(args, MOST_HANDED));
  }

  get encoded(): Encoded {
    this.#encoded ??= encodeValue(this.#simple);
    return this.#encoded;
  }

  /** The arguments for an event. */
  copy(): unknown {
    return this.#simple ?? decodeValue(this.encoded);
  }
}

const SIMPLE: ReadonlySet<string> = new Set(["string", "number", "boolean", "undefined"]);
const isSimple = (value: unknown): boolean => value === null || SIMPLE.has(typeof value);
