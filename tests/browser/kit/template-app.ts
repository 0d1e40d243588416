import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./build.js";
import { fetchOthers, install, unpack } from "./fresh-app.js";

/** An app of a template, made by the packed `create-twinstate`, with the packed library. Only what the repository does not have is fetched. */
export async function createTemplateApp(template: string): Promise<{ folder: string; remove(): void }> {
  const home = mkdtempSync(join(tmpdir(), "twinstate-template-"));
  await unpack("create-twinstate", join(home, "create"));
  const flags = ["--template", template, "--no-install", "--no-git", "--twinstate", "0.1.0"];
  await run(process.execPath, [join(home, "create/dist/index.js"), "my-app", ...flags], home);
  const folder = join(home, "my-app");
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<string, Record<string, string>>;
  const wanted = { ...dependencies, ...devDependencies };
  await install(folder, Object.keys(wanted));
  await fetchOthers(folder, wanted);
  return { folder, remove: () => rmSync(home, { recursive: true, force: true }) };
}
