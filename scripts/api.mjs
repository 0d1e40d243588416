// Writes docs/api/ from the declarations of the built package: `npm run api`. With --check it writes nothing, and names the pages that would change.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "..");
const { exports: entries } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** What each entry is, in a sentence. */
const ABOUT = {
  twinstate: "What classes of state are written with. It runs on both sides.",
  "twinstate/client": "Twins without React: bots, workers, scripts, other UI libraries.",
  "twinstate/react": "Hooks and components for the browser and for pages that the server renders.",
  "twinstate/react/devtools": "The devtools of a page, in development.",
  "twinstate/react/parts": "Hooks without looks, which bind stores to fields, forms, tables and lists of people.",
  "twinstate/server": "The server: `createTwin`, scopes, storages and their interface.",
  "twinstate/server/sqlite": "The storage in an SQLite file.",
  "twinstate/server/redis": "The storage in Redis, for several processes.",
  "twinstate/server/postgres": "The storage in PostgreSQL, for several processes.",
  "twinstate/server/mcp": "The door for agents.",
  "twinstate/testing": "A server and clients in memory, on a faulty network; the contracts of storages.",
  "twinstate/next": "What Next.js needs: the proxy that starts sessions, and revalidation.",
};

/** The top-level declarations of a file of declarations, by name: each has its doc comment and its text. */
function declarationsOf(file) {
  const found = new Map();
  const passed = [];
  const lines = readFileSync(file, "utf8").split("\n");
  let doc = [];
  for (let i = 0; i < lines.length; i++) {
    if (lines[i].startsWith("/**")) {
      const from = i;
      while (!lines[i].includes("*/")) i++;
      doc = lines.slice(from, i + 1);
      continue;
    }
    const from = i;
    let depth = 0;
    for (; i < lines.length; i++) {
      const code = lines[i].replace(/\/\*.*?\*\/|^\s*\/?\*.*$|"(?:[^"\\]|\\.)*"|=>/g, "");
      for (const sign of code) depth += "{([<".includes(sign) ? 1 : "})]>".includes(sign) ? -1 : 0;
      if (depth <= 0 && /[;}]$/.test(lines[i])) break;
    }
    const text = lines.slice(from, i + 1).join("\n");
    const [, name] = /^(?:export )?(?:declare )?(?:abstract )?(?:function|class|interface|type|const|namespace) (\w+)/.exec(text) ?? [];
    const [, names, source] = /^export (?:type )?\{([\s\S]*?)\}(?: from "(.*)")?;/.exec(text) ?? [];
    if (name) {
      const earlier = found.get(name);
      found.set(name, {
        doc: earlier?.doc.length ? earlier.doc : doc,
        text: earlier ? `${earlier.text}\n${text}` : text,
        exported: text.startsWith("export"),
        file,
      });
    }
    for (const one of (names ?? "").split(",")) {
      const [, from = "", as = from] = /^(?:type )?(\w+)(?: as (\w+))?$/.exec(one.trim()) ?? [];
      if (from) passed.push({ name: as, from, source });
    }
    doc = [];
  }
  return { found, passed };
}

const files = new Map();
function read(file) {
  if (!files.has(file)) files.set(file, declarationsOf(file));
  return files.get(file);
}

/** A declaration by its name in a file, wherever that file has it from. */
function find(file, name) {
  const { found, passed } = read(file);
  const other = passed.find((one) => one.name === name && one.source);
  if (found.has(name)) return found.get(name);
  if (other?.source.startsWith(".")) return find(join(dirname(file), other.source.replace(/\.js$/, ".d.ts")), other.from);
  const [, source] = new RegExp(`import \\{[^}]*\\b${name}\\b[^}]*\\} from "(\\..*?)"`).exec(readFileSync(file, "utf8")) ?? [];
  if (source) return find(join(dirname(file), source.replace(/\.js$/, ".d.ts")), name);
  return undefined;
}

/** What an entry exports, by name. */
function exportsOf(file) {
  const { found, passed } = read(file);
  const own = [...found].filter(([, { exported }]) => exported).map(([name]) => name);
  return [...new Set([...own, ...passed.map(({ name }) => name)])].sort((a, b) => a.localeCompare(b, "en")).map((name) => ({ name, ...find(file, name) }));
}

