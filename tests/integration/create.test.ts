import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { ROOT } from "../kit/rooms.js";
import { soon } from "../kit/soon.js";

const COMMAND = `${ROOT}create/dist/index.js`;
/** Whose the commits are, on a machine where git does not know. */
const AUTHOR = { GIT_AUTHOR_NAME: "Ann", GIT_AUTHOR_EMAIL: "ann@example.com", GIT_COMMITTER_NAME: "Ann", GIT_COMMITTER_EMAIL: "ann@example.com" };
/** A terminal for a command. */
const terminal = spawnSync("script", ["--version"]).status === 0;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "twinstate-create-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

/** Runs the built command where nobody can be asked. */
function create(args: readonly string[], { cwd = folder, env = {}, node = [] as string[] } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...node, COMMAND, ...args], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, ...AUTHOR, npm_config_user_agent: "npm/11.0.0", ...env },
  });
  return { code: status, said: stdout, complained: stderr.trim() };
}

test("without a terminal, a name is needed, and nothing hangs", () => {
  const { code, complained } = create([]);
  expect(code).toBe(1);
  expect(complained).toBe(
    "The app needs a name, and nobody can be asked here: this is no terminal. Give it: `npm create twinstate@latest my-app`, or `--yes` for `my-app`.",
  );
  expect(readdirSync(folder)).toEqual([]);
});

test("--yes makes my-app, with git, and the next commands are printed", () => {
  const { code, said } = create(["--yes", "--no-install"]);
  expect(code).toBe(0);
  expect(said).toMatch(
    /files in my-app, from the template todo\n✓ A git repository with a first commit\n\nNext:\n\n {2}cd my-app\n {2}npm install\n {2}npm run dev\n/,
  );
  const git = (...args: string[]) => spawnSync("git", args, { cwd: join(folder, "my-app"), encoding: "utf8" }).stdout.trim();
  expect(git("rev-list", "--count", "HEAD")).toBe("1");
  expect(git("status", "--porcelain")).toBe("");
  expect(git("ls-files")).toContain("data/.gitkeep");
});

test("an app within another repository gets none of its own", () => {
  spawnSync("git", ["init"], { cwd: folder });
  expect(create(["apps/shop", "--no-install"]).code).toBe(0);
  expect(existsSync(join(folder, "apps/shop/package.json"))).toBe(true);
  expect(existsSync(join(folder, "apps/shop/.git"))).toBe(false);
});

test("what the flags say wrong is said before anything is written", () => {
  for (const args of [["a", "--template", "nope"], ["a", "--nope"], ["A"], ["a", "--twinstate", "file:nowhere.tgz"], ["a", "--twinstate", "!"]]) {
    const { code, complained } = create(args);
    expect([code, complained.split("\n").length], complained).toEqual([1, 1]);
  }
  expect(readdirSync(folder)).toEqual([]);
});

test("an installation that fails leaves the app, and says what to run", () => {
  const PATH = managerThat("echo 'no network' >&2; exit 1");
  const { code, said, complained } = create(["shop", "--no-git", "--pm", "pnpm"], { env: { PATH } });
  expect(code).toBe(1);
  expect(said).toContain("`pnpm install` failed. The app is there: run it again in its folder.");
  expect(said).toContain("Next:\n\n  cd shop\n  pnpm install\n  pnpm dev\n");
  expect(complained).toBe("no network");
  expect(existsSync(join(folder, "shop/package.json"))).toBe(true);
});

test("a package manager that is not there is said", () => {
  const { code, said, complained } = create(["shop", "--no-git", "--pm", "bun"], { env: { PATH: folder } });
  expect([code, complained]).toEqual([1, "There is no `bun` on this machine."]);
  expect(said).toContain("`bun install` failed.");
});

test("an app is made whole for whoever reads only the beginning", async () => {
  const child = spawn(process.execPath, [COMMAND, "shop", "--no-git", "--pm", "pnpm"], { cwd: folder, env: { ...process.env, PATH: managerThat("exit 0") } });
  let complained = "";
  child.stderr.on("data", (chunk) => (complained += chunk));
  child.stdout.destroy();
  expect([...(await once(child, "close")), complained]).toEqual([0, null, ""]);
  expect(existsSync(join(folder, "shop/package.json"))).toBe(true);
});

test("a repository that git is at work in gets none of the app's files", () => {
  const git = (...args: string[]) => spawnSync("git", args, { cwd: join(folder, "other"), encoding: "utf8" }).stdout.trim();
  mkdirSync(join(folder, "other"));
  git("init");
  expect(create(["shop", "--no-install", "--git"], { env: { GIT_DIR: join(folder, "other/.git") } }).code).toBe(0);
  expect(git("status", "--porcelain")).toBe("");
  expect(git("rev-list", "--all", "--count")).toBe("0");
  expect(existsSync(join(folder, "shop/.git"))).toBe(true);
});

