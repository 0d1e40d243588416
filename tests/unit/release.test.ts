import { execFileSync } from "node:child_process";
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
// @ts-expect-error: scripts of the repository have no declarations
import { draw } from "../../scripts/house-picture.mjs";
// @ts-expect-error: scripts of the repository have no declarations
import { packages, problems, tarball } from "../../scripts/packages.mjs";
import { ROOT } from "../kit/rooms.js";

const read = (path: string) => readFileSync(ROOT + path, "utf8");
const manifest = JSON.parse(read("package.json")) as { name: string; version: string; scripts: Record<string, string> };

test("each package holds what its package.json promises, and nothing that is private or ours alone", ({ skip }) => {
  for (const one of packages()) {
    if (!existsSync(`${ROOT}${one.folder}/dist`)) skip("needs the built packages");
    const content = tarball(one.folder);
    expect(problems(one, content), one.manifest.name).toEqual([]);
  }
});

test("what a package must not hold, or lacks, is named before it is published", () => {
  const good = {
    name: "x",
    version: "1.0.0",
    description: "x",
    license: "MIT",
    engines: {},
    exports: { ".": { types: "./dist/a.d.ts", default: "./dist/a.js" } },
  };
  const files = ["README.md", "LICENSE", "package.json", "dist/a.js", "dist/a.d.ts"].map((path) => ({ path, size: 1 }));
  const wrongOf = (changed: object, more: string[] = [], less: string[] = [], unpackedSize = 5) => {
    const held = [...files, ...more.map((path) => ({ path, size: 1 }))].filter(({ path }) => !less.includes(path));
    return problems({ folder: ".", manifest: { ...good, ...changed } }, { files: held, size: 1, unpackedSize });
  };
  expect(wrongOf({})).toEqual([]);
  expect(wrongOf({}, [], ["dist/a.d.ts"])).toEqual([expect.stringContaining("`dist/a.d.ts` stands in package.json")]);
  expect(wrongOf({ bin: { x: "./dist/cli.js" } })).toEqual([expect.stringContaining("`dist/cli.js`")]);
  for (const path of [
    ".env",
    "templates/todo/.env.local",
    ".twinstate/secret",
    "templates/todo/node_modules/a.js",
    "tests/a.ts",
    "state.sqlite",
    "dist/a.js.map",
    "key.pem",
  ]) {
    expect(wrongOf({}, [path])).toEqual([`\`${path}\` must not be published.`]);
  }
  expect(wrongOf({}, ["templates/todo/.env.example", "templates/todo/tests/todo.test.ts"])).toEqual([]);
  expect(wrongOf({}, [], ["LICENSE"])).toEqual(["`LICENSE` is missing."]);
  expect(wrongOf({ private: true, license: undefined })).toEqual(["package.json has no `license`.", "package.json says `private`."]);
  expect(wrongOf({ dependencies: { twinstate: "file:.." } })).toEqual([expect.stringContaining("`twinstate` is taken from `file:..`")]);
  expect(wrongOf({}, [], [], 9_000_000)).toEqual([expect.stringContaining("9000000 bytes are more than")]);
});