/** A doc comment as Markdown. */
function markdown(doc) {
  const text = doc.map((line) => line.replace(/^\s*\/\*\*\s?|\s*\*\/\s*$|^\s*\* ?/g, "")).join("\n");
  const [said = "", ...tags] = text.split(/^@(?=(?:default|example|throws|deprecated|returns|param)\b)/m);
  const parts = [said.trim()];
  for (const tag of tags) {
    const [, name = "", rest = ""] = /^(\w+)\s*([\s\S]*)$/.exec(tag.trim()) ?? [];
    if (name === "default") parts.push(`Default: ${rest.replace(/^("[^"]*"|\{[^}]*\}|\[[^\]]*\]|[\d_,]*\d|true|false|undefined)/, "`$1`")}`);
    else if (name === "example") parts.push(rest.includes("```") ? rest : `\`\`\`ts\n${rest}\n\`\`\``);
    else if (name === "throws" || name === "deprecated" || name === "returns") parts.push(`${name[0].toUpperCase()}${name.slice(1)}: ${rest}`);
    else if (name === "param") parts.push(`- ${rest.replace(/^(\w+)/, "`$1`:")}`);
  }
  return parts
    .filter(Boolean)
    .join("\n\n")
    .replaceAll(/\{@link (\w+)\}/g, "`$1`");
}

/** A declaration without its comments. */
const signature = (text) =>
  text
    .replaceAll(/^\s*\/\*\*[\s\S]*?\*\/\n/gm, "")
    .replaceAll(/^export (declare )?/gm, "")
    .replaceAll(/^ {4}/gm, "  ")
    .trim();

/** The members of an interface or a class that have a doc comment. */
function membersOf(text) {
  const members = [];
  for (const [, doc, rest] of text.matchAll(/^ {4}(\/\*\*[\s\S]*?\*\/)\n {4}(.*)$/gm)) {
    const [, name] = /^(?:readonly |static |protected |get |async )*((?:"[^"]+"|\$?\w+))/.exec(rest) ?? [];
    if (name) members.push(`- **\`${name}\`**: ${markdown(doc.split("\n")).replaceAll("\n", "\n  ")}`);
  }
  return [...new Set(members)];
}

/** The types that a declaration names and that no entry exports: their members are part of what it says. Those without a doc comment say nothing. */
function innerOf({ file, text = "" }, known) {
  const inner = [];
  for (const [name] of text.replaceAll(/\/\*[\s\S]*?\*\//g, "").matchAll(/\b[A-Z]\w+\b/g)) {
    const one = known.has(name) || !file ? undefined : find(file, name);
    if (!one || one.doc.length === 0 || !/^(export )?(declare )?(type|interface) /.test(one.text)) continue;
    known.add(name);
    inner.push({ name, ...one }, ...innerOf(one, known));
  }
  return inner;
}

const slug = (entry) => entry.replace(/^twinstate\/?/, "").replaceAll("/", "-") || "twinstate";

const pages = new Map();
const bare = [];
const rows = [];
for (const [path, target] of Object.entries(entries)) {
  if (!target.types) continue;
  const entry = `twinstate${path.slice(1)}`;
  const file = join(root, target.types);
  if (!existsSync(file)) throw new Error(`\`${target.types}\` is missing: \`npm run build\` first.`);
  const names = exportsOf(file);
  const known = new Set(names.map(({ name }) => name));
  const section = (heading, { doc = [], text = "" }) =>
    [heading, markdown(doc), `\`\`\`ts\n${signature(text)}\n\`\`\``, membersOf(text).join("\n")].filter(Boolean).join("\n\n");
  const parts = names.map((one) => {
    const { name, doc = [] } = one;
    if (doc.length === 0) bare.push(`${entry}: ${name}`);
    const inner = innerOf(one, known).map((other) => section(`### ${other.name}`, other));
    return [section(`## ${name}`, one), ...inner].join("\n\n");
  });
  pages.set(`${slug(entry)}.md`, `# ${entry}\n\n${ABOUT[entry] ?? ""}\n\n${parts.join("\n\n")}\n`);
  rows.push(`| [${entry}](${slug(entry)}.md) | ${ABOUT[entry] ?? ""} |`);
}
const intro = "What each entry of the package exports, from the doc comments of its declarations. `npm run api` writes these pages.";
pages.set("README.md", `# API\n\n${intro}\n\n| entry | what it is |\n| --- | --- |\n${rows.join("\n")}\n`);

const folder = join(root, "docs/api");
const changed = [...pages].filter(([name, text]) => !existsSync(join(folder, name)) || readFileSync(join(folder, name), "utf8") !== text).map(([name]) => name);
const gone = existsSync(folder) ? readdirSync(folder).filter((name) => !pages.has(name)) : [];
if (process.argv.includes("--check")) {
  for (const name of [...changed, ...gone]) console.error(`docs/api/${name} is out of date: \`npm run api\` writes it.`);
  for (const name of bare) console.error(`${name} has no doc comment.`);
  process.exitCode = changed.length + gone.length + bare.length > 0 ? 1 : 0;
} else {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of pages) writeFileSync(join(folder, name), text);
  for (const name of gone) rmSync(join(folder, name));
  for (const name of bare) console.warn(`${name} has no doc comment.`);
}
