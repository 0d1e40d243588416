import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^twinstate$/, replacement: at("server/model.ts") },
      { find: /^twinstate\/client$/, replacement: at("client/index.ts") },
      { find: /^twinstate\/react$/, replacement: at("react/index.ts") },
      { find: /^twinstate\/server$/, replacement: at("server/index.ts") },
      { find: /^twinstate\/next$/, replacement: at("server/next.ts") },
    ],
  },
  test: {
    fsModuleCache: false,
    include: ["tests/{unit,property,integration,contract,regressions}/**/*.test.{ts,tsx}"],
  },
});
