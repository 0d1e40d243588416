import { existsSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, posix, relative } from "node:path";
import { JsonText } from "../source/json-edit.js";

/** One option of the compiler, and where it is set. */
export interface CompilerOption {
  readonly value: unknown;
  readonly file: string;
  readonly line: number;
}

/** The `tsconfig.json` of a folder: the options that it sets, those of the files that it extends, and the aliases of modules. */
export class Tsconfig {
  /** Its path from the folder. */
  readonly path: string;
  readonly options: ReadonlyMap<string, CompilerOption>;

  /** @throws StateError if it, or what it extends, is no JSON */
  constructor(folder: string, path = "tsconfig.json") {
    this.path = path;
    this.options = optionsOf(folder, join(folder, path), []);
  }

  /** The aliases of `paths` that stand for a folder: `@/` for `src/`. */
  get #aliases(): { readonly alias: string; readonly folder: string }[] {
    const { value: paths, file } = this.options.get("paths") ?? {};
    const base = posix.join(posix.dirname(file ?? ""), String(this.options.get("baseUrl")?.value ?? ""));
    return Object.entries((paths ?? {}) as Record<string, unknown>).flatMap(([alias, places]) => {
      const [place, other] = Array.isArray(places) ? places.map(String) : [];
      if (place === undefined || other !== undefined || !alias.endsWith("/*") || !place.endsWith("*")) return [];
      const inFolder = CONFIG_FOLDER.test(place) ? place.replace(CONFIG_FOLDER, "") : posix.join(base, place);
      return [{ alias: alias.slice(0, -1), folder: inFolder.slice(0, -1) }];
    });
  }

  /** The path, from the folder, that an import by an alias means. */
  aliased(name: string): string | undefined {
    const found = this.#aliases.find(({ alias }) => name.startsWith(alias));
    return found && posix.join(found.folder, name.slice(found.alias.length));
  }

  /** How a file imports another: by an alias where there is one. */
  specifier(from: string, to: string): string {
    const target = to.replace(/\.[cm]?[jt]sx?$/, "");
    const found = this.#aliases.find(({ folder }) => target.startsWith(folder));
    if (found) return found.alias + target.slice(found.folder.length);
    const path = posix.relative(posix.dirname(from), target);
    return path.startsWith(".") ? path : `./${path}`;
  }
}

/** The folder of the `tsconfig.json` that extends others, in their paths. */
const CONFIG_FOLDER = /^\$\{configDir\}\//;

/** Reads a file and what it extends. What cannot be found, or goes in a circle, is left out: the compiler names it. */
function optionsOf(folder: string, file: string, extending: readonly string[]): Map<string, CompilerOption> {
  const options = new Map<string, CompilerOption>();
  if (extending.includes(file) || !isFile(file)) return options;
  const path = relative(folder, file).replaceAll("\\", "/");
  const config = new JsonText(path, readFileSync(file, "utf8"));
  for (const base of [config.at("extends")?.value ?? []].flat()) {
    const found = resolveConfig(file, String(base));
    if (found !== undefined) for (const [name, option] of optionsOf(folder, found, [...extending, file])) options.set(name, option);
  }
  for (const name of Object.keys(Object(config.at("compilerOptions")?.value))) {
    const found = config.at("compilerOptions", name);
    if (found) options.set(name, { ...found, file: path });
  }
  return options;
}

function resolveConfig(from: string, base: string): string | undefined {
  const names = [base, `${base}.json`, `${base}/tsconfig.json`];
  if (/^[./]/.test(base)) return names.map((name) => join(base.startsWith("/") ? "" : dirname(from), name)).find(isFile);
  const { resolve } = createRequire(from);
  for (const name of names) {
    try {
      const found = resolve(name);
      if (found.endsWith(".json")) return found;
    } catch {
      // The next name may be it.
    }
  }
  return undefined;
}

const isFile = (path: string) => existsSync(path) && statSync(path).isFile();
