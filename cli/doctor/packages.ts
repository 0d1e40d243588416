import { readdirSync, realpathSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { type NextApp, textOf } from "../app/next-app.js";
import { ownPackage } from "../app/own-package.js";
import { type Check, type Finding, lineAt } from "./case.js";

/** The first version of Node that twinstate works with. */
const NODE = 22;

/** What runs the app here, and what a file says that runs it elsewhere. */
export const node: Check = ({ app }) => {
  const running = Number(process.versions.node.split(".")[0]);
  const here: Finding[] = running < NODE ? [oldNode("package.json", process.versions.node)] : [];
  const elsewhere = [".nvmrc", ".node-version", "Dockerfile"].flatMap((file) => {
    const text = app.read(file) ?? "";
    const named = file === "Dockerfile" ? /^FROM node:(\d+)/m.exec(text) : /^\s*v?(\d+)/.exec(text);
    return named && Number(named[1]) < NODE ? [oldNode(`${file}:${lineAt(text, named.index)}`, named[1] as string)] : [];
  });
  return [...here, ...elsewhere];
};

const oldNode = (where: string, version: string): Finding => ({
  where,
  what: `Node ${version} runs the app, and twinstate needs 22.13 or newer.`,
  fix: "Use Node 24.",
});

/** The packages that twinstate works with, in versions that it knows. */
export const peers: Check = ({ app }) => {
  const { peerDependencies } = ownPackage();
  return ["twinstate", "mobx", "@trpc/client", "@trpc/server", "next", "react"].flatMap((name) => {
    const range = peerDependencies[name];
    const asked = app.dependency(name);
    const line = app.manifest.at("dependencies", name)?.line ?? app.manifest.at("devDependencies", name)?.line;
    if (asked === undefined) return [{ where: "package.json", what: `\`${name}\` is not among the dependencies.`, fix: `npm install ${name}` }];
    const found = installed(app, name);
    if (found && found.version === undefined)
      return [
        {
          where: `${relative(app.folder, found.folder)}/package.json`,
          what: `The installed \`${name}\` is broken: it has no version.`,
          fix: "Remove node_modules, and install anew.",
        },
      ];
    const version = found?.version ?? /\d+(\.\d+)*/.exec(asked)?.[0];
    if (range === undefined || version === undefined || satisfies(version, range)) return [];
    return [{ where: `package.json:${line}`, what: `\`${name}\` ${version} does not fit: twinstate needs ${range}.`, fix: `npm install "${name}@${range}"` }];
  });
};

/** Two copies of a package do not know each other's objects. */
export const copies: Check = ({ app }) =>
  (
    [
      ["mobx", "`observer` and `reaction` of one do not notice what the other changes"],
      ["twinstate", "a provider of one is not found by the hooks of the other"],
    ] as const
  ).flatMap(([name, harm]) => {
    const found = copiesOf(app, name);
    if (found.length < 2) return [];
    const places = found.map(({ folder, version }) => `${relative(app.folder, folder).replaceAll("\\", "/")} (${version ?? "broken"})`);
    return [
      {
        where: places[1] as string,
        what: `There are ${found.length} copies of \`${name}\`, ${places.join(" and ")}: ${harm}.`,
        fix: `npm dedupe, or "overrides": { "${name}": "$${name}" } in package.json, and install anew.`,
      },
    ];
  });

interface Installed {
  readonly folder: string;
  /** `undefined`: its `package.json` does not say, so it was not installed to the end. */
  readonly version: string | undefined;
}

/** The package as the app finds it: in its folder, or in one above. */
function installed(app: NextApp, name: string): Installed | undefined {
  for (let folder = app.folder; ; folder = dirname(folder)) {
    const found = packageAt(join(folder, "node_modules", name));
    if (found || folder === dirname(folder)) return found;
  }
}

function packageAt(folder: string): Installed | undefined {
  const text = textOf(join(folder, "package.json"));
  if (text === undefined) return undefined;
  return { folder: realpathSync(folder), version: versionIn(text) };
}

function versionIn(manifest: string): string | undefined {
  try {
    const { version } = Object(JSON.parse(manifest)) as { version?: unknown };
    return typeof version === "string" ? version : undefined;
  } catch {
    return undefined;
  }
}

/** All copies of a package: the app's, and those that packages of the app have for themselves. */
function copiesOf(app: NextApp, name: string): Installed[] {
  const modules = join(app.folder, "node_modules");
  const others = packagesIn(modules).flatMap((folder) => packageAt(join(folder, "node_modules", name)) ?? []);
  const all = [installed(app, name) ?? [], ...others].flat();
  return all.filter(({ folder }, i) => all.findIndex((one) => one.folder === folder) === i);
}

function packagesIn(modules: string): string[] {
  return namesIn(modules).flatMap((name) => {
    const folder = join(modules, name);
    return name.startsWith("@") ? namesIn(folder).map((inner) => join(folder, inner)) : name.startsWith(".") ? [] : [folder];
  });
}

const namesIn = (folder: string) => (statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(folder) : []);

/** Whether a version is in a range of ours: of `^`, `>=` and `||`. */
function satisfies(version: string, range: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return range.split("||").some((part) => {
    const [, kind, wantedMajor, wantedMinor = "0"] = /^\s*(\^|>=)\s*(\d+)(?:\.(\d+))?/.exec(part) ?? [];
    if (kind === "^") return major === Number(wantedMajor) && minor >= Number(wantedMinor);
    return major > Number(wantedMajor) || (major === Number(wantedMajor) && minor >= Number(wantedMinor));
  });
}
