import { relative } from "node:path";
import { version as libraryVersion } from "../../package.json";
import { version } from "../package.json";
import { type Answers, answersTo } from "./answers.js";
import { appFiles, writeApp } from "./app-files.js";
import { readFlags } from "./flags.js";
import { makeRepository } from "./git.js";
import { help } from "./help.js";
import { NEEDED, reaches } from "./node-version.js";
import { runIn, runScript } from "./package-manager.js";
import { type Progress, progressOn } from "./progress.js";

/** Runs the command, and gives its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const flags = readFlags(args, process.env);
    if (flags.help || flags.version) {
      console.log(flags.help ? help() : version);
      return 0;
    }
    const progress = progressOn(process.stdout);
    const current = process.versions.node;
    const runs = reaches(current, NEEDED.app);
    if (!runs) progress.warn(`This is Node ${current}. The app needs Node ${NEEDED.app} or newer: install it before you start the app (https://nodejs.org).`);
    const answers = await answersTo(flags, libraryVersion);
    return answers === undefined ? 130 : await make(answers, progress, runs);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

/** Makes the app. What fails after its files are written leaves them there, and is said. */
async function make(answers: Answers, progress: Progress, runs: boolean): Promise<number> {
  const { place, template, manager } = answers;
  const files = appFiles(template, place.name, answers.library, manager);
  writeApp(place, files);
  const shown = relative(process.cwd(), place.folder);
  progress.done(`${files.size} files in ${shown || "this folder"}, from the template ${template.name}`);
  const installed = answers.install ? await install(answers, progress) : undefined;
  if (answers.git) {
    const failed = await makeRepository(place.folder);
    if (failed === undefined) progress.done("A git repository with a first commit");
    else progress.warn(`${failed}. The app is whole without it: run it in its folder once that is mended.`);
  }
  const commands = [
    ...(shown === "" ? [] : [`cd ${/^[\w./@-]+$/.test(shown) ? shown : JSON.stringify(shown)}`]),
    ...(installed === true ? [] : [`${manager} install`]),
    runScript(manager, "dev"),
  ];
  console.log(`\nNext:\n\n${commands.map((command) => `  ${command}`).join("\n")}\n`);
  if (!runs) console.log(`The last one with Node ${NEEDED.app} or newer. README.md says more.\n`);
  return installed === false ? 1 : 0;
}

/** Whether the packages were installed. */
async function install({ place, manager }: Answers, progress: Progress): Promise<boolean> {
  const { ok, said } = await progress.during(`Installing with ${manager}`, `Installed with ${manager}`, runIn(place.folder, manager, ["install"]));
  if (!ok) {
    progress.warn(`\`${manager} install\` failed. The app is there: run it again in its folder. It said:`);
    console.error(said.trim().split("\n").slice(-20).join("\n"));
  }
  return ok;
}
