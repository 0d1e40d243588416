import { type ParseArgsConfig, parseArgs } from "node:util";
import { badArguments, unknownFlag } from "../../lib/errors/command-errors.js";
import { near } from "./near.js";

type Flags = NonNullable<ParseArgsConfig["options"]>;
type Parsed<F extends Flags> = ReturnType<typeof parseArgs<{ options: F; allowPositionals: true; allowNegative: true }>>;

/** One command of `npx twinstate`. */
export interface Command {
  /** The text that `--help` prints. */
  readonly help: string;
  /**
   * Runs it with the arguments behind its name, and gives the exit code.
   * @throws StateError that names what is wrong
   */
  run(args: readonly string[]): Promise<number>;
}

/** The arguments are not those of the command: the exit code is 2, and `--help` is named. */
export class UsageError extends Error {}

/** Makes a command: its flags, as `parseArgs` of Node takes them, and what it does. */
export function command<const F extends Flags>(
  { help, flags }: { help: string; flags: F },
  run: (values: Parsed<F>["values"], positionals: string[]) => Promise<number>,
): Command {
  return {
    help,
    run(args) {
      const { values, positionals } = parse([...args], flags);
      return run(values, positionals);
    },
  };
}

function parse<const F extends Flags>(args: string[], flags: F): Parsed<F> {
  try {
    return parseArgs({ args, options: flags, allowPositionals: true, allowNegative: true }) as Parsed<F>;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const name = code === "ERR_PARSE_ARGS_UNKNOWN_OPTION" ? /'--?([^']+)'/.exec(message)?.[1] : undefined;
    // Node adds advice about positionals behind the first sentence.
    if (name === undefined) throw new UsageError(badArguments(message.split(/\.\s|\n/)[0] as string));
    throw new UsageError(unknownFlag(name, near(name, [...Object.keys(flags), "help"])));
  }
}
