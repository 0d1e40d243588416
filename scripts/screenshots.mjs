// Takes the pictures of docs/images, of the demo as it is, of apps of the templates, of the parts of the registry, of the site of the docs, and of consoles: `npm run screenshots`, or `npm run screenshots -- ticker` for those whose name begins so.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright";
import { buildApp, buildLibrary, DEMO, ROOT } from "../tests/browser/kit/build.ts";
import { launchOptions, missing } from "../tests/browser/kit/chromium.ts";
import { hydrated } from "../tests/browser/kit/hydrated.ts";
import { startServer } from "../tests/browser/kit/server.ts";
import { takeConsoles } from "./console-pictures.mjs";
import { takeParts } from "./parts-pictures.mjs";
import { takeSite } from "./site-pictures.mjs";
import { takeTemplates } from "./template-pictures.mjs";

const FOLDER = join(ROOT, "docs/images");
/** No picture may be larger, in bytes. */
const LARGEST = 150_000;
const DESKTOP = { viewport: { width: 960, height: 600 } };
const PHONE = { viewport: { width: 390, height: 760 }, deviceScaleFactor: 1, isMobile: true, hasTouch: true };

/** One picture: of a page, after what is done there. `clip` shows a part. */
const PICTURES = [
  { name: "todo", path: "/", act: fillTodos },
  { name: "todo-dark", path: "/", dark: true, act: fillTodos },
  { name: "todo-phone", path: "/", phone: true, act: fillTodos },
  { name: "board", path: "/board/launch", act: fillBoard },
  { name: "board-dark", path: "/board/launch", dark: true },
  { name: "poll", path: "/poll", act: fillPoll },
  { name: "poll-phone", path: "/poll", phone: true, dark: true, act: fillPoll },
  { name: "ticker", path: "/ticker", act: trade },
  { name: "ticker-phone", path: "/ticker", phone: true, dark: true, act: trade },
  { name: "chat", path: "/chat/launch", act: propose },
  { name: "chat-phone", path: "/chat/phone", phone: true, dark: true, act: write },
  { name: "import", path: "/import", act: importSample },
  { name: "import-phone", path: "/import", phone: true, dark: true, act: importSample },
  { name: "parts", path: "/parts", act: fillParts },
  { name: "parts-phone", path: "/parts", phone: true, dark: true, act: fillParts },
  { name: "status-online", path: "/about", act: (page) => status(page, "Live"), clip: header },
  { name: "status-offline", path: "/", act: offline, clip: header },
  { name: "devtools", path: "/", mode: "dev", act: (page) => look(page, "State") },
  { name: "devtools-events", path: "/", mode: "dev", dark: true, act: (page) => look(page, "Events") },
];

if (missing) throw new Error(`This ${missing}.`);
const [only = ""] = process.argv.slice(2);
const wanted = PICTURES.filter(({ name }) => name.startsWith(only));
mkdirSync(FOLDER, { recursive: true });
if ("console".startsWith(only) || only.startsWith("console")) await takeConsoles(keep);
await buildLibrary();
if (wanted.length > 0) await buildApp(DEMO);
const browser = await chromium.launch(launchOptions);
const servers = {};
try {
  for (const picture of wanted) await take(picture);
  await takeTemplates(browser, only, { desktop: DESKTOP, phone: PHONE }, keep);
  await takeParts(browser, only, { desktop: DESKTOP, phone: PHONE }, keep);
  await takeSite(browser, only, { desktop: DESKTOP, phone: PHONE }, keep);
} finally {
  await browser.close();
  for (const server of Object.values(servers)) await server.kill();
}

/** `mode: "dev"` is for what production bundles do not have. */
async function take({ name, path, act, dark, phone, clip, mode = "start" }) {
  servers[mode] ??= await startServer({ mode });
  // What is asked for first is compiled first, and no picture waits so long.
  if (mode === "dev") for (const asked of [path, "/api/twin/todo"]) await fetch(servers.dev.url + asked);
  const context = await browser.newContext({ baseURL: servers[mode].url, colorScheme: dark ? "dark" : "light", ...(phone ? PHONE : DESKTOP) });
  const page = await context.newPage();
  await page.goto(path);
  await hydrated(page);
  await act?.(page);
  keep(name, await page.screenshot({ animations: "allow", caret: "hide", ...(clip && { clip: await clip(page) }) }));
  await context.close();
}

function keep(name, picture) {
  console.log(`${name}.png, ${Math.round(picture.length / 1000)} kB`);
  if (picture.length > LARGEST) throw new Error(`${name}.png is larger than ${LARGEST} bytes.`);
  writeFileSync(join(FOLDER, `${name}.png`), picture);
}

async function fillTodos(page) {
  const field = page.getByLabel("New to-do");
  for (const title of ["Write a plain class", "Decorate what everybody sees", "Call it from the browser", "Open a second tab"]) {
    await field.fill(title);
    await field.press("Enter");
    await page.getByRole("checkbox", { name: title, exact: true }).waitFor();
  }
  for (const title of ["Write a plain class", "Decorate what everybody sees"]) await page.getByRole("checkbox", { name: title, exact: true }).click();
  await page.getByText("2 items left").waitFor();
}

