import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished } from "vitest";
import { buildApp, ROOT } from "./kit/build.js";
import { copyDemo } from "./kit/copy.js";
import { board, shows, todos } from "./kit/demo.js";
import { startServer } from "./kit/server.js";
import { test } from "./kit/visitor.js";

/** The proxy that docs/OPERATION.md shows. */
function documentedProxy(): string {
  const page = readFileSync(join(ROOT, "docs/OPERATION.md"), "utf8");
  return /```ts\n(\/\/ proxy\.ts\n.*?)```/s.exec(page)?.[1] as string;
}

/** The demo under a base path, with a policy for scripts, in production. */
async function start(): Promise<string> {
  const { folder, remove } = copyDemo();
  onTestFinished(remove);
  const edit = (path: string, ...changes: readonly (readonly [from: string, to: string])[]) => {
    let text = readFileSync(join(folder, path), "utf8");
    for (const [from, to] of changes) {
      expect(text).toContain(from);
      text = text.replace(from, to);
    }
    writeFileSync(join(folder, path), text);
  };
  edit("next.config.ts", ["const config: NextConfig = {", 'const config: NextConfig = {\n  basePath: "/base",']);
  edit("components/notices.tsx", ["<TwinProvider ", '<TwinProvider url="/base/api/twin" ']);
  edit("proxy.ts", ['export { proxy } from "twinstate/next";', documentedProxy()], ["matcher: ", 'matcher: ["/", '], [" };", "] };"]);
  // Theirs is an inline script, which needs the nonce too.
  edit(
    "app/layout.tsx",
    ["export default function Layout", 'import { headers } from "next/headers";\n\nexport default async function Layout'],
    ["  return (", `  const nonce = /'nonce-([^']+)'/.exec((await headers()).get("content-security-policy") ?? "")?.[1] ?? "";\n  return (`],
    ["<ThemeProvider ", "<ThemeProvider nonce={nonce} "],
  );
  await buildApp(folder);
  const server = await startServer({ cwd: folder, path: "/base" });
  onTestFinished(server.kill);
  return server.url;
}

describe.runIf(process.env.TEST_FULL)("the demo, deployed otherwise", () => {
  test("under a base path, and with a policy that lets scripts run by a nonce alone, all works", { timeout: 300_000 }, async ({ visit }) => {
    const url = await start();
    const visitor = await visit({ url });
    const page = await visitor.open("/base");
    const list = todos(page);
    await list.add("milk", "bread");
    await list.done("milk").click();
    await shows(list.count, ["1 item left"]);
    await page.reload();
    await shows(list.rows, ["milk", "bread"]);
    // From one page to another, without and with a load.
    await page.getByRole("link", { name: "About" }).click();
    await page.getByRole("heading", { name: "How it works" }).waitFor();
    await page.getByRole("link", { name: "To-do", exact: true }).click();
    await list.add("tea");
    const path = `/base/board/deployed-${Date.now().toString(36)}`;
    const [mine, theirs] = [await visitor.open(path), await (await visit({ url })).open(path)];
    await board(mine).add("To do", "paint");
    await board(theirs).card("paint").waitFor();

    // The policy holds.
    visitor.expects(/Content Security Policy/);
    const response = await page.goto("/base");
    expect(response?.headers()["content-security-policy"]).toMatch(/^script-src 'nonce-/);
    const ran = await page.evaluate(() => {
      document.body.setAttribute("onclick", "window.ran = true");
      document.body.click();
      return "ran" in window;
    });
    expect(ran).toBe(false);
  });
});
