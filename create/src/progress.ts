import type { Outcome } from "./package-manager.js";

/** Shows what goes on: a line for each step, and on a terminal a sign of life while a step takes long. */
export interface Progress {
  done(text: string): void;
  warn(text: string): void;
  /** Runs a step that takes long. */
  during(text: string, ended: string, work: Promise<Outcome>): Promise<Outcome>;
}

const FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";

export function progressOn(output: NodeJS.WriteStream): Progress {
  const done = (text: string) => void output.write(`✓ ${text}\n`);
  const warn = (text: string) => void output.write(`! ${text}\n`);
  return {
    done,
    warn,
    async during(text, ended, work) {
      const start = performance.now();
      const seconds = () => Math.round((performance.now() - start) / 1000);
      let frame = 0;
      if (!output.isTTY) output.write(`… ${text}\n`);
      const timer = output.isTTY ? setInterval(() => output.write(`\r\x1b[2K${FRAMES[frame++ % FRAMES.length]} ${text} ${seconds()} s`), 100) : undefined;
      const outcome = await work;
      clearInterval(timer);
      if (output.isTTY) output.write("\r\x1b[2K");
      if (outcome.ok) done(`${ended} in ${seconds()} s`);
      return outcome;
    },
  };
}
