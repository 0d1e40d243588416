import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { expect, onTestFinished, test } from "vitest";
import {
  agentsApp,
  authApps,
  deployApp,
  eventsApp,
  type Files,
  fieldsApp,
  ROOT,
  scalingApp,
  schedulesApp,
  serverApp,
  streamingApp,
  tasksApp,
  uploadsApp,
  webhooksApp,
  write,
} from "../kit/guide.js";

const built = existsSync(`${ROOT}dist/react/index.d.ts`) && existsSync(`${ROOT}dist/server/index.d.ts`);

/** Where an import of the package leads: to its declarations, or to the sources where it is not built. */
function paths(): Record<string, string[]> {
  const { exports } = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as { exports: Record<string, { types?: string }> };
  return Object.fromEntries(
    Object.entries(exports).flatMap(([name, { types }]) => {
      if (!types) return [];
      const declared = types.replace("./", ROOT);
      return [[`twinstate${name.slice(1)}`, [built ? declared : declared.replace("dist/", "").replace(".d.ts", ".ts")]]];
    }),
  );
}

/** What the compiler complains of in an app. */
async function complaints(files: Files): Promise<string[]> {
  const folder = mkdtempSync(`${tmpdir()}/twinstate-guide-`);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync(`${ROOT}node_modules`, `${folder}/node_modules`);
  const compilerOptions = {
    target: "es2023",
    lib: ["es2023", "es2024.string", "esnext.collection", "esnext.disposable", "dom", "dom.iterable"],
    module: "esnext",
    moduleResolution: "bundler",
    jsx: "react-jsx",
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    isolatedModules: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    types: ["node", "react"],
    typeRoots: [`${ROOT}node_modules/@types`],
    paths: paths(),
  };
  write(folder, { ...files, "tsconfig.json": JSON.stringify({ compilerOptions, include: ["**/*.ts", "**/*.tsx"], exclude: ["node_modules"] }) });
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, [`${ROOT}node_modules/typescript/bin/tsc`, "-p", folder, "--pretty", "false"], (_, stdout) => resolve(stdout));
  });
  return output.split("\n").filter((line) => /error TS\d+/.test(line));
}

test("the code of docs/AUTH.md compiles, with a cookie of one's own", async () => {
  const files = authApps().cookie;
  expect(Object.keys(files)).toContain("app/api/sign-out/route.ts");
  expect(await complaints(files)).toEqual([]);
});

test("the code of docs/AUTH.md compiles, with better-auth", async () => {
  const files = authApps().betterAuth;
  expect(Object.keys(files)).toContain("app/api/auth/[...all]/route.ts");
  expect(await complaints(files)).toEqual([]);
});

test("the code of docs/EVENTS.md compiles", async () => {
  const files = { ...eventsApp(), "state/auth.ts": authApps().cookie["state/auth.ts"] as string };
  expect(Object.keys(files)).toContain("state/poll.ts");
  expect(await complaints(files)).toEqual([]);
});

test("the code of docs/FIELDS.md compiles", async () => {
  const files = { ...fieldsApp(), "state/auth.ts": authApps().cookie["state/auth.ts"] as string };
  expect(Object.keys(files)).toContain("state/shop.ts");
  expect(await complaints(files)).toEqual([]);
});

test("the code of docs/AGENTS.md compiles", async () => {
  const files = agentsApp();
  expect(Object.keys(files)).toEqual(["state/tasks.ts", "state/server.ts", "app/mcp/route.ts", "scripts/agent.ts", "app/api/openapi/route.ts"]);
  expect(await complaints(files)).toEqual([]);
});

test("the code of docs/SCHEDULES.md compiles", async () => {
  const files = schedulesApp();
  expect(Object.keys(files)).toEqual(["state/auction.ts", "state/digest.ts", "state/server.ts", "instrumentation.ts", "scripts/schedules.ts"]);
  expect(await complaints(files)).toEqual([]);
});

test("the code of docs/TASKS.md compiles", async () => {
  const files = tasksApp();
  expect(Object.keys(files)).toEqual(["state/order.ts", "state/warehouse.ts", "order-page.tsx", "state/client.ts", "state/server.ts", "scripts/tasks.ts"]);
  expect(await complaints(files)).toEqual([]);
});

test("the code of docs/SCALING.md compiles", async () => {
  const files = scalingApp();
  expect(Object.keys(files)).toEqual(["state/board.ts", "state/server.ts"]);
  expect(await complaints(files)).toEqual([]);
});

test("the code of docs/UPLOADS.md compiles", async () => {
  const files = uploadsApp();
  const recipe = ["import/contacts.ts", "import/server.ts", "import/client.ts", "import/import-contacts.tsx"];
  expect(Object.keys(files)).toEqual(["state/gallery.ts", "state/server.ts", "state/client.ts", "add-picture.tsx", ...recipe, "app/pictures/[id]/route.ts"]);
  expect(await complaints(files)).toEqual([]);
});

test("the code of docs/SERVER.md compiles", async () => {
  const files = serverApp();
  expect(Object.keys(files)).toEqual(["state/board.ts", "state/server.ts", "app/api/announce/route.ts", "app/boards/page.tsx", "app/sitemap.ts"]);
  expect(await complaints(files)).toEqual([]);
});

test("the code of docs/WEBHOOKS.md compiles", async () => {
  const files = webhooksApp();
  expect(Object.keys(files)).toEqual(["state/shop.ts", "state/server.ts", "state/signature.ts", "app/api/payments/route.ts"]);
  expect(await complaints(files)).toEqual([]);
});

test("the code of docs/DEPLOY.md compiles", async () => {
  const files = deployApp();
  expect(Object.keys(files)).toEqual(["state/server.ts", "app/api/twin/[...path]/route.ts"]);
  const todo = 'import { state } from "twinstate";\nexport class Todo {\n  @state items: string[] = [];\n}\n';
  expect(await complaints({ ...files, "state/todo.ts": todo })).toEqual([]);
});

test("the code of docs/STREAMING.md compiles", async () => {
  const files = { ...streamingApp(), "state/auth.ts": authApps().cookie["state/auth.ts"] as string };
  expect(Object.keys(files)).toEqual(expect.arrayContaining(["state/chat.ts", "state/plain-model.ts", "app/room.tsx"]));
  expect(await complaints(files)).toEqual([]);
});

test("a mistake in such code would be told", async () => {
  const { "state/wall.ts": wall = "", ...files } = authApps().cookie;
  expect(await complaints({ ...files, "state/wall.ts": wall.replace("user !== null", "user.admin") })).not.toEqual([]);
});
