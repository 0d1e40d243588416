import { StateError } from "./errors.js";

// The wording of what goes wrong with `twinstate deploy-files`. The command alone loads it.

const wrong = (message: string) => new StateError("BAD_OPTION", message);

export const noNextApp = (folder: string) => wrong(`${folder} has no \`package.json\` with \`next\`. Run \`twinstate deploy-files\` in the folder of the app.`);
export const badPackage = (file: string, why: string) => wrong(`${file} cannot be read: ${why}.`);
export const noLockFile = (folder: string) =>
  wrong(
    `${folder} has no lock file, by which an image installs what you have: run \`npm install\`, or that of pnpm, yarn or bun, first. For a package of a workspace, whose lock file stands above, write the files by hand.`,
  );
export const manyLockFiles = (files: readonly string[]) =>
  wrong(
    `${files.map((file) => `\`${file}\``).join(" and ")} are of different package managers: remove what you do not use, or set \`packageManager\` in package.json.`,
  );
export const unknownTarget = (target: string) => wrong(`\`${target}\` is no place that files are written for: say \`compose\` or \`systemd\`.`);
export const unknownProxy = (proxy: string) => wrong(`\`--proxy ${proxy}\` is not known: say \`caddy\` or \`nginx\`.`);
export const badNodes = (nodes: string) => wrong(`\`--nodes ${nodes}\` is no number from 1 to 16.`);
export const changedFiles = (files: readonly string[]) =>
  wrong(
    `Nothing was written: ${files.map((file) => `\`${file}\``).join(", ")} ${files.length === 1 ? "has" : "have"} other text than would be written. With \`--force\` it is replaced; git keeps what was committed.`,
  );
export const unwritable = (file: string, why: string) => wrong(`\`${file}\` cannot be written: ${why}. Nothing was changed.`);
