import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { templates } from "../../create/src/templates.js";
import { ROOT } from "../kit/rooms.js";

interface Manifest {
  readonly exports: Readonly<Record<string, { readonly types?: string }>>;
}

/** Where an import of the library leads: to its declarations. */
function library(): Record<string, string[]> {
  const { exports } = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as Manifest;
  const entries = Object.entries(exports).flatMap(([name, { types }]) => (types === undefined ? [] : ([[name, types]] as const)));
  return Object.fromEntries(entries.map(([name, types]) => [`twinstate${name.slice(1)}`, [join(ROOT, types)]]));
}

test.each(templates().map((template) => [template.name, template] as const))(
  "the template %s compiles, by its own options, against the library's declarations",
  async (_, template) => {
    const folder = mkdtempSync(join(tmpdir(), "twinstate-template-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    cpSync(template.folder, folder, { recursive: true });
    symlinkSync(`${ROOT}node_modules`, join(folder, "node_modules"));
    writeFileSync(join(folder, "next-env.d.ts"), '/// <reference types="next" />\n/// <reference types="next/image-types/global" />\n');
    const config = JSON.parse(readFileSync(join(folder, "tsconfig.json"), "utf8")) as { compilerOptions: { paths: object } };
    const compilerOptions = { ...config.compilerOptions, incremental: false, paths: { ...config.compilerOptions.paths, ...library() } };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ ...config, compilerOptions }));
    const said = await new Promise<string>((resolve) => {
      execFile(process.execPath, [`${ROOT}node_modules/typescript/bin/tsc`, "-p", folder, "--pretty", "false"], (_error, stdout) => resolve(stdout));
    });
    expect(said).toBe("");
  },
);
