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
