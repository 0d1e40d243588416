import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { appFiles, writeApp } from "../../create/src/app-files.js";
import { placeOf } from "../../create/src/app-name.js";
import { readFlags } from "../../create/src/flags.js";
import { reaches } from "../../create/src/node-version.js";
import { managerOf, runIn, runScript } from "../../create/src/package-manager.js";
import { templateOf, templates } from "../../create/src/templates.js";
import { ROOT } from "../kit/rooms.js";

const TEMPLATES = `${ROOT}create/templates/`;
const read = (path: string) => readFileSync(path, "utf8");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "twinstate-create-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

describe("flags", () => {
  test("answers can all be given", () => {
    expect(readFlags(["shop", "-t", "blank", "--no-git", "--install", "--pm", "pnpm", "--twinstate", "1.2.3"])).toMatchObject({
      name: "shop",
      template: "blank",
      git: false,
      install: true,
      manager: "pnpm",
      twinstate: "1.2.3",
      yes: false,
    });
    expect(readFlags(["--yes"])).toMatchObject({ name: undefined, template: undefined, git: undefined, install: undefined, yes: true });
  });

  test.each([
    [["--tempalte", "todo"], "`--tempalte` is no flag. Did you mean `--template`? `--help` lists them all."],
    [["--no-comment"], "`--no-comment` is no flag."],
    [["-x"], "`-x` is no flag."],
    [["--template"], "`--template` needs a value"],
    [["--yes=1"], "`--yes` takes no value."],
    [["--git", "--no-git"], "`--git` and `--no-git` were both given."],
    [["--pm", "cargo"], "`--pm cargo` is not known. Use one of: `npm`, `pnpm`, `yarn`, `bun`."],
    [["shop", "todo"], "An app has one name, and `shop`, `todo` were given. npm keeps flags for itself, unless they stand after `--`"],
  ])("%j is refused, with the way out", (args, message) => {
    expect(() => readFlags(args)).toThrow(message);
  });

  test("flags that npm has kept for itself are named, and where they go", () => {
    const kept = { npm_config_template: "chat", npm_config_install: "", npm_config_git: "false" };
    const flags = "--template chat --no-install --no-git";
    expect(() => readFlags(["shop"], kept)).toThrow(
      `npm has kept \`${flags}\` for itself: flags stand after \`--\`. Run \`npm create twinstate@latest my-app -- ${flags}\`.`,
    );
    expect(readFlags(["shop"], { npm_config_git: "/usr/bin/git", npm_config_yes: "true" })).toMatchObject({ name: "shop", git: undefined });
  });

  test("an unknown template is answered with those that there are", () => {
    expect(() => templateOf("shop")).toThrow(
      `There is no template \`shop\`. There are: ${templates()
        .map(({ name }) => `\`${name}\``)
        .join(", ")}.`,
    );
  });
});

describe("names and folders", () => {
  test.each([
    ["my-app", "my-app", "my-app"],
    ["apps/shop", "shop", "apps/shop"],
    ["@acme/web", "@acme/web", "@acme/web"],
  ])("%s makes %s", (given, name, path) => {
    expect(placeOf(given, folder)).toEqual({ name, folder: join(folder, path) });
  });

  test(". is this folder, also where git has begun", () => {
    mkdirSync(join(folder, "shop/.git"), { recursive: true });
    expect(placeOf(".", join(folder, "shop"))).toEqual({ name: "shop", folder: join(folder, "shop") });
  });

  test.each([
    ["", "it is empty."],
    ["My App", "it has capital letters. Use `my-app`."],
    [".hidden", "it begins with a dot or an underscore. Use `hidden`."],
    ["_hidden", "it begins with a dot or an underscore. Use `hidden`."],
    ["straße", "it may have letters from a to z"],
    ["a b", "Use `a-b`."],
    ["x".repeat(215), "it has more than 214 characters."],
    ["node_modules", "npm does not allow it. Use `my-node_modules`."],
    ["http", "a part of Node is called so. Use `my-http`."],
    ["-y", "it begins as a flag does. Use `y`."],
    ["@trpc/server", "the app uses a package of this name."],
    ["drizzle-orm", "the app uses a package of this name. Use `my-drizzle-orm`."],
    ["react", "the app uses a package of this name. Use `my-react`."],
    ["@acme/", "a scope needs a name after it, as in `@acme/web`"],
  ])("the name %j is refused", (given, message) => {
    expect(() => placeOf(given, folder)).toThrow(message);
  });

  test("a folder that is not empty, and a file, are refused by what is there", () => {
    mkdirSync(join(folder, "full"));
    for (const name of ["a", "b", "c", "d", "e"]) writeFileSync(join(folder, "full", name), "");
    writeFileSync(join(folder, "file"), "");
    expect(() => placeOf("full", folder)).toThrow("`full` is not empty: it has `a`, `b`, `c`, `d` and 1 more. Choose another name, or empty it.");
    expect(() => placeOf("file", folder)).toThrow("`file` is a file. Choose another name.");
  });
});

describe("what is written", () => {
  test.each(templates().map(({ name }) => name))("an app of %s is the template, with its name, its versions, and the files of its deployment", (name) => {
    const files = appFiles(templateOf(name), "@acme/shop", "file:/tmp/twinstate.tgz", "pnpm");
    const made = ["Dockerfile", ".dockerignore", "compose.yaml", "deploy/Caddyfile"];
    const sources = readdirSync(TEMPLATES + name, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.size).toBe(sources.length + made.length);
    for (const [path, text] of files) {
      if (made.includes(path)) continue;
      const source = read(`${TEMPLATES}${name}/${path.replace(/\.gitignore$/, "_gitignore")}`);
      if (path !== "package.json") expect(text, path).toBe(source.replaceAll("__NAME__", "@acme/shop"));
    }
    const { description: _, ...manifest } = JSON.parse(read(`${TEMPLATES}${name}/package.json`));
    const dependencies = { ...manifest.dependencies, twinstate: "file:/tmp/twinstate.tgz" };
    expect(JSON.parse(files.get("package.json") as string)).toEqual({ ...manifest, name: "@acme/shop", dependencies });
    expect(files.get("compose.yaml")).toContain("name: shop\n");
    expect(files.get("Dockerfile")).toContain("COPY package.json pnpm-lock.yaml ./\nRUN pnpm install --frozen-lockfile\n");
  });

  test("the app keeps its state, its builds and its secrets out of git", () => {
    for (const { name } of templates()) {
      const ignored = read(`${TEMPLATES}${name}/_gitignore`).split("\n");
      expect(ignored).toEqual(expect.arrayContaining(["/node_modules", "/.next/", "/data/*", "!/data/.gitkeep", "/.twinstate/", ".env*"]));
    }
  });

  test("its versions are those that the library is tested with", () => {
    const tested = { ...JSON.parse(read(`${ROOT}package.json`)).devDependencies, ...JSON.parse(read(`${ROOT}create/package.json`)).devDependencies };
    for (const { name } of templates()) {
      const { dependencies, devDependencies } = JSON.parse(read(`${TEMPLATES}${name}/package.json`));
      for (const [packageName, version] of Object.entries({ ...dependencies, ...devDependencies })) {
        if (packageName in tested) expect(`${packageName}@${version}`).toBe(`${packageName}@${tested[packageName]}`);
      }
    }
  });

  test("templates set themselves up in the same way", () => {
    const shared = ["_gitignore", "tsconfig.json", "next.config.ts", "postcss.config.mjs", "vitest.config.ts", "app/icon.svg", "app/globals.css"];
    const rules = (name: string) => read(`${TEMPLATES}${name}/AGENTS.md`).split("\n## How twinstate is written")[1];
    for (const { name } of templates()) {
      for (const file of shared) expect(read(`${TEMPLATES}${name}/${file}`), `${name}/${file}`).toBe(read(`${TEMPLATES}blank/${file}`));
      expect(rules(name), name).toBe(rules("blank"));
    }
  });

  test("nothing is left of an app that cannot be written", () => {
    const files = new Map([
      ["a", "1"],
      ["a/b", "2"],
    ]);
    expect(() => writeApp({ folder: join(folder, "deep/app"), name: "app" }, files)).toThrow("cannot be written");
    expect(readdirSync(folder)).toEqual([]);
    mkdirSync(join(folder, "empty"));
    expect(() => writeApp({ folder: join(folder, "empty"), name: "app" }, files)).toThrow("Nothing is left behind.");
    expect(readdirSync(join(folder, "empty"))).toEqual([]);
  });
});

test("the package manager is the one that runs the command", () => {
  expect(managerOf("pnpm/10.2.0 npm/? node/v24.0.0 linux x64")).toBe("pnpm");
  expect(managerOf("deno/2")).toBe("npm");
  expect(managerOf(undefined)).toBe("npm");
  expect([runScript("npm", "dev"), runScript("pnpm", "dev"), runScript("yarn", "dev"), runScript("bun", "dev")]).toEqual([
    "npm run dev",
    "pnpm dev",
    "yarn dev",
    "bun run dev",
  ]);
});

test("git gets its arguments whole on Windows, where package managers need a shell", async () => {
  const { platform } = process;
  // Node takes the shell of Windows from here.
  vi.stubEnv("comspec", "/bin/sh");
  Object.defineProperty(process, "platform", { value: "win32" });
  onTestFinished(() => {
    vi.unstubAllEnvs();
    Object.defineProperty(process, "platform", { value: platform });
  });
  expect(await runIn(tmpdir(), "git", ["rev-parse", "--sq-quote", "Begin with twinstate"])).toEqual({ ok: true, said: " 'Begin with twinstate'\n" });
  expect((await runIn(tmpdir(), "npm", ["--version"])).said).toMatch(/^\d+\.\d+/);
});

test("versions of Node are compared by number", () => {
  expect([reaches("22.13.0", "22.13"), reaches("24.0.0", "22.13"), reaches("22.9.1", "22.13"), reaches("20.20.2", "22.13")]).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

/**
 * The lines that make the shared live counter out of an app with twinstate in it, which `create` or `init` has set up: those of the store, and each line
 * elsewhere that names the counter. Imports, comments and empty lines are not counted.
 */
test("a shared live counter takes at most 15 lines", () => {
  const code = (path: string) =>
    read(`${TEMPLATES}blank/${path}`)
      .split("\n")
      .filter((line) => line.trim() !== "" && !/^(import |\s*(\/\/|\/?\*))/.test(line));
  const others = ["state/server.ts", "state/client.ts", "app/page.tsx", "app/counter-card.tsx"].flatMap(code);
  const lines = [...code("state/counter.ts"), ...others.filter((line) => /counter/i.test(line) && !line.includes("<code"))];
  expect(lines.length, lines.join("\n")).toBeLessThanOrEqual(15);
});
