import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

interface Checked {
  /** What the compiler complains of. */
  errors: string[];
  /** How often types were instantiated: the cost of checking, the same on every machine. */
  instantiations: number;
}

/** What the compiler says of a project. */
async function explain(project: string): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    // Several checkers would instantiate types once each.
    const args = [`${root}node_modules/typescript/bin/tsc`, "-p", project, "--singleThreaded", "--noEmit", "--extendedDiagnostics", "--pretty", "false"];
    execFile(process.execPath, args, { cwd: root, maxBuffer: 1e8 }, (error, stdout, stderr) => {
      if (error && stdout === "") reject(new Error(stderr, { cause: error }));
      else resolve(stdout);
    });
  });
}

/** Checks a project. */
async function check(project: string): Promise<Checked> {
  const output = await explain(project);
  return {
    errors: output.split("\n").filter((line) => /error TS\d+/.test(line)),
    instantiations: Number(/Instantiations:\s+(\d+)/.exec(output)?.[1] ?? Number.NaN),
  };
}

function makeFolder(): string {
  const folder = mkdtempSync(`${tmpdir()}/twinstate-types-`);
  folders.push(folder);
  return folder;
}

/** A project of its own against our sources, with the options of `tests/types/legacy` or `standard`. */
function project(mode: string, files: Readonly<Record<string, string>>): string {
  const folder = makeFolder();
  const { compilerOptions } = JSON.parse(readFileSync(`${root}tests/types/${mode}/tsconfig.json`, "utf8")) as {
    compilerOptions: { paths: Record<string, string[]> };
  };
  const paths = Object.fromEntries(Object.entries(compilerOptions.paths).map(([name, [path]]) => [name, [`${root}tests/types/${mode}/${path}`]]));
  symlinkSync(`${root}node_modules`, `${folder}/node_modules`);
  const options = { ...compilerOptions, paths, typeRoots: [`${root}node_modules/@types`] };
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ extends: `${root}tsconfig.json`, compilerOptions: options, include: ["."] }));
  for (const [name, text] of Object.entries(files)) writeFileSync(`${folder}/${name}`, text);
  return folder;
}

const baselines = new Map<string, Promise<number>>();
/** What our own sources cost, which users do not pay: they have declarations. */
function baseline(mode: string): Promise<number> {
  const cost = baselines.get(mode) ?? measureBaseline(mode);
  baselines.set(mode, cost);
  return cost;
}

async function measureBaseline(mode: string): Promise<number> {
  const entries = ["twinstate", "twinstate/client", "twinstate/react", "twinstate/server", "twinstate/next"];
  const text = entries.map((name, i) => `export * as e${i} from "${name}";`).join("\n");
  return (await check(project(mode, { "entries.ts": text }))).instantiations;
}

// What was measured, and 15 % more: a change that costs users' editors more than that should be meant.
const APPS = { legacy: 71_300, standard: 70_400 };
const MANY = 39_100;
const most = (measured: number) => Math.ceil(measured * 1.15);

describe.each(Object.entries(APPS))("with %s decorators", (mode, measured) => {
  test("the sample apps compile, and what must not compile does not", async () => {
    const { errors, instantiations } = await check(`tests/types/${mode}/tsconfig.json`);
    expect(errors).toEqual([]);
    const cost = instantiations - (await baseline(mode));
    expect(cost).toBeLessThan(most(measured));
    // A compiler that saw nothing would be content with everything.
    expect(cost).toBeGreaterThan(measured / 2);
  });
});

test("an app of 50 stores with 20 events each stays cheap to check", async () => {
  const names = Array.from({ length: 50 }, (_, i) => `store${i}`);
  const files: Record<string, string> = {};
  for (const name of names) {
    const events = Array.from({ length: 20 }, (_, i) => `  @event e${i}(text: string, n: number) { this.items.push({ id: text, n }); return this.items[n]; }`);
    const lines = ['import { event, state } from "twinstate";', `export class ${name} {`, "  @state items: { id: string; n: number }[] = [];", ...events, "}"];
    files[`${name}.ts`] = lines.join("\n");
  }
  const app = [
    'import { createTwin, scope } from "twinstate/server";',
    'import { createHooks } from "twinstate/react";',
    ...names.map((name) => `import { ${name} } from "./${name}";`),
    `export const twin = createTwin({ stores: { ${names.map((name, i) => `${name}: ${i % 2 ? name : `scope.room(${name}, { allow: () => true })`}`).join(", ")} } });`,
    "export const hooks = createHooks<typeof twin>();",
    ...names.map(
      (name, i) => `export const n${i} = async () => (await hooks.useStore${i}(${i % 2 ? "" : '"k"'}).e${i % 20}("x", 1))?.n.toFixed() ?? ${name}.name;`,
    ),
  ];
  const { errors, instantiations } = await check(project("legacy", { ...files, "app.ts": app.join("\n") }));
  expect(errors).toEqual([]);
  const cost = instantiations - (await baseline("legacy"));
  expect(cost).toBeLessThan(most(MANY));
});

