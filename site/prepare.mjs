// Copies what the pages show and serve beside their texts: the pictures of the docs, and the items of the registry.
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "..");
for (const [from, to] of [
  ["docs/images", "images"],
  ["registry/r", "r"],
  ["LICENSE", "LICENSE.txt"],
]) {
  const target = join(import.meta.dirname, "public", to);
  rmSync(target, { recursive: true, force: true });
  if (!existsSync(join(root, from))) continue;
  mkdirSync(dirname(target), { recursive: true });
  cpSync(join(root, from), target, { recursive: true });
}
