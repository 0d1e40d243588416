import { request } from "node:http";
import { fileURLToPath } from "node:url";
import { playwright } from "@vitest/browser-playwright";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { missing, pageOptions } from "../browser/kit/chromium.js";
import { PATIENCE, patient } from "../kit/patience.js";
import { reactCompiler } from "../kit/react-compiler.js";
import { retry } from "../kit/retry.js";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const alias = [
  { find: /^twinstate$/, replacement: at("../../lib/index.ts") },
  { find: /^twinstate\/(client|react)$/, replacement: at("../../$1/index.ts") },
  { find: /^twinstate\/react\/parts$/, replacement: at("../../react/parts/index.ts") },
  { find: /^twinstate\/react\/devtools$/, replacement: at("../../react/devtools/index.tsx") },
];

// The root is this folder, as Vite would take the folder `react` of the repository for the package.
const projects = [false, true].map((compiled) => ({
  root: at("."),
  plugins: [twinSite(), ...(compiled ? [reactCompiler(/\/tests\/react\/[^?]*\.tsx$/)] : [])],
  define: { COMPILED: JSON.stringify(compiled) },
  resolve: { alias },
  optimizeDeps: {
    include: [
      "react",
      "react-dom",
      "react-dom/client",
      "react-dom/server.browser",
      "react/compiler-runtime",
      "react/jsx-dev-runtime",
      "mobx",
      "mobx-react-lite",
      "@base-ui/react/toast",
      "@tanstack/react-virtual",
    ],
  },
  test: {
    name: compiled ? "react, compiled" : "react",
    include: ["**/*.test.tsx"],
    // The tools are no component of the page: whether those are compiled matters to them in a full run alone.
    exclude: compiled && !process.env.TEST_FULL ? ["devtools*.test.tsx"] : [],
    setupFiles: [at("kit/setup.ts")],
    globalSetup: [at("kit/site.ts")],
    fsModuleCache: false,
    ...patient,
    retry,
    expect: { poll: { timeout: PATIENCE } },
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: pageOptions }),
      instances: [{ browser: "chromium" as const }],
    },
  },
}));

const skipped = { test: { name: "react", include: [at("kit/skipped.ts")], fsModuleCache: false } };

/** For the config of the whole repository too. */
export const reactProjects = missing ? [skipped] : projects;

export default defineConfig({ test: { projects: reactProjects } });

/** The twin's route on the pages' own origin. A request to `/cut` breaks the connection, until `/mend`; `/streams` lists what is open. */
function twinSite(): Plugin {
  const open = new Map<() => void, string>();
  const cut = new Set<string>();
  /** The route that a request asks about: files run side by side, each with a route of its own. */
  const routeOf = ({ url = "" }: { url?: string | undefined }) => new URL(url, "http://site").searchParams.get("route") as string;
  return {
    name: "twin-site",
    configureServer({ middlewares }) {
      middlewares.use("/cut", (request, response) => {
        const route = routeOf(request);
        cut.add(route);
        for (const [end, url] of open) if (url.startsWith(route)) end();
        response.end();
      });
      middlewares.use("/mend", (request, response) => {
        cut.delete(routeOf(request));
        response.end();
      });
      middlewares.use("/streams", (request, response) => {
        const route = routeOf(request);
        response.end(JSON.stringify([...open.values()].filter((url) => url.startsWith(route))));
      });
      middlewares.use("/api/twin", (incoming, outgoing) => {
        const { method, headers, originalUrl } = incoming as typeof incoming & { originalUrl: string };
        if ([...cut].some((route) => originalUrl.startsWith(route))) return void incoming.socket.destroy();
        const onward = request(`${process.env.TWIN_SITE}${originalUrl}`, { method, headers }, (answer) => {
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
          outgoing.flushHeaders();
          answer.pipe(outgoing);
        });
        const end = () => {
          open.delete(end);
          onward.destroy();
          outgoing.destroy();
        };
        open.set(end, originalUrl);
        onward.on("error", end);
        outgoing.on("close", end);
        incoming.pipe(onward);
      });
    },
  };
}