test("what must not compile says what to do instead", async () => {
  const text = `
    import { event, type Internal, state } from "twinstate";
    import { z } from "zod";
    export class Poll {
      @state n = 0;
      @event(z.string().transform(Number)) transforms(n: number) {}
      @event({ internal: true }) unmarked() {}
      @event marked(this: Internal<this>) {}
    }
  `;
  const output = await explain(project("legacy", { "poll.ts": text }));
  for (const fix of ["declare the parameter as `z.input<typeof Schema>`", "declare `this: Internal<this>`", "write @event({ internal: true })"])
    expect(output).toContain(fix);
});

const built = existsSync(`${root}dist/react/index.d.ts`) && existsSync(`${root}dist/server/index.d.ts`);

describe.skipIf(!built)(`the built package (${built ? "dist" : "skipped, as there is no dist: `npm run build` first"})`, () => {
  /** An app that has installed the package. */
  function consumer(module: "esnext" | "nodenext"): string {
    const folder = makeFolder();
    cpSync(`${root}tests/types/apps`, `${folder}/apps`, { recursive: true });
    mkdirSync(`${folder}/node_modules`);
    for (const name of readdirSync(`${root}node_modules`))
      if (!name.startsWith(".") && name !== "twinstate") symlinkSync(`${root}node_modules/${name}`, `${folder}/node_modules/${name}`);
    mkdirSync(`${folder}/node_modules/twinstate`);
    symlinkSync(`${root}dist`, `${folder}/node_modules/twinstate/dist`);
    cpSync(`${root}package.json`, `${folder}/node_modules/twinstate/package.json`);
    writeFileSync(`${folder}/package.json`, JSON.stringify({ name: "consumer", type: "module" }));
    const { compilerOptions } = JSON.parse(readFileSync(`${root}tsconfig.json`, "utf8")) as { compilerOptions: object };
    const options = {
      ...compilerOptions,
      paths: {},
      module,
      moduleResolution: module === "esnext" ? "bundler" : "nodenext",

      preserveSymlinks: true,
    };
    writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions: options, include: ["apps"] }));
    if (module === "nodenext")
      for (const file of readdirSync(`${folder}/apps`, { recursive: true, encoding: "utf8" })) {
        if (!/\.tsx?$/.test(file)) continue;
        const text = readFileSync(`${folder}/apps/${file}`, "utf8");
        writeFileSync(`${folder}/apps/${file}`, text.replace(/(from "\.{1,2}\/[^"]+)"/g, '$1.js"'));
      }
    return folder;
  }

  test("declares types that are right in themselves", async () => {
    const folder = consumer("nodenext");
    rmSync(`${folder}/apps`, { recursive: true });
    mkdirSync(`${folder}/apps`);
    const entries = Object.keys((JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { exports: object }).exports).filter(
      (name) => !name.endsWith(".json"),
    );
    writeFileSync(`${folder}/apps/entries.ts`, entries.map((name, i) => `export * as e${i} from "twinstate${name.slice(1)}";`).join("\n"));
    const config = JSON.parse(readFileSync(`${folder}/tsconfig.json`, "utf8")) as { compilerOptions: { skipLibCheck: boolean } };
    config.compilerOptions.skipLibCheck = false;
    writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(config));
    const { errors } = await check(folder);
    // Of what others publish, only our own must be right.
    expect(errors.filter((line) => !/node_modules\/(?!twinstate)/.test(line))).toEqual([]);
  });

  test.each([
    ["bundler", "esnext"],
    ["nodenext", "nodenext"],
  ] as const)("type-checks in apps under moduleResolution %s", async (_, module) => {
    const { errors } = await check(consumer(module));
    expect(errors).toEqual([]);
  });
});
