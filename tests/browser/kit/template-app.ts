import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./build.js";
import { install, pack, unpack } from "./fresh-app.js";

/**
 * An app of a template, made by the packed `create-twinstate`, with the packed library. npm installs its packages, as it does for a newcomer. `linked`: they are
 * the repository's own instead, and nothing is fetched.
 */
export async function createTemplateApp(template: string, linked = false): Promise<{ folder: string; remove(): void }> {
  const home = mkdtempSync(join(tmpdir(), "twinstate-template-"));
  await unpack("create-twinstate", join(home, "create"));
  const flags = ["--template", template, "--no-install", "--no-git", "--twinstate", "0.1.0"];
  await run(process.execPath, [join(home, "create/dist/index.js"), "my-app", ...flags], home);
  const folder = join(home, "my-app");
  if (linked) {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<string, object>;
    await install(folder, Object.keys({ ...dependencies, ...devDependencies }));
  } else await run("npm", ["install", "--no-audit", "--no-fund", await pack("twinstate", home)], folder);
  return { folder, remove: () => rmSync(home, { recursive: true, force: true }) };
}
