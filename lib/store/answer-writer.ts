import { valueTooLarge } from "../errors/errors.js";
import { isState } from "../view/view.js";
import { ANSWER, CONTAINERS, LONGEST_TEXT } from "../wire/bounds.js";
import type { Slot } from "../wire/codec.js";
import { encodeValue, ValueWriter } from "../wire/value-codec.js";

/** Writes the return value or a yield of an event. The size is bounded, as getters and Proxies may be endless. */
export class AnswerWriter extends ValueWriter {
  #characters = 0;

  override slot(value: unknown): Slot {
    if (this.queue.length > ANSWER) throw valueTooLarge(ANSWER, "objects");
    if (Array.isArray(value) && value.length > CONTAINERS) throw valueTooLarge(CONTAINERS, "items");
    const slot = super.slot(value);
    const text = typeof slot === "object" ? slot?.[2] : slot;
    if (typeof text === "string" && (this.#characters += text.length) > LONGEST_TEXT) throw valueTooLarge(LONGEST_TEXT, "characters");
    return slot;
  }
}

/**
 * Checks the return value or a yield of an event, so that it is refused before anything is committed. State can always be sent.
 * @throws StateError `NOT_SENT`
 */
export const checkAnswer = (value: unknown): void => void encodeValue(value, new AnswerCheck());

class AnswerCheck extends AnswerWriter {
  override slot(value: unknown): Slot {
    return isState(value) ? null : super.slot(value);
  }
}