test("a release without a changeset stops, and one with it raises both packages and dates the changelog", () => {
  const copy = mkdtempSync(`${tmpdir()}/twinstate-release-`);
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
  const git = (...args: string[]) => execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.com", ...args], { cwd: copy, encoding: "utf8" });
  for (const path of [".changeset", "scripts", "package.json", "package-lock.json", ".npmrc", "CHANGELOG.md", "demo-next/package.json"])
    cpSync(ROOT + path, `${copy}/${path}`, { recursive: true });
  if (existsSync(`${ROOT}create/package.json`)) cpSync(`${ROOT}create/package.json`, `${copy}/create/package.json`);
  for (const file of globSync(".changeset/*.md", { cwd: copy })) if (!file.endsWith("README.md")) rmSync(`${copy}/${file}`);
  symlinkSync(`${ROOT}node_modules`, `${copy}/node_modules`);
  git("init", "-q", "-b", "main");
  git("add", "-A");
  git("commit", "-qm", "one");
  const release = () => {
    const script = `${copy}/scripts/release.mjs`;
    try {
      return { status: 0, text: execFileSync(process.execPath, ["--no-warnings", script, "version"], { cwd: copy, encoding: "utf8", stdio: "pipe" }) };
    } catch (error) {
      const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
      return { status, text: stdout + stderr };
    }
  };
  const versionOf = (folder: string) => (JSON.parse(readFileSync(`${copy}/${folder}/package.json`, "utf8")) as { version: string }).version;

  const without = release();
  expect(without.status).toBe(1);
  expect(without.text).toContain("No unreleased changesets found");

  writeFileSync(`${copy}/.changeset/new.md`, `---\n"${manifest.name}": minor\n---\n\nSomething new.\n`);
  const done = release();
  expect(done.status, done.text).toBe(0);
  const [major, minor] = manifest.version.split(".").map(Number);
  expect(versionOf(".")).toBe(`${major}.${(minor ?? 0) + 1}.0`);
  if (existsSync(`${copy}/create/package.json`)) expect(versionOf("create")).toBe(versionOf("."));
  expect(readFileSync(`${copy}/CHANGELOG.md`, "utf8")).toMatch(new RegExp(`## Unreleased\\n\\n## ${versionOf(".")} \\(\\d{4}-\\d\\d-\\d\\d\\)\\n`));
  expect(existsSync(`${copy}/.changeset/new.md`)).toBe(false);
});

test("workflows and forms are well formed, and run only commands that are there", () => {
  const files = globSync(".github/**/*.yml", { cwd: ROOT });
  expect(files.length).toBeGreaterThan(4);
  for (const file of files) {
    const text = read(file);
    expect(() => parse(text), file).not.toThrow();
    for (const [, name] of text.matchAll(/npm run ([\w:-]+)/g)) expect(manifest.scripts, `${file}: npm run ${name}`).toHaveProperty(name as string);
    for (const [, path] of text.matchAll(/^\s*- run: (\.[\w/]+)/gm)) expect(existsSync(ROOT + path), `${file}: ${path}`).toBe(true);
  }
  const jobs = Object.values((parse(read(".github/workflows/release.yml")) as { jobs: Record<string, { permissions?: object; if: string }> }).jobs);
  // Nothing but the job that publishes may sign, or write; and a run by hand is no such job.
  const [publishing, ...others] = jobs.filter(({ permissions }) => permissions);
  expect(others).toEqual([]);
  expect(publishing?.if).toBe("github.event_name == 'push'");
});

test("the picture of the house is the one that the page of the architecture gives", () => {
  expect(read("docs/images/house.svg"), "run `npm run house:picture`").toBe(draw(read("docs/ARCHITECTURE.md")));
});

test("one click, as contributors follow it, passes through files and functions that are there", () => {
  const rows = [...read("CONTRIBUTING.md").matchAll(/^\| \d+\. [^|]+ \| `([^`]+)` \| ([^|]+) \|/gm)];
  expect(rows.length).toBeGreaterThan(12);
  for (const [, file = "", functions = ""] of rows) {
    const source = read(file);
    for (const [, name = ""] of functions.matchAll(/`([^`]+)`/g)) expect(source, `${name} in ${file}`).toMatch(new RegExp(`(^|[\\s#])${name}\\b.*[({=]`, "m"));
  }
});

test("each first issue says where to begin, in places that are there", () => {
  const rows = [...read("docs/GOOD-FIRST-ISSUES.md").matchAll(/^\| (?!what|---)[^|]+\|([^|]+)\|([^|]+)\|$/gm)];
  expect(rows.length).toBeGreaterThan(5);
  for (const [, start = "", shown = ""] of rows) {
    for (const [, path = ""] of `${start} ${shown}`.matchAll(/`((?:lib|client|react|server|demo-next|tests|docs|cli|create)\/[^`]*)`/g))
      expect(existsSync(ROOT + path), path).toBe(true);
  }
});
