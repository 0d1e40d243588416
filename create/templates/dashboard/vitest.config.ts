import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "@": fileURLToPath(new URL(".", import.meta.url)) } },
  // A cache would not notice that tsconfig.json has changed.
  test: { fsModuleCache: false, include: ["**/*.test.{ts,tsx}"] },
});
