import { existsSync, readdirSync } from "node:fs";
import { builtinModules } from "node:module";
import { basename, relative, resolve } from "node:path";
import { packagesOfApps } from "./templates.js";
import { badName, fullFolder, noFolder, notReadable } from "./trouble.js";

/** Where an app comes to be, and what it is called. */
export interface Place {
  readonly folder: string;
  readonly name: string;
}

/** What may be in a folder before the app. */
const HARMLESS = new Set([".git", ".DS_Store", "Thumbs.db"]);
/**
 * The place that a name or a path stands for: `my-app`, `apps/shop`, `@acme/web`, `.`.
 * @throws Trouble if the name cannot be a package's, or if something is there already
 */
export function placeOf(given: string, from: string): Place {
  const text = given.trim();
  const folder = resolve(from, text === "" ? " " : text);
  const name = /^@[^/\\]+\/[^/\\]+$/.test(text) ? text : text === "" ? "" : basename(folder);
  const why = wrongWith(name);
  if (why !== undefined) throw badName(name, why, better(name));
  const shown = relative(from, folder) || ".";
  const found = entriesIn(folder, shown).filter((file) => !HARMLESS.has(file));
  if (found.length > 0) throw fullFolder(shown, found);
  return { folder, name };
}

function entriesIn(folder: string, shown: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    throw code === "ENOTDIR" && existsSync(folder) ? noFolder(shown) : notReadable(shown, message);
  }
}

/** What npm has against a name. */
function wrongWith(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (name.length > 214) return "it has more than 214 characters";
  if (name !== name.toLowerCase()) return "it has capital letters";
  if (/^@[^/]*$/.test(name)) return "a scope needs a name after it, as in `@acme/web`";
  const parts = name.startsWith("@") ? name.slice(1).split("/") : [name];
  if (parts.some((part) => part.startsWith("-"))) return "it begins as a flag does";
  if (parts.some((part) => /^[._]/.test(part))) return "it begins with a dot or an underscore";
  if (parts.some((part) => !/^[a-z0-9~._-]+$/.test(part))) return "it may have letters from a to z, digits, and `-`, `_`, `.`";
  if (name === "node_modules" || name === "favicon.ico") return "npm does not allow it";
  if (builtinModules.includes(name)) return "a part of Node is called so";
  if (packagesOfApps().has(name)) return "the app uses a package of this name";
  return undefined;
}

/** A name near to it that npm takes. */
function better(name: string): string | undefined {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[-._]+|[-.]+$/g, "")
    .slice(0, 60);
  return [plain, `my-${plain}`].find((other) => plain !== "" && wrongWith(other) === undefined);
}
