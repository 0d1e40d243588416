// The packages that are published, what a tarball of each holds, and what is wrong with that.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The folders of the published packages, the library first: what is made by `create-twinstate` depends on it. */
const FOLDERS = [".", "create"];

/** Files that no package may hold: what is private, what is only for us, what a build left over. */
const FORBIDDEN = [
  /(^|\/)(node_modules|\.next|\.twinstate|\.git|test-results|coverage)\//,
  /(^|\/)\.env(?!\.example$)/,
  /(^|\/)(\.npmrc|\.DS_Store|npm-debug\.log)$/,
  /\.(pem|key|sqlite|sqlite-wal|tgz|tsbuildinfo|map)$/,
  /^(tests|bench|scripts|demo-next|site|\.ci|\.github|\.changeset)\//,
];
/** A package with fewer or larger files has not been built, or has swallowed something. In bytes of the unpacked tarball. */
const LARGEST = 8_000_000;

/** The published packages that are there, with the folder and the package.json of each. */
export function packages() {
  return FOLDERS.filter((folder) => existsSync(`${ROOT}${folder}/package.json`)).map((folder) => ({
    folder,
    manifest: JSON.parse(readFileSync(`${ROOT}${folder}/package.json`, "utf8")),
  }));
}

/** What `npm publish` would send of a folder: files with their sizes in bytes, and the sums. Runs no script of the package. */
export function tarball(folder) {
  const { status, stdout, stderr } = spawnSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: `${ROOT}${folder}`, encoding: "utf8" });
  if (status !== 0) throw new Error(`\`npm pack\` of \`${folder}\` failed:\n${stderr}`);
  const parsed = JSON.parse(stdout);
  const { files, size, unpackedSize } = Array.isArray(parsed) ? parsed[0] : Object.values(parsed)[0];
  return { files: files.map(({ path, size }) => ({ path, size })), size, unpackedSize };
}

/** The files that a package.json promises, as paths without `./`. */
function promised({ exports = {}, bin = {}, main, types }) {
  const paths = new Set([main, types, ...Object.values(typeof bin === "string" ? { bin } : bin)]);
  const visit = (value) => {
    if (typeof value === "string") paths.add(value);
    else if (value) for (const inner of Object.values(value)) visit(inner);
  };
  visit(exports);
  return [...paths].filter((path) => path && !path.includes("*")).map((path) => path.replace(/^\.\//, ""));
}

/** What is wrong with a package, one sentence each; nothing if it may be published. */
export function problems({ manifest }, { files, unpackedSize }) {
  const held = new Set(files.map(({ path }) => path));
  const wrong = [];
  for (const path of promised(manifest))
    if (!held.has(path)) wrong.push(`\`${path}\` stands in package.json and is not in the tarball. Run \`npm run build\`.`);
  for (const name of ["README.md", "LICENSE", "package.json"]) if (!held.has(name)) wrong.push(`\`${name}\` is missing.`);
  for (const path of held) if (FORBIDDEN.some((pattern) => pattern.test(path))) wrong.push(`\`${path}\` must not be published.`);
  if (unpackedSize > LARGEST) wrong.push(`${unpackedSize} bytes are more than ${LARGEST}. Look for a file that does not belong there.`);
  for (const field of ["name", "version", "description", "license", "engines"]) if (!manifest[field]) wrong.push(`package.json has no \`${field}\`.`);
  if (manifest.private) wrong.push("package.json says `private`.");
  for (const [name, range] of Object.entries(manifest.dependencies ?? {})) {
    if (/^(file|link|workspace|git|https?):/.test(range)) wrong.push(`\`${name}\` is taken from \`${range}\`, which nobody else has.`);
  }
  return wrong;
}
