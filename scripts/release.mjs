// Publishes the packages: `npm run release`. `-- --dry-run` publishes nothing, and lists exactly what would be. `npm run release:version` prepares a release.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { packages, problems, ROOT, tarball } from "./packages.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "dry-run": { type: "boolean", default: false }, files: { type: "boolean", default: false } },
});

/** Says what is wrong, and ends the process. */
function stop(...lines) {
  for (const line of lines) console.error(line);
  process.exit(1);
}

function run(command, args, cwd = ROOT) {
  const { status } = spawnSync(command, args, { cwd, stdio: "inherit" });
  if (status !== 0) stop(`\`${command} ${args.join(" ")}\` ended with ${status}.`);
}

/** Whether the registry has this version already. A registry that does not answer is no answer. */
function isPublished({ name, version }) {
  const { status, stdout, stderr } = spawnSync("npm", ["view", `${name}@${version}`, "version", "--json"], { encoding: "utf8" });
  if (status === 0) return stdout.trim() !== "";
  if (/E404/.test(stdout + stderr)) return false;
  return stop(`The registry does not say whether \`${name}@${version}\` is published:`, stderr.trim());
}

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

/** Lists a package as it would be published, and gives what is wrong with it. */
function list(one, { published }) {
  const content = tarball(one.folder);
  const { name, version } = one.manifest;
  console.log(`\n${name}@${version}: ${published ? "is published already, nothing to do" : "would be published"}`);
  console.log(`  ${content.files.length} files, ${kilobytes(content.size)} packed, ${kilobytes(content.unpackedSize)} unpacked`);
  if (!published || values.files) for (const { path, size } of content.files) console.log(`  ${String(size).padStart(9)}  ${path}`);
  return problems(one, content).map((problem) => `${name}: ${problem}`);
}

/** Raises the versions by what stands in `.changeset/`, and gives the changelog's "Unreleased" the new version and today's date. */
function version() {
  run("npx", ["changeset", "version"]);
  const { version: after } = packages()[0].manifest;
  run("npm", ["install", "--package-lock-only", "--ignore-scripts"]);
  const path = `${ROOT}CHANGELOG.md`;
  const text = readFileSync(path, "utf8");
  if (!text.includes("\n## Unreleased\n")) return stop("CHANGELOG.md has no section `## Unreleased`.");
  writeFileSync(path, text.replace("\n## Unreleased\n", `\n## Unreleased\n\n## ${after} (${new Date().toISOString().slice(0, 10)})\n`));
  console.log(`Versions are ${after}. Read CHANGELOG.md, commit, and push.`);
}

/** Publishes what the registry lacks, the library first. */
function publish() {
  const found = packages().map((one) => ({ one, published: isPublished(one.manifest) }));
  const wrong = found.flatMap(({ one, published }) => list(one, { published }));
  if (wrong.length > 0) return stop("\nNothing is published:", ...wrong.map((problem) => `  ${problem}`));
  const waiting = found.filter(({ published }) => !published).map(({ one }) => one);
  if (values["dry-run"]) return console.log(`\nDry run: nothing is published. ${waiting.length} of ${found.length} packages would be.`);
  const repository = process.env.GITHUB_REPOSITORY;
  if (!repository) return stop("Packages are published by the release workflow, so that their provenance is on record. Use `--dry-run` here.");
  for (const { folder } of waiting) {
    // Provenance is refused where package.json names no repository, or another one than the workflow's.
    run(
      "npm",
      ["pkg", "set", `repository.type=git`, `repository.url=git+https://github.com/${repository}.git`, `repository.directory=${folder}`],
      `${ROOT}${folder}`,
    );
    run("npm", ["publish", "--provenance", "--access", "public"], `${ROOT}${folder}`);
  }
  // The release action reads these lines: it pushes the tags, and makes a release of each.
  for (const { manifest } of waiting) {
    const tag = `${manifest.name}@${manifest.version}`;
    run("git", ["tag", tag]);
    console.log(`New tag: ${tag}`);
  }
}

const commands = { version, publish };
const command = commands[positionals[0] ?? "publish"];
if (!command) stop(`\`${positionals[0]}\` is no command: ${Object.keys(commands).join(", ")}.`);
else command();
