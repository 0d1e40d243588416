import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, posix, relative } from "node:path";
import { noAppHere } from "../../lib/errors/command-errors.js";
import { JsonText } from "../source/json-edit.js";
import { parseSource, type SourceFile } from "../source/syntax.js";

/** Folders that hold no source of the app. */
const OTHER = new Set(["node_modules", "out", "build", "dist", "coverage", "public", "test-results"]);
const SOURCE = /\.[cm]?[jt]sx?$/;

/** One option of the compiler, and where it is set. */
export interface CompilerOption {
  readonly value: unknown;
  readonly file: string;
  readonly line: number;
}

/** A Next app in a folder: its files, read once each. */
export class NextApp {
  readonly folder: string;
  readonly manifest: JsonText;
  /** The app's source files, as paths from its folder. */
  readonly files: readonly string[];
  /** The folder of `app/`, `proxy.ts` and `instrumentation.ts`: `src/`, or the app's own. */
  readonly root: "" | "src/";
  readonly #parsed = new Map<string, SourceFile | undefined>();
  #options: ReadonlyMap<string, CompilerOption> | undefined;

  /** @throws StateError if there is no `package.json` with `next` */
  constructor(folder: string) {
    this.folder = folder;
    const text = this.read("package.json");
    if (text === undefined) throw noAppHere(folder);
    this.manifest = new JsonText("package.json", text);
    if (this.dependency("next") === undefined) throw noAppHere(folder);
    this.root = !this.isFolder("app") && this.isFolder("src/app") ? "src/" : "";
    this.files = sourcesIn(folder, "");
  }

  /** The folder of the App Router. */
  get router(): string | undefined {
    return this.isFolder(`${this.root}app`) ? `${this.root}app` : undefined;
  }

  isFolder(path: string): boolean {
    const at = join(this.folder, path);
    return existsSync(at) && statSync(at).isDirectory();
  }

  read(path: string): string | undefined {
    const at = join(this.folder, path);
    return existsSync(at) && statSync(at).isFile() ? readFileSync(at, "utf8") : undefined;
  }

  /** A file with its syntax. `undefined`: there is none, or it is not understood. */
  source(path: string): SourceFile | undefined {
    if (!this.#parsed.has(path)) {
      const text = this.read(path);
      this.#parsed.set(path, text === undefined ? undefined : parseSource(path, text));
    }
    return this.#parsed.get(path);
  }

  /** The first of these files that there is, with any ending of source. */
  find(...names: readonly string[]): string | undefined {
    for (const name of names) {
      const found = ["ts", "tsx", "mts", "js", "jsx", "mjs"].map((end) => `${name}.${end}`).find((path) => this.read(path) !== undefined);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The source files with a text in them: a quick look before they are parsed. */
  containing(text: string): string[] {
    return this.files.filter((path) => this.read(path)?.includes(text));
  }

  /** The range of a package that the app asks for. */
  dependency(name: string): string | undefined {
    for (const kind of ["dependencies", "devDependencies"]) {
      const range = this.manifest.at(kind, name)?.value;
      if (typeof range === "string") return range;
    }
    return undefined;
  }

  /** The options of `tsconfig.json`, with those of the files that it extends. */
  get compilerOptions(): ReadonlyMap<string, CompilerOption> {
    this.#options ??= optionsOf(this.folder, join(this.folder, "tsconfig.json"));
    return this.#options;
  }

  /** The aliases of `paths` that stand for a folder: `@/` for `src/`. */
  get #aliases(): { readonly alias: string; readonly folder: string }[] {
    const { value: paths, file } = this.compilerOptions.get("paths") ?? {};
    const base = posix.join(posix.dirname(file ?? ""), String(this.compilerOptions.get("baseUrl")?.value ?? ""));
    return Object.entries((paths ?? {}) as Record<string, unknown>).flatMap(([alias, places]) => {
      const place = Array.isArray(places) && places.length === 1 ? posix.join(base, String(places[0])) : "";
      return alias.endsWith("/*") && place.endsWith("*") ? [{ alias: alias.slice(0, -1), folder: place.slice(0, -1) }] : [];
    });
  }

  /** The path in the app that an import by an alias means. */
  aliased(name: string): string | undefined {
    const found = this.#aliases.find(({ alias }) => name.startsWith(alias));
    return found && posix.join(found.folder, name.slice(found.alias.length));
  }

  /** How a file of the app imports another: by an alias where there is one. */
  specifier(from: string, to: string): string {
    const target = to.replace(SOURCE, "");
    const found = this.#aliases.find(({ folder }) => target.startsWith(folder));
    if (found) return found.alias + target.slice(found.folder.length);
    const path = posix.relative(posix.dirname(from), target);
    return path.startsWith(".") ? path : `./${path}`;
  }
}

function sourcesIn(folder: string, under: string): string[] {
  return readdirSync(join(folder, under), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = under + entry.name;
      if (entry.isFile()) return SOURCE.test(entry.name) && !entry.name.endsWith(".d.ts") ? [path] : [];
      const skipped = !entry.isDirectory() || entry.name.startsWith(".") || OTHER.has(entry.name) || existsSync(join(folder, path, "package.json"));
      return skipped ? [] : sourcesIn(folder, `${path}/`);
    });
}

/** Reads a `tsconfig.json` and what it extends. What cannot be found is left out: the compiler names it. */
function optionsOf(folder: string, file: string): Map<string, CompilerOption> {
  const options = new Map<string, CompilerOption>();
  if (!existsSync(file)) return options;
  const path = relative(folder, file).replaceAll("\\", "/");
  const config = new JsonText(path, readFileSync(file, "utf8"));
  for (const base of [config.at("extends")?.value ?? []].flat()) {
    const found = resolveConfig(file, String(base));
    if (found !== undefined) for (const [name, option] of optionsOf(folder, found)) options.set(name, option);
  }
  for (const name of Object.keys((config.at("compilerOptions")?.value ?? {}) as object)) {
    const { value, line } = config.at("compilerOptions", name) as { value: unknown; line: number };
    options.set(name, { value, file: path, line });
  }
  return options;
}

function resolveConfig(from: string, base: string): string | undefined {
  if (base.startsWith(".")) return [base, `${base}.json`].map((name) => join(dirname(from), name)).find((name) => existsSync(name) && statSync(name).isFile());
  try {
    return createRequire(from).resolve(base);
  } catch {
    return undefined;
  }
}
