import { setInterval } from "node:timers/promises";

/** The time between two words, in ms. */
const PERIOD = 10;
const MOST_WORDS = 2000;
const WORDS =
  "This model is made up: it needs no key and no network. It says the same words to everybody, a hundred in a second, and each of them travels alone. The text grows on the server, in every tab and on every device that has this chat open, and a page that is loaded in the middle goes on where the others are.".split(
    " ",
  );

/** Answers word by word, until the signal aborts. A number in the prompt is the count of words. */
export async function* answerTo(prompt: string, signal: AbortSignal): AsyncGenerator<string> {
  const count = Math.min(Number(/\d+/.exec(prompt)?.[0] ?? 2 * WORDS.length), MOST_WORDS);
  let said = 0;
  for await (const _ of setInterval(PERIOD, undefined, { signal })) {
    if (said === count) return;
    yield `${said === 0 ? "" : " "}${WORDS[said++ % WORDS.length]}`;
  }
}
