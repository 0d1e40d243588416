import { createInterface } from "node:readline/promises";
import { nobodyToAsk } from "../../lib/errors/command-errors.js";

/**
 * Asks a question, to which yes is the answer `y` or `yes`. Who ends the input or presses Ctrl+C has said no.
 * @throws StateError where nobody can be asked
 */
export async function agreed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw nobodyToAsk(question);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const left = new Promise<string>((resolve) => terminal.once("close", () => resolve("")));
  const answer = await Promise.race([terminal.question(`${question} [y/N] `).catch(() => ""), left]);
  terminal.close();
  const yes = /^y(es)?$/i.test(answer.trim());
  if (!yes) console.log("\nNothing was changed.");
  return yes;
}
