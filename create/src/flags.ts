import { parseArgs } from "node:util";
import { near } from "../../cli/terminal/near.js";
import { MANAGERS, type Manager } from "./package-manager.js";
import { bothFlags, flagWithoutValue, flagWithValue, keptByNpm, manyNames, unknownFlag, unknownManager } from "./trouble.js";

/** What the command line says. What it leaves open is asked, or is the default. */
export interface Flags {
  readonly name: string | undefined;
  readonly template: string | undefined;
  readonly git: boolean | undefined;
  readonly install: boolean | undefined;
  readonly manager: Manager | undefined;
  /** Where the library comes from: a version, a tag or `file:…`. */
  readonly twinstate: string | undefined;
  readonly yes: boolean;
  readonly help: boolean;
  readonly version: boolean;
}

const OPTIONS = {
  template: { type: "string", short: "t" },
  yes: { type: "boolean", short: "y" },
  git: { type: "boolean" },
  "no-git": { type: "boolean" },
  install: { type: "boolean" },
  "no-install": { type: "boolean" },
  pm: { type: "string" },
  twinstate: { type: "string" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "v" },
} as const;

/** The flags of ours that npm has taken, where they did not stand after `--`: by the names under which it passes on what it has taken. */
const KEPT: readonly (readonly [name: string, flag: (value: string) => string | undefined])[] = [
  ["template", (value) => `--template ${value}`],
  ["pm", (value) => `--pm ${value}`],
  ["twinstate", (value) => `--twinstate ${value}`],
  ["install", (value) => (value === "" || value === "false" ? "--no-install" : "--install")],
  // npm has a setting of this name: the command of git.
  ["git", (value) => (value === "false" ? "--no-git" : undefined)],
];

function keptFlag(environment: NodeJS.ProcessEnv): string | undefined {
  const found = KEPT.flatMap(([name, flag]) => {
    const value = environment[`npm_config_${name}`];
    return value === undefined ? [] : (flag(value) ?? []);
  });
  return found.length === 0 ? undefined : found.join(" ");
}

/**
 * Reads the command line.
 * @param environment where npm puts the flags that it keeps for itself
 * @throws Trouble that names the flag and the way out
 */
export function readFlags(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Flags {
  const { values, positionals } = parsed(args);
  const kept = keptFlag(environment);
  if (kept !== undefined) throw keptByNpm(kept);
  const either = (flag: "git" | "install") => {
    if (values[flag] && values[`no-${flag}`]) throw bothFlags(flag);
    return values[`no-${flag}`] ? false : values[flag];
  };
  if (positionals.length > 1) throw manyNames(positionals);
  const { pm, template, twinstate, yes = false, help = false, version = false } = values;
  if (pm !== undefined && !isManager(pm)) throw unknownManager(pm, MANAGERS);
  return { name: positionals[0], template, git: either("git"), install: either("install"), manager: pm, twinstate, yes, help, version };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    const flag = /'(?:-\w, )?(-[^' ]*)/.exec(message)?.[1] ?? "";
    if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") throw unknownFlag(flag, nearest(flag));
    if (code === "ERR_PARSE_ARGS_INVALID_OPTION_VALUE") throw /does not take/.test(message) ? flagWithValue(flag) : flagWithoutValue(flag);
    throw error;
  }
}

const isManager = (name: string): name is Manager => (MANAGERS as readonly string[]).includes(name);

function nearest(flag: string): string | undefined {
  const found = near(flag.replace(/^-+/, ""), Object.keys(OPTIONS));
  return found === undefined ? undefined : `--${found}`;
}
