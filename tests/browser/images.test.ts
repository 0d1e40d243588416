import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Visitor } from "../kit/app.js";
import { guide } from "../kit/guide.js";
import { listen, openSocket } from "../kit/stream.js";
import { buildApp, compiled, ROOT, run } from "./kit/build.js";
import { createFreshApp, install } from "./kit/fresh-app.js";
import { Image, type Stages } from "./kit/image.js";

const PACKAGES = ["twinstate", "mobx", "@trpc/server", "@trpc/client"];

/** Whether this machine builds images. */
const hasEngine = spawnSync("docker", ["info"]).status === 0;
const IMAGE = "twinstate-test-of-images";

/** Makes the lock file of an app by which an engine installs its packages: the library is packed into the app's folder. */
async function lock(folder: string): Promise<void> {
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], ROOT);
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz")) as string;
  const file = join(folder, "package.json");
  const manifest = JSON.parse(readFileSync(file, "utf8")) as { dependencies: Record<string, string> };
  const { devDependencies: versions } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { devDependencies: Record<string, string> };
  const others = Object.fromEntries([...PACKAGES.slice(1), "ws"].map((name) => [name, versions[name] as string]));
  writeFileSync(file, JSON.stringify({ ...manifest, dependencies: { ...manifest.dependencies, ...others, twinstate: `file:./${tarball}` } }));
  rmSync(join(folder, "package-lock.json"));
  await run("npm", ["install", "--package-lock-only", "--no-audit"], folder);
}

/** The app of docs/DEPLOY.md, with the to-do list and the page of the README. */
function filesOf(): Record<string, string> {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8").split("\n## Scopes")[0] ?? "";
  const files = [...readme.matchAll(/```tsx?\n\/\/ ([\w./[\]-]+\.tsx?)\b[^\n]*\n([\s\S]*?)```/g)].map(([, path, code]) => [path, code]);
  const options = JSON.parse(`{${/```json\n\/\/ tsconfig\.json[^\n]*\n([\s\S]*?),?\n```/.exec(readme)?.[1]}}`) as object;
  return { ...Object.fromEntries(files), ...guide("DEPLOY"), options: JSON.stringify(options), "public/robots.txt": "User-agent: *\n" };
}

describe.runIf(process.env.TEST_FULL && compiled)("the images that `deploy-files` writes, done without an engine", () => {
  let app: Awaited<ReturnType<typeof createFreshApp>>;
  const deploy = (...args: readonly string[]) => run(process.execPath, [join(ROOT, "dist/cli.js"), "deploy-files", "--yes", "--force", ...args], app.folder);

  beforeAll(async () => {
    app = await createFreshApp(PACKAGES);
    const { options = "{}", ...files } = filesOf();
    for (const [path, code] of Object.entries(files)) {
      mkdirSync(dirname(join(app.folder, path)), { recursive: true });
      writeFileSync(join(app.folder, path), code);
    }
    const file = join(app.folder, "tsconfig.json");
    const config = JSON.parse(readFileSync(file, "utf8")) as { compilerOptions: object };
    writeFileSync(file, JSON.stringify({ ...config, compilerOptions: { ...config.compilerOptions, ...JSON.parse(options) } }));
    writeFileSync(join(app.folder, "package-lock.json"), "{}");
    writeFileSync(join(app.folder, "next.config.ts"), 'export default { output: "standalone" as const };\n');
    await buildApp(app.folder);
  });
  afterAll(() => app?.remove());

  /** What an image of the app does: pages, files, events, streams, what is kept, and its end. */
  async function works(stages: Stages, sockets: boolean): Promise<void> {
    const image = new Image(join(app.folder, "Dockerfile"), stages);
    const data = mkdtempSync(join(tmpdir(), "twinstate-data-"));
    const env = { TWINSTATE_SECRET: "a secret for tests of images", TWIN_FILE: join(data, "twin.db") };
    const container = await image.run(env);
    onTestFinished(() => {
      container.kill();
      image.remove();
      rmSync(data, { recursive: true });
    });
    expect(container.isHealthy()).toBe(true);
    expect(await (await fetch(`${container.url}/robots.txt`)).text()).toBe("User-agent: *\n");
    const page = await (await fetch(container.url)).text();
    const script = /src="(\/_next\/static\/[^"]+\.js[^"]*)"/.exec(page)?.[1];
    expect((await fetch(container.url + script)).status).toBe(200);

    const visitor = new Visitor(`${container.url}/api/twin`);
    await visitor.call("todo.add", "milk");
    const input = { watch: [{ store: "todo" }] };
    const streams = [listen(visitor.url, input, visitor.jar), ...(sockets ? [openSocket(visitor.url, visitor.jar, { input })] : [])];
    for (const { until } of streams) expect(JSON.stringify(await until(([kind]) => kind === "snapshot"))).toContain("milk");
    await visitor.call("todo.add", "bread");
    for (const { until } of streams) expect(JSON.stringify(await until(([kind]) => typeof kind === "number"))).toContain("bread");

    const begun = Date.now();
    expect([0, 143]).toContain(await container.stop());
    console.log(`ended ${Date.now() - begun} ms after SIGTERM`);
    for (const { messages } of streams) expect(messages.at(-1)).toEqual(["bye", "closed"]);

    const next = await image.run(env);
    onTestFinished(next.kill);
    const again = new Visitor(`${next.url}/api/twin`);
    again.jar.cookie = visitor.jar.cookie;
    expect(JSON.stringify(await listen(again.url, input, again.jar).until(([kind]) => kind === "snapshot"))).toMatch(/milk.*bread/);
  }

  test("Next's standalone output: its streams are server-sent events", { timeout: 240_000 }, async () => {
    expect(await deploy("--no-websocket")).not.toContain("standalone");
    await works({ build: app.folder }, false);
  });

  test("a server of the app's own, with the packages that run: its streams are WebSockets too", { timeout: 240_000 }, async () => {
    expect(await deploy("--websocket")).toContain("+ server.mjs");
    const packages = mkdtempSync(join(tmpdir(), "twinstate-packages-"));
    onTestFinished(() => rmSync(packages, { recursive: true }));
    const { dependencies } = JSON.parse(readFileSync(join(app.folder, "package.json"), "utf8")) as { dependencies: object };
    await install(packages, [...Object.keys(dependencies), ...PACKAGES, "ws"]);
    await works({ build: app.folder, packages }, true);
  });

  test.skipIf(!hasEngine).each(["--no-websocket", "--websocket"])(
    "an engine builds the image of `%s`, and a container of it is healthy",
    { timeout: 900_000 },
    async (option) => {
      await lock(app.folder);
      await deploy(option);
      // The library comes as a file, which an installation reads too.
      const file = join(app.folder, "Dockerfile");
      writeFileSync(file, readFileSync(file, "utf8").replaceAll("COPY package.json ", "COPY package.json *.tgz "));
      await run("docker", ["build", "--tag", IMAGE, "."], app.folder);
      const started = await run(
        "docker",
        ["run", "--detach", "--rm", "--env", "TWINSTATE_SECRET=a secret for tests of images", "--env", "TWIN_FILE=/data/twin.db", IMAGE],
        ROOT,
      );
      const container = started.trim();
      onTestFinished(async () => void (await run("docker", ["rm", "--force", container], ROOT)));
      const health = () => run("docker", ["inspect", "--format", "{{.State.Health.Status}}", container], ROOT);
      await expect.poll(health, { timeout: 120_000 }).toBe("healthy\n");
      await run("docker", ["stop", "--time", "20", container], ROOT);
    },
  );
});
