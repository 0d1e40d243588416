import { createInterface } from "node:readline/promises";
import { nobodyToAsk } from "../../lib/errors/command-errors.js";

/**
 * Asks a question, to which yes is the answer `y` or `yes`.
 * @throws StateError where nobody can be asked
 */
export async function agreed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw nobodyToAsk(question);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`${question} [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}
