import { existsSync, readdirSync, readFileSync, realpathSync, type Stats, statSync } from "node:fs";
import { join, posix } from "node:path";
import { noAppHere, unreadableSource } from "../../lib/errors/command-errors.js";
import { JsonText } from "../source/json-edit.js";
import { parseSource, type SourceFile, type SyntaxFault } from "../source/syntax.js";
import { Tsconfig } from "./tsconfig.js";

/** Folders that hold no source of the app. */
const OTHER = new Set(["node_modules", "out", "build", "dist", "coverage", "public", "test-results"]);
const SOURCE = /\.[cm]?[jt]sx?$/;
const ENDS = ["ts", "tsx", "mts", "js", "jsx", "mjs"];

/** A Next app in a folder: its files, read once each. */
export class NextApp {
  readonly folder: string;
  readonly manifest: JsonText;
  /** The app's source files, as paths from its folder. */
  readonly files: readonly string[];
  /** The folder of `app/`, `proxy.ts` and `instrumentation.ts`: `src/`, or the app's own. */
  readonly root: "" | "src/";
  readonly #texts = new Map<string, string | undefined>();
  readonly #parsed = new Map<string, SourceFile | undefined>();
  /** The files whose syntax was looked at, and not understood. */
  readonly unparsed = new Map<string, SyntaxFault>();
  #tsconfig: Tsconfig | undefined;

  /** @throws StateError if there is no `package.json` with `next` */
  constructor(folder: string) {
    this.folder = folder;
    const text = this.read("package.json");
    if (text === undefined) throw noAppHere(folder);
    this.manifest = new JsonText("package.json", text);
    if (this.dependency("next") === undefined) throw noAppHere(folder);
    this.root = !this.isFolder("app") && this.isFolder("src/app") ? "src/" : "";
    this.files = sourcesIn(folder, "", new Set());
  }

  /** The folder of the App Router. */
  get router(): string | undefined {
    return this.isFolder(`${this.root}app`) ? `${this.root}app` : undefined;
  }

  isFolder(path: string): boolean {
    return statOf(join(this.folder, path))?.isDirectory() === true;
  }

  /** Whether something is at a path, whatever it is. */
  has(path: string): boolean {
    return existsSync(join(this.folder, path));
  }

  /** What is in a folder. */
  entries(path: string): string[] {
    return entriesIn(join(this.folder, path));
  }

  /** The text of a file, as it was when it was first read. */
  read(path: string): string | undefined {
    if (!this.#texts.has(path)) this.#texts.set(path, textOf(join(this.folder, path)));
    return this.#texts.get(path);
  }

  /** A file with its syntax. `undefined`: there is none, or it is not understood. */
  source(path: string): SourceFile | undefined {
    if (!this.#parsed.has(path)) {
      const text = this.read(path);
      this.#parsed.set(path, text === undefined ? undefined : parseSource(path, text, (fault) => this.unparsed.set(path, fault)));
    }
    return this.#parsed.get(path);
  }

  /** The first of these files that there is, with any ending of source. */
  find(...names: readonly string[]): string | undefined {
    for (const name of names) {
      const found = ENDS.map((end) => `${name}.${end}`).find((path) => this.read(path) !== undefined);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The file of the app that an import names. */
  resolve(from: string, name: string): string | undefined {
    const path = name.startsWith(".") ? posix.join(posix.dirname(from), name) : this.tsconfig.aliased(name);
    if (path === undefined) return undefined;
    if (SOURCE.test(path) && this.read(path) !== undefined) return path;
    return this.find(path, path.replace(/\.[cm]?jsx?$/, ""), `${path}/index`);
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

  /** The options of the compiler, and the aliases of modules. */
  get tsconfig(): Tsconfig {
    this.#tsconfig ??= new Tsconfig(this.folder, this.#tsconfigPath());
    return this.#tsconfig;
  }

  /** Next's configuration may name another file. */
  #tsconfigPath(): string {
    const config = this.find("next.config");
    const named = config === undefined ? undefined : /\btsconfigPath["']?:\s*["'`]([^"'`$]+)["'`]/.exec(this.source(config)?.code ?? "")?.[1];
    return posix.normalize(named ?? "tsconfig.json");
  }
}

/**
 * The text of a file. `undefined`: there is none.
 * @throws StateError if it may not be read
 */
export function textOf(file: string): string | undefined {
  try {
    return statOf(file)?.isFile() ? readFileSync(file, "utf8") : undefined;
  } catch (error) {
    throw unreadableSource(file, error);
  }
}

const statOf = (path: string): Stats | undefined => statSync(path, { throwIfNoEntry: false });

/** The source under a folder, also by links. `seen`: the folders that were looked at. */
function sourcesIn(folder: string, under: string, seen: Set<string>): string[] {
  const real = realpathSync(join(folder, under));
  if (seen.has(real)) return [];
  seen.add(real);
  return entriesIn(join(folder, under)).flatMap((name) => {
    const path = under + name;
    const stat = name.startsWith(".") || OTHER.has(name) ? undefined : statOf(join(folder, path));
    if (stat?.isFile()) return SOURCE.test(name) && !name.endsWith(".d.ts") ? [path] : [];
    const skipped = !stat?.isDirectory() || existsSync(join(folder, path, "package.json"));
    return skipped ? [] : sourcesIn(folder, `${path}/`, seen);
  });
}

/** What is in a folder. One that may not be read, as that of a database, holds no source. */
function entriesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort((a, b) => (a < b ? -1 : 1));
  } catch {
    return [];
  }
}
