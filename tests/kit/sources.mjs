// Lets plain Node run our sources, in processes that tests start: `node --import ./tests/kit/sources.mjs server.ts`. No decorators.
import { readFileSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url).href;
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
    return {
      format: "module",
      shortCircuit: true,
      source: stripTypeScriptTypes(readFileSync(fileURLToPath(url), "utf8"), { mode: "transform", sourceUrl: url }),
    };
  },
});
