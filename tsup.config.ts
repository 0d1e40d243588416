import { defineConfig } from "tsup";

// The entries of package.json's `exports`. Declarations come from `tsc -p tsconfig.build.json`.
export default defineConfig({
  entry: {
    lib: "lib/index.ts",
    faces: "lib/faces.ts",
    model: "server/model.ts",
    client: "client/index.ts",
    react: "react/index.ts",
    server: "server/index.ts",
    next: "server/next.ts",
  },
  format: "esm",
  target: "es2022",
  splitting: true,
  treeshake: false,
  dts: false,
  clean: true,
});
