import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Files of an app, by their paths. */
export type Files = Readonly<Record<string, string>>;

/** A file that a page writes out: its text, and the line of the page that each of its lines comes from. */
interface Written {
  readonly page: string;
  readonly text: string;
  readonly lines: readonly number[];
}

/** The apps of a page by their names, each with its files. */
type Apps = ReadonlyMap<string, ReadonlyMap<string, Written>>;

/** A page's code, and what is wrong with the page before any compiler looks. */
interface Page {
  readonly apps: Apps;
  readonly problems: readonly string[];
}

interface Line {
  readonly text: string;
  readonly at: number;
}

/** A block of code, or a comment, as it stands in a page. */
interface Part {
  readonly kind: string;
  readonly comment: boolean;
  readonly lines: readonly Line[];
  readonly at: number;
}

const PATH = /^\/\/ ((?:[\w.[\]()@-]+\/)*[\w.[\]-]+\.(?:tsx?|mjs))(?::? .*)?$/;
const MISNAMED = new Set(["typescript", "javascript", "jsx", "mts", "cts", "mjs"]);
const CODE = new Set(["ts", "tsx", "js"]);

/** All pages with code: README, CONTRIBUTING, the skill for coding assistants, and what stands in docs/. API pages are made from doc comments, which have their own test. */
export function pages(): string[] {
  const docs = readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".md") && !file.startsWith("api/"));
  return ["README.md", "CONTRIBUTING.md", "skills/twinstate/SKILL.md", ...docs.sort().map((file) => `docs/${file}`)];
}

/** The blocks of code and the comments of a page, in their order. */
function partsOf(text: string): Part[] {
  const lines = text.split("\n");
  const parts: Part[] = [];
  for (let i = 0; i < lines.length; i++) {
    const [, indent = "", fence = "", kind = ""] = /^( *)(`{3,})([\w-]*)/.exec(lines[i] as string) ?? [];
    const [, said] = /^<!-- ?(.*)$/.exec(lines[i] as string) ?? [];
    if (fence === "" && said === undefined) continue;
    const at = i + 1;
    const end = fence ? (line: string) => line.trim() === fence : (line: string) => line.endsWith("-->");
    const inside: Line[] = [];
    if (!fence && said?.endsWith("-->")) {
      parts.push({ kind: said.slice(0, -3).trim(), comment: true, lines: [], at });
      continue;
    }
    while (++i < lines.length && !end(lines[i] as string)) inside.push({ text: (lines[i] as string).replace(indent, ""), at: i + 1 });
    parts.push({ kind: fence ? kind : (said as string).trim(), comment: !fence, lines: inside, at });
  }
  return parts;
}

const written = (page: string, lines: readonly Line[]): Written => ({
  page,
  text: `${lines.map(({ text }) => text).join("\n")}\n`,
  lines: lines.map(({ at }) => at),
});

function parsed(lines: readonly Line[]): boolean {
  const text = lines.map((line) => line.text.replace(/^\s*\/\/.*$/, "")).join("\n");
  return [text, `{${text.replace(/,\s*$/, "")}}`].some((candidate) => {
    try {
      JSON.parse(candidate);
      return true;
    } catch {
      return false;
    }
  });
}

/** Reads a page as docs/ARCHITECTURE.md, "Code in the docs", says. */
function readPage(page: string): Page {
  const problems: string[] = [];
  const shared = new Map<string, Written>();
  const apps = new Map<string, Map<string, Written>>();
  let files = shared;
  const formers = new Map<Map<string, Written>, ReadonlyMap<string, Written>>();
  const borrowed: { from: string; names: string[]; into: Map<string, Written>; at: number }[] = [];
  let around: readonly Line[] | undefined;
  const begin = (name: string, former: ReadonlyMap<string, Written>) => {
    files = new Map();
    apps.set(name, files);
    formers.set(files, former);
  };
  const add = (path: string, lines: readonly Line[], at: number) => {
    if (files.has(path)) {
      if (files === shared) apps.set("", shared);
      begin(`line ${at}`, files);
    }
    files.set(path, written(page, lines));
  };
  for (const { kind, comment, lines, at } of partsOf(readFileSync(join(ROOT, page), "utf8"))) {
    const [word, ...rest] = kind.split(/\s+/);
    const path = lines[0] && PATH.exec(lines[0].text)?.[1];
    if (comment) {
      if (word === "app") {
        const [name = "", from, former = ""] = rest;
        if (from && !apps.has(former)) problems.push(`${page}:${at}: the page has no app \`${former}\` above.`);
        begin(name, apps.get(former) ?? shared);
      } else if (word === "with") borrowed.push({ from: rest[0] as string, names: rest.slice(1), into: files, at });
      else if (word === "around") around = lines;
      else if (word === "file" && path) add(path, lines.slice(1), at);
      else problems.push(`${page}:${at}: a comment of a page is \`app\`, \`with\`, \`file\` (its first line is the path) or \`around\`.`);
    } else if (CODE.has(kind)) {
      const cut = around?.findIndex(({ text }) => text === "…") ?? -1;
      const whole = around ? [...around.slice(0, cut < 0 ? undefined : cut), ...lines, ...(cut < 0 ? [] : around.slice(cut + 1))] : lines;
      if (path && !around) add(path, lines.slice(1), at);
      else add(`fragment-${at}.${kind === "js" ? "mjs" : kind}`, whole, at);
      around = undefined;
    } else if (kind === "json" && !parsed(lines)) problems.push(`${page}:${at}: this is no JSON.`);
    else if (MISNAMED.has(kind)) problems.push(`${page}:${at}: call the language \`ts\`, \`tsx\` or \`js\`, so that the block is compiled.`);
  }
  for (const { from, names, into, at } of borrowed) {
    const lent = filesOf(join(dirname(page), from));
    for (const name of names.length > 0 ? names : lent.keys()) {
      const file = lent.get(name);
      if (!file) problems.push(`${page}:${at}: ${from} writes no \`${name}\`.`);
      else if (!into.has(name) && !(names.length === 0 && name.startsWith("fragment-"))) into.set(name, file);
    }
  }
  if (apps.size === 0) apps.set("", shared);
  const compiled = new Set<ReadonlyMap<string, Written>>(apps.values());
  for (const [own, former] of formers) {
    for (const [path, file] of former) if (!own.has(path) && !(compiled.has(former) && path.startsWith("fragment-"))) own.set(path, file);
  }
  return { apps, problems };
}

const read = new Map<string, Page>();

/** A page's code. */
export function pageOf(page: string): Page {
  if (!read.has(page)) read.set(page, readPage(page));
  return read.get(page) as Page;
}

/** The files of an app of a page; by default, of its first one. */
function filesOf(page: string, app?: string): ReadonlyMap<string, Written> {
  const { apps } = pageOf(page);
  const found = app === undefined ? [...apps.values()][0] : apps.get(app);
  if (!found) throw new Error(`${page} has no app \`${app}\`.`);
  return found;
}

/** The app that a page of docs/ writes out, without its fragments: `guide("EVENTS")`, `guide("AUTH", "better-auth")`. */
export function guide(page: string, app?: string): Files {
  const files = [...filesOf(`docs/${page}.md`, app)].filter(([path]) => !path.startsWith("fragment-"));
  return Object.fromEntries(files.map(([path, { text }]) => [path, text]));
}

/** Writes files into a folder. */
export function write(folder: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

export const BUILT = existsSync(`${ROOT}dist/react/index.d.ts`) && existsSync(`${ROOT}dist/server/index.d.ts`);
