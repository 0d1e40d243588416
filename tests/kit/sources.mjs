// Lets plain Node run our sources, in processes that tests start: `node --import ./tests/kit/sources.mjs server.ts`. No decorators.
// Most of a process's start would be the transformation of its sources, so what was made of a text is kept.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url).href;
const kept = join(fileURLToPath(root), "node_modules/.cache/twinstate-sources");
mkdirSync(kept, { recursive: true });

/** The JavaScript of a file. */
function javaScriptOf(url) {
  const text = readFileSync(fileURLToPath(url), "utf8");
  const file = join(kept, `${createHash("sha256").update(`${process.version} ${url}\n${text}`).digest("hex")}.js`);
  try {
    return readFileSync(file, "utf8");
  } catch {
    const made = stripTypeScriptTypes(text, { mode: "transform", sourceUrl: url });
    // Others start at the same time, and must not read half of it.
    writeFileSync(`${file}.${process.pid}`, made);
    renameSync(`${file}.${process.pid}`, file);
    return made;
  }
}

const entries = {
  twinstate: "server/model.ts",
  "twinstate/client": "client/index.ts",
  "twinstate/server": "server/index.ts",
  "twinstate/server/sqlite": "server/storage/sqlite.ts",
  "twinstate/server/mcp": "server/mcp/index.ts",
  "twinstate/server/redis": "server/storage/redis.ts",
  "twinstate/server/postgres": "server/storage/postgres.ts",
  "twinstate/next": "server/next.ts",
};

registerHooks({
  resolve(name, context, next) {
    if (Object.hasOwn(entries, name)) return next(root + entries[name], { ...context, parentURL: root });
    return next(context.parentURL?.endsWith(".ts") && name.startsWith(".") ? name.replace(/\.js$/, ".ts") : name, context);
  },
  load(url, context, next) {
    if (!url.startsWith(root) || !url.endsWith(".ts")) return next(url, context);
    return { format: "module", shortCircuit: true, source: javaScriptOf(url) };
  },
});