/** Invites somebody, and is refused. */
async function fillParts(page) {
  await page.getByLabel("Name").fill("Ada");
  await page.getByLabel("E-mail").fill("ada@example.com");
  await page.getByLabel("E-mail").press("Enter");
  await page.getByText("Ada, ada@example.com").waitFor();
  await page.getByLabel("Name").fill("Bob");
  await page.getByLabel("Name").press("Enter");
  await page.getByText("This is no e-mail address.").waitFor();
  await page.getByText("Product 000001").waitFor();
}

async function fillBoard(page) {
  const cards = { "To do": ["Write the announcement", "Record a demo"], Doing: ["Try it on a phone"], Done: ["Pick a name", "Draw the logo"] };
  for (const [column, titles] of Object.entries(cards)) {
    for (const title of titles) {
      const field = page.getByRole("region", { name: column, exact: true }).getByLabel("Add a card");
      await field.fill(title);
      await field.press("Enter");
      await page.getByRole("button", { name: title, exact: true }).waitFor();
    }
  }
  await page.mouse.click(5, 5);
}

/** Asks, lets others vote and chat, and imports an answer. */
async function fillPoll(page) {
  await joinAs(page, "Ann");
  await page.getByLabel("Question").fill("Where do we eat tonight?");
  await page.getByLabel("Answers, one on each line").fill(["The noodle place", "The garden behind the mill", "At home"].join("\n"));
  await page.getByRole("button", { name: "Ask" }).click();
  await page.getByRole("heading", { name: "Where do we eat tonight?" }).waitFor();
  const others = { Bob: "The noodle place", Mia: "The noodle place", Zoë: "At home" };
  for (const [name, answer] of Object.entries(others)) {
    const context = await page.context().browser().newContext({ viewport: DESKTOP.viewport });
    const other = await context.newPage();
    await other.goto(page.url());
    await hydrated(other);
    await joinAs(other, name);
    await other.getByRole("radio", { name: answer }).click();
    if (name === "Mia") {
      await other.getByLabel("Say something").fill("I have eaten nothing since noon!");
      await other.getByLabel("Say something").press("Enter");
    }
  }
  await page.getByRole("radio", { name: "The garden behind the mill" }).click();
  await page.getByText("4 votes").waitFor();
  await page.getByText("nothing since noon").waitFor();
  await page.waitForFunction(() => document.getAnimations().length === 0);
  await page.mouse.click(5, 5);
}

async function joinAs(page, name) {
  await page.getByLabel("Your name").fill(name);
  await page.getByLabel("Your name").press("Enter");
  await page.getByText(`You are ${name}`).waitFor();
  await hydrated(page);
}

/** Waits until many rows have changed, and some that are in sight flash. */
async function trade(page) {
  await page.waitForFunction(() => document.querySelectorAll("li[data-way]").length > 400 && document.getAnimations().length > 3, undefined, {
    timeout: 120_000,
  });
}

/** Asks the model, in a chat that it has named. */
async function askModel(page, prompt) {
  const field = page.getByLabel("Ask the model");
  await field.fill("Name this chat Lucky");
  await field.press("Enter");
  await page.getByRole("button", { name: "Approve" }).click();
  await page.getByText("The answer is ready.").waitFor();
  await page.getByRole("button", { name: /^heart/ }).click();
  await page.getByText("The answer is ready.").waitFor({ state: "detached" });
  await field.fill(prompt);
  await field.press("Enter");
}

/** A call of a tool waits. */
async function propose(page) {
  await askModel(page, "Roll 2 dice");
  await page.getByRole("button", { name: "Approve" }).waitFor();
}

/** An answer grows. */
async function write(page) {
  await askModel(page, "Go on. Say 2000 words.");
  await page.waitForFunction(() => document.querySelector("main li:nth-child(4) p")?.textContent.length > 150);
}

/** Imports the sample, as far as some rows are refused. */
async function importSample(page) {
  const buffer = Buffer.from(await (await fetch(new URL("/import/sample", page.url()))).text());
  await page.locator("input[type=file]").first().setInputFiles({ name: "contacts.csv", mimeType: "text/csv", buffer });
  await page.getByRole("rowheader", { name: "301", exact: true }).waitFor();
}

async function status(page, text) {
  await page.getByRole("status").getByText(text).waitFor();
}

async function offline(page) {
  await fillTodos(page);
  await page.context().setOffline(true);
  await page.getByRole("checkbox", { name: "Open a second tab", exact: true }).click();
  await status(page, /waiting/);
}

/** Opens the devtools, at what follows on a click. */
async function look(page, tab) {
  await fillTodos(page);
  await page.getByRole("button", { name: "Open the twinstate devtools" }).click();
  const panel = page.getByRole("region", { name: "twinstate devtools" });
  for (let n = 0; n < 5; n++) await panel.getByRole("separator", { name: "Height" }).press("ArrowDown");
  await panel.getByRole("button", { name: "items Array(4)" }).click();
  await page.getByRole("checkbox", { name: "Decorate what everybody sees", exact: true }).click();
  await panel.getByText("left 3").waitFor();
  await panel.getByRole("tab", { name: tab }).click();
}

async function header(page) {
  const { x, y, width, height } = await page.locator("header").boundingBox();
  return { x, y, width, height };
}
