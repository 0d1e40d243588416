import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { guide, write } from "../../kit/guide.js";
import { buildApp, ROOT } from "./build.js";
import { createShadcnApp } from "./fresh-app.js";
import { type DemoServer, startServer } from "./server.js";

/** What the app of docs/PARTS.md needs beside what the items bring. `@types/node` is that of a Node which has SQLite. */
const PACKAGES = ["mobx", "@trpc/server", "@trpc/client", "zod", "recharts@3", "leaflet@1", "@types/leaflet", "@uiw/react-codemirror@4", "@types/node@24"];

/** The app of docs/PARTS.md, with all items of the registry, in a fresh app with shadcn: built. */
export async function createRegistryApp(): Promise<{ folder: string; serve(): Promise<DemoServer>; remove(): void }> {
  const items = readdirSync(join(ROOT, "registry/r")).map((file) => file.replace(".json", ""));
  const { folder, remove } = await createShadcnApp(
    PACKAGES,
    items.filter((name) => name !== "registry"),
  );
  const { "others.d.ts": _, ...files } = guide("PARTS");
  write(folder, files);
  const file = join(folder, "tsconfig.json");
  const config = JSON.parse(readFileSync(file, "utf8")) as { compilerOptions: object };
  const options = { experimentalDecorators: true, emitDecoratorMetadata: true };
  writeFileSync(file, JSON.stringify({ ...config, compilerOptions: { ...config.compilerOptions, ...options } }));
  await buildApp(folder);
  return { folder, remove, serve: () => startServer({ cwd: folder, env: { STOCK_FILE: join(folder, "stock.db") }, probe: "/next.svg" }) };
}
