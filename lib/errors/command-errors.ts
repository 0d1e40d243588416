import { wrong } from "./errors.js";

// The wording of what goes wrong with `npx twinstate`. The command alone loads it.

const meant = (name: string | undefined) => (name === undefined ? "" : ` Did you mean \`${name}\`?`);

export const unknownCommand = (name: string, near: string | undefined) => `\`${name}\` is no command of twinstate.${meant(near)}`;
export const unknownFlag = (name: string, near: string | undefined) =>
  `\`${name.length === 1 ? "-" : "--"}${name}\` is no flag of this command.${meant(near && `--${near}`)}`;
export const badArguments = (message: string) => `${message}.`;
export const missingArgument = (what: string) => `${what} is missing.`;
export const extraArgument = (text: string) => `\`${text}\` is one argument too many.`;

export const noTwin = (file: string) => wrong(`${file} exports no twin: give the module that calls \`createTwin\`, and export what it returns.`);
export const noTypescript = (file: string) =>
  wrong(`To read ${file}, \`tsx\` must be installed: \`npm install --save-dev tsx\`. Or give a module that is JavaScript already.`);
export const nobodyToAsk = (question: string) => wrong(`Nobody can be asked here: "${question}" With \`--yes\` the answer is yes.`);
