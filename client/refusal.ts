import { type EventError, refusal } from "../lib/errors/errors.js";
import type { Encoded } from "../lib/wire/codec.js";
import type { RefusalParts } from "../lib/wire/protocol.js";
import { decodeValue } from "../lib/wire/value-codec.js";

/** The refusal that the server has answered; `undefined` where it has not answered. */
export function refusalOf(error: unknown): EventError | undefined {
  const { data, message } = error as { data?: { code?: unknown; data?: unknown; value: Encoded }; message: string };
  return typeof data?.code === "string" ? toldBy([data.code, message, data.value], data.data) : undefined;
}

/** Tells whether the server asks for the same call again, under the same number. */
export const isAgain = (error: unknown): boolean => (error as { data?: { again?: boolean } }).data?.again === true;

/** A refusal as the server tells it: its data as an encoded value. `plain`: where that would say no more. */
export const toldBy = ([code, message, value]: RefusalParts, plain?: unknown): EventError => refusal(code, message, value ? decodeValue(value) : plain);
