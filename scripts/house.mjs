// Measures the house: `npm run house`. Rooms, floors, imports that go up, circles, long functions, long files, exported words with several meanings.
import { readFileSync } from "node:fs";
import { parseAst } from "vite";
import { circles, importsOf, LAYERS, ROOMS, ROOT, roomOf, sourcesOf, upwardImports } from "../tests/kit/rooms.ts";

const LONG_FUNCTION = 60;
const LONG_FILE = 400;
/** Why a function is long all the same. */
const REASONS = {
  "client/client.ts createClient": "joins the client's parts by closures: as a class it costs a page 43 bytes more",
  "lib/mirror/delta-reader.ts applyOps": "one switch over all ops of a delta",
};

const files = LAYERS.flatMap(sourcesOf);
const text = new Map(files.map((file) => [file, readFileSync(ROOT + file, "utf8")]));
const lines = (source) => source.split("\n").length;

/** The functions of a file with the count of their lines. A function that contains another counts that one's lines too. */
function functionsOf(file) {
  const source = text.get(file);
  const found = [];
  const visit = (node, name) => {
    if (!node || typeof node !== "object") return;
    if (Array.isArray(node)) {
      for (const one of node) visit(one, name);
      return;
    }
    const own = node.id?.name ?? node.key?.name ?? name;
    if (/Function/.test(node.type) && node.body && !/^TS/.test(node.type)) {
      found.push({ name: own ?? "(anonymous)", lines: lines(source.slice(node.start, node.end)), file });
    }
    for (const [key, value] of Object.entries(node)) if (value && typeof value === "object" && key !== "parent") visit(value, own);
  };
  visit(parseAst(source, { lang: file.endsWith("x") ? "tsx" : "ts" }));
  return found;
}

/** The names that a file declares and exports. */
function exportsOf(file) {
  return [...text.get(file).matchAll(/^export (?:declare )?(?:async )?(?:abstract )?(?:function\*?|class|const|let|interface|type|enum) (\w+)/gm)].map(
    ([, name]) => name,
  );
}

const imports = await importsOf(LAYERS);
const withDemo = await importsOf([...LAYERS, "demo-next"]);
const list = (title, rows) => {
  console.log(`\n${title}: ${rows.length}`);
  for (const row of rows) console.log(`  ${row}`);
};

console.log("Rooms, the ground floor last:");
for (const layer of LAYERS) {
  const own = files.filter((file) => roomOf(file).layer === layer);
  const floors = [undefined, ...(ROOMS[layer] ?? []).toReversed()];
  console.log(`  ${layer}/: ${own.length} files, ${own.reduce((sum, file) => sum + lines(text.get(file)), 0)} lines`);
  if (!ROOMS[layer]) continue;
  for (const room of floors) {
    const inside = own.filter((file) => roomOf(file).room === room);
    console.log(`    ${room ?? "(facade)"}: ${inside.length} files`);
  }
}
const homeless = files.filter((file) => ROOMS[roomOf(file).layer] && roomOf(file).room !== undefined && !ROOMS[roomOf(file).layer].includes(roomOf(file).room));
list("Files outside of the rooms", homeless);
list("Imports that go up", upwardImports(imports));
list(
  "Circles as it runs, the demo's too",
  circles(withDemo).map((group) => group.join(" ↔ ")),
);
const functions = files.flatMap(functionsOf).filter((one) => one.lines > LONG_FUNCTION);
list(
  `Functions over ${LONG_FUNCTION} lines`,
  functions
    .sort((a, b) => b.lines - a.lines)
    .map(({ name, lines, file }) => `${lines} ${name} (${file}): ${REASONS[`${file} ${name}`] ?? "no reason is known"}`),
);
list(
  `Files over ${LONG_FILE} lines`,
  files.filter((file) => lines(text.get(file)) > LONG_FILE + 1).map((file) => `${lines(text.get(file)) - 1} ${file}`),
);
const meanings = new Map();
for (const file of files) for (const name of new Set(exportsOf(file))) meanings.set(name, [...(meanings.get(name) ?? []), file]);
list(
  "Exported words with more than one meaning",
  [...meanings].filter(([, where]) => where.length > 1).map(([name, where]) => `${name}: ${where.join(", ")}`),
);
