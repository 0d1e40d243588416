#!/usr/bin/env node
// The command `twinstate`.
import { unknownCommand } from "../lib/errors/command-errors.js";
import { ownPackage } from "./app/own-package.js";
import { type Command, UsageError } from "./terminal/command.js";
import { near } from "./terminal/near.js";
import { end, fail, ReaderGone, watchOutput } from "./terminal/output.js";

/** The commands, each loaded with its first use. */
const COMMANDS: Readonly<Record<string, readonly [summary: string, load: () => Promise<Command>]>> = {
  init: ["add twinstate to the Next app of this folder", async () => (await import("./commands/init.js")).init],
  doctor: ["look for what would go wrong in the app of this folder", async () => (await import("./commands/doctor.js")).doctor],
  storage: ["list, export or delete what is kept", async () => (await import("./commands/storage.js")).storage],
  events: ["list what clients can call", async () => (await import("./commands/events.js")).events],
  migrate: ["bring what is kept to the versions of the stores' classes", async () => (await import("./commands/migrate.js")).migrate],
  "deploy-files": ["write the files that bring the app onto a machine", async () => (await import("./commands/deploy-files.js")).deploy],
};

const OVERVIEW = `twinstate <command> [flags]

${Object.entries(COMMANDS)
  .map(([name, [summary]]) => `  ${name.padEnd(14)}${summary}`)
  .join("\n")}

\`twinstate <command> --help\` tells more of each. The docs are in node_modules/twinstate/docs.`;

/** Runs the command, and gives the exit code. */
async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    console.log(OVERVIEW);
    return 0;
  }
  if (name === "--version" || name === "-v") {
    console.log(ownPackage().version);
    return 0;
  }
  try {
    const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (!entry) throw new UsageError(unknownCommand(name, near(name, Object.keys(COMMANDS))));
    const found = await entry[1]();
    if (args.includes("--help") || args.includes("-h")) console.log(found.help);
    else return await found.run(args);
    return 0;
  } catch (error) {
    if (error instanceof ReaderGone) return 0;
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message} Try \`twinstate ${Object.hasOwn(COMMANDS, name) ? `${name} ` : ""}--help\`.`);
    return 2;
  }
}

watchOutput();
main(process.argv.slice(2)).then(end, fail);
