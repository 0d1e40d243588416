/** Something that the user can mend: its message says how. */
class Trouble extends Error {}

const EXAMPLE = "npm create twinstate@latest my-app";

export const unknownFlag = (flag: string, near: string | undefined) =>
  new Trouble(`\`${flag}\` is no flag.${near === undefined ? "" : ` Did you mean \`${near}\`?`} \`--help\` lists them all.`);

export const flagWithoutValue = (flag: string) => new Trouble(`\`${flag}\` needs a value, as in \`${flag}=…\`. \`--help\` lists what it takes.`);

export const flagWithValue = (flag: string) => new Trouble(`\`${flag}\` takes no value. \`--help\` lists what each flag takes.`);

export const bothFlags = (flag: string) => new Trouble(`\`--${flag}\` and \`--no-${flag}\` were both given. Give one of them.`);

export const manyNames = (names: readonly string[]) =>
  new Trouble(
    `An app has one name, and ${names.map((name) => `\`${name}\``).join(", ")} were given. npm keeps flags for itself, unless they stand after \`--\`: \`${EXAMPLE} -- --template todo\`.`,
  );

export const keptByNpm = (flags: string) => new Trouble(`npm has kept \`${flags}\` for itself: flags stand after \`--\`. Run \`${EXAMPLE} -- ${flags}\`.`);

export const unknownTemplate = (template: string, known: readonly string[]) =>
  new Trouble(`There is no template \`${template}\`. There are: ${known.map((name) => `\`${name}\``).join(", ")}.`);

export const unknownManager = (manager: string, known: readonly string[]) =>
  new Trouble(`\`--pm ${manager}\` is not known. Use one of: ${known.map((name) => `\`${name}\``).join(", ")}.`);

export const noName = () =>
  new Trouble(`The app needs a name, and nobody can be asked here: this is no terminal. Give it: \`${EXAMPLE}\`, or \`--yes\` for \`my-app\`.`);

export const badName = (name: string, why: string, instead: string | undefined) =>
  new Trouble(`\`${name}\` cannot be the name of a package: ${why}.${instead === undefined ? "" : ` Use \`${instead}\`.`}`);

export const fullFolder = (folder: string, found: readonly string[]) =>
  new Trouble(
    `\`${folder}\` is not empty: it has ${found
      .slice(0, 4)
      .map((name) => `\`${name}\``)
      .join(
        ", ",
      )}${found.length > 4 ? ` and ${found.length - 4} more` : ""}. Choose another name, or empty it. For an app that you have already, run \`npx twinstate init\` in it.`,
  );

export const noFolder = (folder: string) => new Trouble(`\`${folder}\` is a file. Choose another name.`);

export const notReadable = (folder: string, cause: string) => new Trouble(`\`${folder}\` cannot be looked into: ${cause}. Choose a folder of your own.`);

export const notWritable = (folder: string, cause: string) =>
  new Trouble(`\`${folder}\` cannot be written: ${cause}. Nothing is left behind. Choose a folder of your own.`);

export const badSource = (source: string) =>
  new Trouble(`\`--twinstate ${source}\` is no version and no place. Use a version (\`0.1.0\`), a tag (\`latest\`), or a file (\`file:../twinstate.tgz\`).`);

export const missingSource = (file: string) => new Trouble(`\`--twinstate\` names \`${file}\`, which is not there.`);
