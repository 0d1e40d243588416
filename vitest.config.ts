import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { PATIENCE, patient } from "./tests/kit/patience.js";
import { retry } from "./tests/kit/retry.js";
import { reactProjects } from "./tests/react/vitest.config.js";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const browser = {
  include: ["tests/browser/**/*.test.ts"],
  globalSetup: "tests/browser/kit/setup.ts",
  // A visitor waits more than a machine works.
  maxWorkers: 3,
};

// Those of browsers once more in a full run, on builds without the React Compiler: but what runs in development alone, and what has no page.
const plain = {
  extends: true as const,
  test: {
    ...browser,
    name: "browser-plain",
    exclude: ["tests/browser/{hot,images,init,newcomer,readme,shutdown,streams}.test.ts"],
    env: { REACT_COMPILER: "0" },
    sequence: { groupOrder: 2 },
  },
};

/** Short files whose tests take long. Vitest takes the largest files first where it has not run them before. */
const LONG = /tests\/browser\/(newcomer|readme|streams)\.test\.ts$/;

/** Has no core wait at the end for a file that began late. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONG.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  resolve: {
    // Our own sources in the place of the built package.
    alias: [
      { find: /^twinstate$/, replacement: at("server/model.ts") },
      { find: /^twinstate\/(client|react|server|testing)$/, replacement: `${at(".")}$1/index.ts` },
      { find: /^twinstate\/react\/parts$/, replacement: at("react/parts/index.ts") },
      { find: /^twinstate\/server\/sqlite$/, replacement: at("server/storage/sqlite.ts") },
      { find: /^twinstate\/server\/mcp$/, replacement: at("server/mcp/index.ts") },
      { find: /^twinstate\/server\/redis$/, replacement: at("server/storage/redis.ts") },
      { find: /^twinstate\/server\/postgres$/, replacement: at("server/storage/postgres.ts") },
      { find: /^twinstate\/next$/, replacement: at("server/next.ts") },
    ],
  },
  test: {
    fsModuleCache: false,
    retry,
    ...patient,
    expect: { poll: { timeout: PATIENCE } },
    // Threads and servers that tests start run plain Node, which keeps here what it has made of the sources.
    env: { NODE_COMPILE_CACHE: at("node_modules/.cache/compiled") },
    // Tests wait more than they work: four at a time keep two cores busy.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    reporters: ["default", ["json", { outputFile: "test-results/report.json" }]],
    projects: [
      {
        extends: true,
        test: {
          name: "node",
          include: ["tests/{unit,property,integration,contract,crash,regressions}/**/*.test.{ts,tsx}", "create/templates/*/state/*.test.ts"],
        },
      },
      {
        extends: true,
        // What is about streams, once more: over WebSockets, by which events come too.
        test: {
          name: "websocket",
          include: ["tests/integration/{access,bounds,client-*,effects,guards,instance-calls,operation,pair,server-stream,version}.test.ts"],
          env: { TRANSPORT: "websocket", SOCKET_EVENTS: "1" },
        },
      },
      {
        extends: true,
        // Some of it over sockets that bring bytes.
        test: {
          name: "binary",
          include: ["tests/integration/{client-faults,client-network,client-twin,server-stream}.test.ts"],
          env: { TRANSPORT: "websocket", WIRE: "binary" },
        },
      },
      {
        extends: true,
        // And some of it by server-sent events that are answered past the handler.
        test: {
          name: "attached",
          include: ["tests/integration/{access,bounds,client-faults,server-stream}.test.ts"],
          env: { ATTACHED: "live" },
        },
      },
      { extends: true, test: { name: "types", include: ["tests/types/**/*.test.ts"] } },
      { extends: true, test: { ...browser, name: "browser", env: { REACT_COMPILER: "1" }, sequence: { groupOrder: 1 } } },
      ...(process.env.TEST_FULL ? [plain] : []),
      ...reactProjects,
    ],
  },
});
