import { defineConfig } from "tsup";

// What it needs is in the package: nothing is installed with it.
export default defineConfig({
  entry: { index: "src/index.ts" },
  format: "esm",
  platform: "node",
  target: "node20",
  splitting: true,
  noExternal: [/./],
  dts: false,
  clean: true,
});
