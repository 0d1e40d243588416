import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { unknownTemplate } from "./trouble.js";

/** An app that is copied: a folder of `templates/`. */
export interface Template {
  readonly name: string;
  /** The line that describes it where one is chosen: the `description` of its package.json. */
  readonly description: string;
  readonly folder: string;
}

export const DEFAULT_TEMPLATE = "todo";

const FOLDER = fileURLToPath(new URL("../templates", import.meta.url));

export const templates = (): Template[] =>
  readdirSync(FOLDER)
    .sort()
    .map((name) => {
      const folder = join(FOLDER, name);
      const { description } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { description: string };
      return { name, description, folder };
    });

let packages: ReadonlySet<string> | undefined;

/** The packages that apps use: an app of such a name would be in the way of it. */
export function packagesOfApps(): ReadonlySet<string> {
  packages ??= new Set(
    templates().flatMap(({ folder }) => {
      const { dependencies, devDependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<string, object>;
      return Object.keys({ ...dependencies, ...devDependencies });
    }),
  );
  return packages;
}

/** @throws Trouble that lists those that there are */
export function templateOf(name: string): Template {
  const all = templates();
  const found = all.find((template) => template.name === name);
  if (!found)
    throw unknownTemplate(
      name,
      all.map((template) => template.name),
    );
  return found;
}
