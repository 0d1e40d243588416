import { inspect } from "node:util";
import { build } from "esbuild";
import { chromium } from "playwright";
import { launchOptions } from "../tests/browser/kit/chromium.ts";

const PORT = 9377;
const LINES = ["todo", "todo.items", "todo.items[0]", "todo.votes", "todo.options", "[...todo.votes.keys()]"];

/** How consoles print containers: `console-node` and `console-chromium`. `keep(name, picture)` takes each. */
export async function takeConsoles(keep) {
  const browser = await chromium.launch({ ...launchOptions, args: [...launchOptions.args, `--remote-debugging-port=${PORT}`, "--remote-allow-origins=*"] });
  try {
    await keep("console-node", await nodeConsole(browser));
    await keep("console-chromium", await chromiumConsole(browser));
  } finally {
    await browser.close();
  }
}

/** The text that Node prints, drawn as a terminal would. */
async function nodeConsole(browser) {
  const { sample } = await import(
    `data:text/javascript;base64,${Buffer.from(await bundle('export { sample } from "./console-sample.ts";', "esm")).toString("base64")}`
  );
  const todo = sample().store;
  const lines = LINES.map((line) => `<b>&gt; ${escape(line)}</b>\n${colored(inspect(new Function("todo", `return ${line}`)(todo), { colors: true }))}`);
  const page = await browser.newPage({ viewport: { width: 760, height: 200 } });
  await page.setContent(
    `<body style="margin:0"><pre style="margin:0;padding:16px;background:#16181d;color:#e6e6e6;font:13px/1.4 monospace">${lines.join("\n")}</pre>`,
  );
  const picture = await page.locator("pre").screenshot();
  await page.close();
  return picture;
}

/** Chromium's own devtools, on a page that has a twin. */
async function chromiumConsole(browser) {
  const context = await browser.newContext({ viewport: { width: 760, height: 420 } });
  const page = await context.newPage();
  await page.goto("data:text/html,<title>app</title>");
  await page.addScriptTag({ content: await bundle('import { sample } from "./console-sample.ts"; globalThis.todo = sample().twin;', "iife") });
  const pages = await (await fetch(`http://127.0.0.1:${PORT}/json/list`)).json();
  const { id } = pages.find(({ url }) => url.startsWith("data:"));
  const devtools = await context.newPage();
  await devtools.goto(`devtools://devtools/bundled/devtools_app.html?ws=127.0.0.1:${PORT}/devtools/page/${id}&panel=console`);
  const prompt = devtools.locator(".console-prompt-editor-container, .cm-content").first();
  await prompt.click();
  for (const line of LINES) {
    await devtools.keyboard.insertText(line);
    await devtools.keyboard.press("Enter");
    await devtools.getByText(line, { exact: true }).first().waitFor();
  }
  await devtools
    .locator(".console-message-text")
    .nth(LINES.length)
    .waitFor({ timeout: 5000 })
    .catch(() => {});
  const picture = await devtools.screenshot();
  await context.close();
  return picture;
}

/** The sample as JavaScript, as it is in development. */
async function bundle(contents, format) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    format,
    define: { "process.env.NODE_ENV": '"development"' },
    banner: format === "iife" ? { js: "const process = { env: {} };" } : {},
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
  });
  return outputFiles[0].text;
}

/** ANSI's colours as HTML. */
function colored(text) {
  const colors = { 31: "#ff7b72", 32: "#7ee787", 33: "#e3b341", 34: "#79c0ff", 35: "#d2a8ff", 36: "#56d4dd", 90: "#8b949e", 1: "#fff" };
  const [first, ...rest] = escape(text).split("\u001b[");
  return first + rest.map((part) => part.replace(/^(\d+)m/, (_, code) => (colors[code] ? `<span style="color:${colors[code]}">` : "</span>"))).join("");
}

const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
