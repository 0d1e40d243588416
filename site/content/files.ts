import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** The repository, whose Markdown the site shows. */
const ROOT = join(process.cwd(), "..");

/** Pages that stand outside of docs/. */
const OTHERS = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "CODE_OF_CONDUCT.md", "bench/RESULTS.md"];

/** A page: its file in the repository, its address, and its text without the comments that only the compiler reads. */
export interface PageFile {
  readonly file: string;
  readonly url: string;
  readonly title: string;
  readonly description: string;
  readonly text: string;
}

/** The address of a file: `docs/README.md` is `/`, `docs/recipes/DRIZZLE.md` is `/recipes/drizzle`. Pages of errors keep the case of their code. */
function urlOf(file: string): string {
  if (file === "README.md") return "/readme";
  const path = file.replace(/^docs\//, "").replace(/\.md$/, "");
  if (path === "README") return "/";
  const parts = path.startsWith("errors/") ? path : path.toLowerCase();
  return `/${parts.replace(/\/readme$/i, "")}`;
}

function readPage(file: string): PageFile {
  const text = withoutComments(readFileSync(join(ROOT, file), "utf8"));
  const title = /^# (.*)$/m.exec(text)?.[1]?.replaceAll("`", "") ?? file;
  const [, description = ""] = /^# .*\n+((?!```)[^\n#|!<-][^\n]*)/m.exec(text) ?? [];
  return { file, url: urlOf(file), title, description: description.replaceAll(/[`*]|\]\([^)]*\)|\[/g, ""), text };
}

/** Comments stand in lines of their own, outside of blocks of code. */
function withoutComments(text: string): string {
  return text.replaceAll(/^(`{3,}).*\n[\s\S]*?^\1$|^<!--[\s\S]*?-->\n/gm, (found) => (found.startsWith("<!--") ? "" : found));
}

function markdownIn(folder: string): string[] {
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".md")).map((name) => `${folder}/${name}`);
}

let found: Map<string, PageFile> | undefined;

/** All pages, by their files. */
export function pageFiles(): ReadonlyMap<string, PageFile> {
  found ??= new Map([...markdownIn("docs"), ...OTHERS.filter((file) => existsSync(join(ROOT, file)))].sort().map((file) => [file, readPage(file)]));
  return found;
}

/** Where a link of a page leads on the site: nowhere, if it names a file of the repository that is no page. */
export function resolveLink(from: string, href: string): string | undefined {
  if (/^(\w+:|#|\/)/.test(href)) return href;
  const [path = "", hash] = href.split("#");
  const file = relative(ROOT, join(ROOT, dirname(from), path));
  const page = pageFiles().get(file);
  if (page) return page.url + (hash ? `#${hash}` : "");
  if (file.startsWith("docs/images/")) return `/${file.slice("docs/".length)}`;
  if (file === "LICENSE") return "/LICENSE.txt";
  if (existsSync(join(ROOT, file))) return undefined;
  throw new Error(`${from} links to \`${href}\`, which is not there.`);
}
