import { once } from "node:events";
import { commandCutOff, outputFailed } from "../../lib/errors/command-errors.js";

/** Whoever read the output has gone, as `| head` does. Nobody is served by more of it, and nothing is wrong. */
export class ReaderGone extends Error {}

let gone = false;
let ended = false;

/** Begins to watch the output: a reader that goes is no error, and a disk that is full is one. */
export function watchOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") gone = true;
    else fail(outputFailed(error));
  });
  process.stderr.on("error", () => {});
  // Modules of the app may fail after they are loaded, or end the process while the command is at work.
  process.on("uncaughtException", fail);
  process.once("exit", () => {
    if (ended) return;
    console.error(commandCutOff().message);
    process.exitCode = 1;
  });
}

/**
 * Writes a line, as fast as it is read.
 * @throws ReaderGone
 */
export async function writeLine(line: string): Promise<void> {
  if (gone) throw new ReaderGone();
  if (process.stdout.write(`${line}\n`)) return;
  await once(process.stdout, "drain").catch(() => {
    throw new ReaderGone();
  });
}

/** Ends the process with a code, once all that was written has been read. */
export function end(code: number): void {
  process.stdout.write("", () =>
    process.stderr.write("", () => {
      ended = true;
      process.exit(code);
    }),
  );
}

/** Names an error, and ends the process. */
export function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : String(error));
  end(1);
}
