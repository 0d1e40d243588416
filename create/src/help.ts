import { type Template, templates } from "./templates.js";

const rows = (all: readonly Template[]) => all.map(({ name, description }) => `                     ${name.padEnd(10)} ${description}`).join("\n");

/** What `--help` prints. */
export const help = (): string => `npm create twinstate@latest [name] -- [flags]

Makes a Next.js app with live state. What is not given is asked. With npm, flags stand after \`--\`.

  name               the app's name, and its folder: my-app, apps/shop, or . for this folder
  -t, --template T   what to begin with:
${rows(templates())}
  -y, --yes          asks nothing: what is not given is my-app, todo, with git and install
  --git, --no-git    makes a git repository with a first commit, or does not
  --install, --no-install
                     installs the packages, or does not
  --pm M             npm, pnpm, yarn or bun. By default the one that runs this
  --twinstate V      where the library comes from: a version, a tag, or file:../twinstate.tgz
  -h, --help         prints this
  -v, --version      prints the version`;
