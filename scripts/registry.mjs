// Builds the items of registry/registry.json into registry/r, as `npx shadcn build` does: each with the text of its files.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const TARGET = join(ROOT, "registry/r");
const registry = JSON.parse(readFileSync(join(ROOT, "registry/registry.json"), "utf8"));

rmSync(TARGET, { recursive: true, force: true });
mkdirSync(TARGET, { recursive: true });
const write = (name, content) => writeFileSync(join(TARGET, `${name}.json`), `${JSON.stringify(content, null, 2)}\n`);
write("registry", registry);
for (const { files, ...item } of registry.items) {
  const whole = files.map((file) => ({ ...file, content: readFileSync(join(ROOT, file.path), "utf8") }));
  write(item.name, { $schema: "https://ui.shadcn.com/schema/registry-item.json", ...item, files: whole });
}
