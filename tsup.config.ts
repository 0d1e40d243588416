import { defineConfig, type Options } from "tsup";

/** The thread of `sqlite()` becomes text in the package, with all that it needs: so no app's bundler has to find a file. */
const thread: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "thread",
  setup({ onLoad, esbuild }) {
    onLoad({ filter: /server[\\/]storage[\\/]thread\.ts$/ }, async () => {
      const { outputFiles } = await esbuild.build({
        entryPoints: ["server/storage/sqlite-worker.ts"],
        bundle: true,
        write: false,
        minify: true,
        format: "cjs",
        platform: "node",
        target: "es2022",
        define: { "process.env.NODE_ENV": '"production"' },
      });
      const contents = `
        const code = ${JSON.stringify(outputFiles[0]?.text)};
        export function startThread(path) {
          const { Worker } = process.getBuiltinModule("node:worker_threads");
          return new Worker(code, { eval: true, workerData: { path } });
        }
      `;
      return { contents, loader: "js" };
    });
  },
};

/**
 * `useLocal` is an entry of its own, which `twinstate/react` passes on. Bundlers leave out a module that is passed on and not used, whole; what an entry
 * has in itself some of them keep. `twinstate/react/parts` stands on `twinstate/react`, as code of users does.
 * has in itself some of them keep. What server components get passes on `twinstate/react`, which is code of the browser (`"use client"`).
 */
const passedOn: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "passed-on",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/local\.js$/ }, ({ importer }) => (/react[\\/]index\.ts$/.test(importer) ? { path: "./local.js", external: true } : undefined));
    onResolve({ filter: /^\.\.\/index\.js$/ }, ({ importer }) => (/react[\\/]parts[\\/]/.test(importer) ? { path: "./react.js", external: true } : undefined));
    onResolve({ filter: /^\.\/index\.js$/ }, ({ importer }) =>
      /react[\\/]server-component\.ts$/.test(importer) ? { path: "./react.js", external: true } : undefined,
    );
  },
};

// The entries of package.json's `exports`. Declarations come from `tsc -p tsconfig.build.json`.
export default defineConfig({
  entry: {
    lib: "lib/index.ts",
    faces: "lib/live/faces.ts",
    model: "server/model.ts",
    client: "client/index.ts",
    socket: "client/socket.ts",
    online: "client/online.ts",
    submit: "client/submit.ts",
    upload: "client/upload.ts",
    keeper: "client/keeper.ts",
    vault: "client/vault.ts",
    presence: "client/presence.ts",
    effects: "react/effects.ts",
    toast: "react/toast.ts",
    prediction: "client/prediction.ts",
    react: "react/index.ts",
    "react-server": "react/server-component.ts",
    local: "react/local.ts",
    parts: "react/parts/index.ts",
    devtools: "react/devtools/index.tsx",
    "devtools-panel": "react/devtools/panel.tsx",
    "devtools-none": "react/devtools/none.ts",
    server: "server/index.ts",
    sqlite: "server/storage/sqlite.ts",
    redis: "server/storage/redis.ts",
    postgres: "server/storage/postgres.ts",
    mcp: "server/mcp/index.ts",
    next: "server/next.ts",
    testing: "testing/index.ts",
    cli: "cli/index.ts",
  },
  publicDir: "server/browser",
  format: "esm",
  target: "es2022",
  splitting: true,
  treeshake: false,
  dts: false,
  clean: true,
  // `node:sqlite` has no other name.
  removeNodeProtocol: false,
  esbuildPlugins: [passedOn, thread],
});
