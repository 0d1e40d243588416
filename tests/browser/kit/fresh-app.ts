import { copyFileSync, cpSync, existsSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT, run } from "./build.js";

const require = createRequire(import.meta.url);

const FLAGS = ["--yes", "--ts", "--app", "--no-linter", "--no-tailwind", "--no-src-dir", "--no-react-compiler", "--use-npm", "--skip-install"];

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
  readonly peerDependenciesMeta?: Record<string, { readonly optional?: boolean }>;
}

/**
 * An app as `create-next-app` makes it, after `npm install` of packages: in a folder where nothing of the repository is found by chance.
 * The packages are the repository's own, but `twinstate`, which is unpacked from what `npm pack` makes. Only what the repository does not have, such as
 * Tailwind, is fetched.
 */
export async function createFreshApp(packages: readonly string[], more: readonly string[] = []): Promise<{ folder: string; remove(): void }> {
  const home = mkdtempSync(join(tmpdir(), "twinstate-fresh-"));
  const folder = join(home, "app");
  const flags = FLAGS.filter((flag) => !more.includes(flag.replace(/^--no-/, "--")));
  await run(process.execPath, [require.resolve("create-next-app/dist/index.js"), folder, ...flags, ...more], home);
  const { dependencies, devDependencies } = manifestOf(folder);
  const wanted = { ...dependencies, ...devDependencies };
  await install(folder, [...Object.keys(wanted), ...packages]);
  await fetchOthers(folder, wanted);
  return { folder, remove: () => rmSync(home, { recursive: true, force: true }) };
}

/**
 * An app as `create-next-app` makes it with Tailwind, and `shadcn init` after it: with packages that npm fetches, and the packed library. The items of the
 * registry come by shadcn's own command, from the packed library.
 */
export async function createShadcnApp(packages: readonly string[], items: readonly string[]): Promise<{ folder: string; remove(): void }> {
  const home = mkdtempSync(join(tmpdir(), "twinstate-shadcn-"));
  const folder = join(home, "app");
  const flags = FLAGS.map((flag) => (flag === "--no-tailwind" ? "--tailwind" : flag));
  await run(process.execPath, [require.resolve("create-next-app/dist/index.js"), folder, ...flags], home);
  await run("npm", ["install", "--no-audit", "--no-fund", await pack("twinstate", home), ...packages], folder);
  const shadcn = join(import.meta.dirname, "../shadcn");
  copyFileSync(join(shadcn, "components.json"), join(folder, "components.json"));
  copyFileSync(join(shadcn, "globals.css"), join(folder, "app/globals.css"));
  // The command asks shadcn's site for the colors that components.json names, and the items need none.
  const none = { light: {}, dark: {} };
  const site = createServer((_, response) =>
    response.end(JSON.stringify({ inlineColors: none, cssVars: none, inlineColorsTemplate: "", cssVarsTemplate: "" })),
  );
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = site.address() as AddressInfo;
    const paths = items.map((name) => `./node_modules/twinstate/registry/r/${name}.json`);
    const env = { REGISTRY_URL: `http://127.0.0.1:${port}` };
    await run("npm", ["exec", "--yes", "--package=shadcn@4.23.1", "--", "shadcn", "add", "--yes", ...paths], folder, env);
  } finally {
    site.close();
  }
  return { folder, remove: () => rmSync(home, { recursive: true, force: true }) };
}

/** Puts packages into a folder, with all that an installation of them brings. */
export async function install(folder: string, packages: readonly string[]): Promise<void> {
  const modules = join(folder, "node_modules");
  for (const name of closure(packages)) if (name !== "twinstate") link(join(ROOT, "node_modules", name), join(modules, name));
  await unpack("twinstate", join(modules, "twinstate"));
}

/** Unpacks a package of the repository, as npm would publish it, into a folder. */
export async function unpack(name: string, folder: string): Promise<void> {
  const packed = mkdtempSync(join(tmpdir(), "twinstate-packed-"));
  const tarball = await pack(name, packed);
  mkdirSync(folder, { recursive: true });
  await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", folder], packed);
  rmSync(packed, { recursive: true });
}

/** Installs what the repository does not have. */
async function fetchOthers(folder: string, wanted: Readonly<Record<string, string>>): Promise<void> {
  const others = Object.entries(wanted).filter(([name]) => !existsSync(join(folder, "node_modules", name)));
  if (others.length === 0) return;
  const apart = mkdtempSync(join(tmpdir(), "twinstate-fetched-"));
  await run("npm", ["install", "--prefix", apart, "--no-audit", ...others.map(([name, range]) => `${name}@${range}`)], apart);
  cpSync(join(apart, "node_modules"), join(folder, "node_modules"), { recursive: true, force: false, verbatimSymlinks: true });
  rmSync(apart, { recursive: true });
}

/** Packs a package of the repository into a folder, and gives the tarball. */
export async function pack(name: string, folder: string): Promise<string> {
  const source = name === "twinstate" ? ROOT : join(ROOT, "node_modules", name);
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], source);
  return join(folder, readdirSync(folder).find((file) => file.startsWith(`${name}-`)) as string);
}

const manifestOf = (folder: string) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;

/** What an installation of these packages brings: with what they depend on, and the peers that are not optional. */
function closure(names: readonly string[]): Set<string> {
  const found = new Set<string>();
  const add = (name: string) => {
    const folder = name === "twinstate" ? ROOT : join(ROOT, "node_modules", name);
    if (found.has(name) || !existsSync(folder)) return;
    found.add(name);
    const { dependencies, optionalDependencies, peerDependencies = {}, peerDependenciesMeta = {} } = manifestOf(folder);
    const peers = Object.keys(peerDependencies).filter((peer) => !peerDependenciesMeta[peer]?.optional);
    for (const next of [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers]) add(next);
  };
  for (const name of names) add(name);
  return found;
}

/** Copies a folder by hard links, where the disk is the same. */
function link(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) link(source, target);
    else if (entry.isFile()) linkOrCopy(source, target);
  }
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}
