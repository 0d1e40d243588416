import { messageOf, wrong as mistake } from "./errors.js";

// The wording of what goes wrong with `npx twinstate`. The command alone loads it.

const meant = (name: string | undefined) => (name === undefined ? "" : ` Did you mean \`${name}\`?`);

const wrong = (message: string, cause?: unknown) => mistake("COMMAND", message, cause);

export const unknownCommand = (name: string, near: string | undefined) => `\`${name}\` is no command of twinstate.${meant(near)}`;
export const unknownFlag = (name: string, near: string | undefined) =>
  `\`${name.length === 1 ? "-" : "--"}${name}\` is no flag of this command.${meant(near && `--${near}`)}`;
export const badArguments = (message: string) => `${message}.`;
export const unknownSubcommand = (command: string, name: string, near: string | undefined) =>
  `\`${command} ${name}\` is no command of twinstate.${meant(near && `${command} ${near}`)}`;
export const extraUrl = () => "`--url` does not go with `migrate`: the app's module names its storage. Set what it reads, such as `TWIN_FILE`.";
export const missingArgument = (what: string) => `${what} is missing.`;
export const strangeFlag = (flag: string, command: string) => `\`--${flag}\` does not go with \`${command}\`: leave it out.`;
export const extraArgument = (text: string) => `\`${text}\` is one argument too many.`;

export const nobodyToAsk = (question: string) => wrong(`Nobody can be asked here: "${question}" With \`--yes\` the answer is yes.`);

export const outputFailed = (cause: unknown) => wrong(`The output cannot be written: ${messageOf(cause)}. What is there is not whole.`, cause);
export const commandCutOff = () =>
  wrong("The command ended before its work was done: a module of the app has called `process.exit()` as it was loaded, or awaits what does not come.");

// --- apps ---

export const noAppHere = (folder: string) =>
  wrong(`${folder} has no \`package.json\` with \`next\`. Run \`twinstate\` in the folder of a Next app: \`npx create-next-app@latest\` makes one.`);
export const unreadableJson = (file: string, line: number) => wrong(`${file}:${line} is no JSON. Mend it first.`);
export const noJsonObject = (what: string) => wrong(`${what} is no object of JSON. Mend it first.`);
export const unreadableSource = (file: string, cause: unknown) =>
  wrong(`${file} cannot be read: ${messageOf(cause)}. Give yourself the right to, and run it again.`, cause);
export const notUtf8 = (file: string) => wrong(`${file} is not encoded as UTF-8: what could not be read would be lost. Save it as UTF-8, and run it again.`);
export const changedMeanwhile = (file: string) => wrong(`${file} has changed since the changes were shown. Nothing was written: run it again.`);
export const noRouter = (pages: boolean) =>
  wrong(
    `${pages ? "This app has the Pages Router alone" : "This app has no folder `app`"}: twinstate needs the App Router of Next. Add \`app/layout.tsx\` beside your pages, which go on to work, and run \`init\` once more.`,
  );
export const twinElsewhere = (route: string) =>
  wrong(
    `${route} has the handlers of a twin that no module of this app makes. Set up the rest by hand, as the README says: \`npx twinstate doctor\` names what is missing.`,
  );
export const oldNext = (version: string) =>
  wrong(`This app has Next ${version}, and twinstate needs 16 or newer: \`npx @next/codemod@latest upgrade latest\`.`);
export const noTypescriptApp = () =>
  wrong(
    "This app has no `tsconfig.json`: stores are classes with decorators, which need TypeScript. Make an empty `tsconfig.json`, run `npx next dev` once, which fills it, and then `init` again.",
  );
export const installFailed = (command: string, cause: Error | undefined) =>
  wrong(`The files are written, but \`${command}\` has failed${cause === undefined ? "" : ` (${cause.message})`}: run it once more.`, cause);

// --- the app's module ---

export const noTwin = (file: string) => wrong(`${file} exports no twin: give the module that calls \`createTwin\`, and export what it returns.`);
export const noTwinModule = (folder: string) =>
  wrong(`No module in ${folder} calls \`createTwin\`. Run the command in the folder of the app, or name the module: \`state/server.ts\`.`);
export const noModule = (file: string) => wrong(`There is no ${file}.`);
export const noSource = (file: string) =>
  wrong(`${file} is no module of TypeScript or JavaScript. Name the one that calls \`createTwin\`: \`state/server.ts\`.`);
export const manyTwinModules = (one: string, other: string) =>
  wrong(`${one} and ${other} both call \`createTwin\`. Say which one is meant, behind the command: \`${one}\`.`);
export const manyTwins = (file: string) => wrong(`${file} exports several twins. Give each a module of its own.`);
export const noTypescript = (file: string) =>
  wrong(`To read ${file}, \`tsx\` must be installed: \`npm install --save-dev tsx\`. Or give a module that is JavaScript already.`);
export const oldNode = (version: string) => wrong(`Loading the app's module needs Node 22.15 or newer; this is ${version}.`);
// The compiler of Next adds the stack of its own code.
export const fileNotCompiled = (file: string, cause: unknown) =>
  wrong(`${file} cannot be compiled: ${messageOf(cause).split("\n\nCaused by:")[0]?.trim()}`, cause);
export const notLoaded = (file: string, cause: unknown) =>
  wrong(
    `${file} cannot be loaded: ${sentence(messageOf(cause))} If something needs Next, import it where it is used, so that it is not loaded with the module.`,
    cause,
  );
const sentence = (text: string) => (/[.!?]\s*$/.test(text) ? text.trim() : `${text.trim()}.`);

// --- storages ---

export const manyStorages = () => wrong("`TWIN_FILE` and `REDIS_URL` are both set: say which storage is meant with `--url`.");
export const noStorageNamed = (file: string | undefined) =>
  wrong(
    `Which storage? Say \`--url ${file ?? "twin.db"}\` or \`--url redis://…\`, or set \`TWIN_FILE\` or \`REDIS_URL\`.${file === undefined ? "" : ` There is a ${file} here.`}`,
  );
export const noStorageFile = (file: string) => wrong(`There is no file ${file}.`);
export const storageFolder = (folder: string) => wrong(`${folder} is a folder. Name the file of \`sqlite()\` in it.`);
// The rest of an address may be a password.
export const unknownStorage = (protocol: string) =>
  wrong(`A storage is a file of \`sqlite()\`, \`redis://…\` or \`postgres://…\`. Of the one that was named, its protocol is \`${protocol}\`.`);
export const noInstance = (id: string) => wrong(`Nothing is kept under \`${id}\`: \`twinstate storage list\` shows the ids.`);
export const heldElsewhere = (id: string, node: string) =>
  wrong(
    `\`${id}\` is in use by the process \`${node}\`: delete it from the app, with \`twin.board.delete(key)\` or \`twin.$erase()\`, or when nobody uses it.`,
  );
