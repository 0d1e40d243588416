import type { Said } from "./model";

/** The time between two words, in ms. */
const PERIOD = 60;

/** Stands in for a model, so that the app runs at once. It repeats the last message, word by word. */
export async function* echo(said: readonly Said[], signal: AbortSignal): AsyncGenerator<string> {
  const last = said.at(-1)?.text ?? "";
  const answer = `You wrote: “${last}” I am no model: I repeat what you write, word by word. Name a real one by MODEL_URL, as the README says.`;
  for (const word of answer.split(/(?= )/)) {
    await new Promise((resolve) => setTimeout(resolve, PERIOD));
    signal.throwIfAborted();
    yield word;
  }
}
