// Walks through the first hour of somebody with Node and npm alone, on the packed packages, and prints how long each step takes: `npm run newcomer`, or
// `npm run newcomer -- todo` for one template.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright";
import { buildLibrary, run } from "../tests/browser/kit/build.ts";
import { launchOptions, missing } from "../tests/browser/kit/chromium.ts";
import { pack } from "../tests/browser/kit/fresh-app.ts";
import { walk } from "../tests/browser/kit/newcomer.ts";
import { VISITS } from "../tests/browser/kit/visits.ts";

if (missing) throw new Error(`This ${missing}.`);
await buildLibrary();
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(VISITS);
const home = mkdtempSync(join(tmpdir(), "twinstate-newcomer-"));
const browser = await chromium.launch(launchOptions);
/** The seconds of each step, for each template. */
const table = new Map();
try {
  const library = await pack("twinstate", home);
  const create = await pack("create-twinstate", home);
  for (const template of wanted) await begin(template, library, create);
} finally {
  await browser.close();
  rmSync(home, { recursive: true, force: true });
}
console.log(`\n| step | ${wanted.join(" | ")} |\n| --- |${" --- |".repeat(wanted.length)}`);
for (const [step, seconds] of table) console.log(`| ${step} | ${seconds.map((each) => `${each.toFixed(1)} s`).join(" | ")} |`);

async function begin(template, library, create) {
  const note = async (step, work) => {
    const start = performance.now();
    const result = await work();
    const seconds = (performance.now() - start) / 1000;
    console.log(`${template}: ${step}: ${seconds.toFixed(1)} s`);
    table.set(step, [...(table.get(step) ?? []), seconds]);
    return result;
  };
  // What `npm create` runs, but from the tarball.
  const command = ["exec", "--yes", "--package", create, "--", "create-twinstate", `my-${template}`];
  await note("`npm create twinstate`", () => run("npm", [...command, "--template", template, "--no-install", "--twinstate", `file:${library}`], home));
  const folder = join(home, `my-${template}`);
  await note("`npm install`", () => run("npm", ["install"], folder));
  const context = await browser.newContext();
  context.setDefaultTimeout(60_000);
  await walk(folder, template, await context.newPage(), note);
  await context.close();
}