test("a library from a file is found from wherever the app is", () => {
  writeFileSync(join(folder, "twinstate.tgz"), "");
  expect(create(["apps/shop", "--no-install", "--no-git", "--twinstate", "file:twinstate.tgz"]).code).toBe(0);
  const { dependencies } = JSON.parse(readFileSync(join(folder, "apps/shop/package.json"), "utf8"));
  expect(dependencies.twinstate).toBe(`file:${join(folder, "twinstate.tgz")}`);
});

test("a Node that is too old for the command is said in one line, and one that is too old for the app before all else", () => {
  const on = (version: string) => ({ node: ["--import", `data:text/javascript,Object.defineProperty(process,"versions",{value:{node:"${version}"}})`] });
  expect(create(["shop"], on("18.20.0"))).toEqual({
    code: 1,
    said: "",
    complained: "create-twinstate needs Node 20.12 or newer, and this is 18.20.0. Install a newer one: https://nodejs.org",
  });
  expect(create(["shop", "--no-install", "--no-git"], on("20.20.0")).said).toMatch(
    /^! This is Node 20\.20\.0\. The app needs Node 22\.13 or newer: install it before you start the app/,
  );
});

/** A package manager of ours, which runs these lines of a shell. */
function managerThat(script: string): string {
  const tools = join(folder, "tools");
  mkdirSync(tools);
  writeFileSync(join(tools, "pnpm"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(tools, "pnpm"), 0o755);
  return `${tools}${delimiter}${process.env.PATH}`;
}

/** The command in a terminal, where it asks. */
function inTerminal(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): { child: ChildProcess; said: () => string; ended: Promise<number | null> } {
  // Without `exec`, a shell like dash ends by the Ctrl+C that the command has taken, and its exit code is lost.
  const command = `stty cols 100 rows 30; exec ${[process.execPath, COMMAND, ...args].map((part) => `'${part}'`).join(" ")}`;
  const child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
    cwd: folder,
    env: { ...process.env, TERM: "xterm", CI: "", ...env },
  });
  let said = "";
  child.stdout.on("data", (chunk) => (said += chunk));
  return { child, said: () => said, ended: new Promise((resolve) => child.once("exit", resolve)) };
}

test.skipIf(!terminal && !process.env.CI)("Ctrl+C at any question leaves nothing behind", async () => {
  for (const questions of [[], ["my-app"], ["my-app", ""]]) {
    const { child, said, ended } = inTerminal([]);
    const asked = ["What is the app called?", "What does it begin with?", "Install the packages with"];
    for (const [n, answer] of questions.entries()) {
      await soon(() => expect(said()).toContain(asked[n]));
      child.stdin?.write(`${answer}\r`);
    }
    await soon(() => expect(said()).toContain(asked[questions.length]));
    child.stdin?.write("\x03");
    expect(await ended).toBe(130);
    expect(said()).toContain("Nothing was written.");
    expect(readdirSync(folder)).toEqual([]);
  }
});

test.skipIf(!terminal && !process.env.CI)("in a terminal it asks for what is not given, and takes the defaults", async () => {
  const { child, said, ended } = inTerminal(["--no-install", "--no-git"]);
  await soon(() => expect(said()).toContain("What is the app called?"));
  child.stdin?.write("Shop\r");
  await soon(() => expect(said()).toContain("Use `shop`."));
  child.stdin?.write("\x7f".repeat(4) + "shop\r");
  await soon(() => expect(said()).toContain("What does it begin with?"));
  child.stdin?.write("\x1b[A\r");
  expect(await ended).toBe(0);
  expect(said()).toContain("files in shop, from the template");
});

test.skipIf(!terminal && !process.env.CI)("Ctrl+C during an installation ends it, and leaves the app", async () => {
  const PATH = managerThat("echo begun > ../begun; sleep 60");
  const { child, said, ended } = inTerminal(["shop", "--template", "blank", "--install", "--no-git", "--pm", "pnpm"], { PATH });
  await soon(() => expect(existsSync(join(folder, "begun"))).toBe(true));
  child.stdin?.write("\x03");
  expect(await ended).toBe(1);
  expect(said()).toContain("The app is there: run it again in its folder.");
  expect(existsSync(join(folder, "shop/package.json"))).toBe(true);
});

test("the package holds the templates as they are written, and nothing that was made in them", () => {
  const { stdout } = spawnSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: `${ROOT}create`,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path);
  for (const name of readdirSync(`${ROOT}create/templates`)) {
    expect(paths).toEqual(
      expect.arrayContaining(
        ["_gitignore", "package.json", "tsconfig.json", "data/.gitkeep", "AGENTS.md", "README.md"].map((file) => `templates/${name}/${file}`),
      ),
    );
  }
  expect(paths).toEqual(expect.arrayContaining(["LICENSE", "README.md", "dist/index.js"]));
  expect(paths.filter((path) => /node_modules|\.next\/|\.twinstate|next-env|tsbuildinfo|\.db|^src/.test(path))).toEqual([]);
});
