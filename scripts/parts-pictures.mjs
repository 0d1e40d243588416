// The pictures of the parts of the registry, in the app of docs/PARTS.md: light and dark, on a desktop and on a phone.
import { hydrated } from "../tests/browser/kit/hydrated.ts";
import { createRegistryApp } from "../tests/browser/kit/registry-app.ts";

const PICTURES = ["", "-dark", "-phone", "-phone-dark"].flatMap((kind) =>
  [
    { name: `registry${kind}`, path: "/", act: fillForm },
    { name: `registry-table${kind}`, path: "/stock", act: showTable },
    { name: `registry-select${kind}`, path: "/", act: openSelect },
    { name: `registry-modal${kind}`, path: "/", act: ask },
    { name: `registry-others${kind}`, path: "/others", act: showOthers },
  ].map((picture) => ({ ...picture, dark: kind.endsWith("dark"), phone: kind.includes("phone") })),
);

/** Takes those whose name begins with `only`. `screens`: the options of both kinds of screen. */
export async function takeParts(browser, only, screens, keep) {
  const wanted = PICTURES.filter(({ name }) => name.startsWith(only));
  if (wanted.length === 0) return;
  const app = await createRegistryApp();
  const server = await app.serve();
  try {
    for (const picture of wanted) await take(browser, server.url, picture, screens, keep);
  } finally {
    await server.kill();
    app.remove();
  }
}

async function take(browser, baseURL, { name, path, act, dark, phone }, screens, keep) {
  const context = await browser.newContext({ baseURL, colorScheme: dark ? "dark" : "light", ...(phone ? screens.phone : screens.desktop) });
  const page = await context.newPage();
  await page.goto(path);
  await hydrated(page);
  await act(page);
  await page.mouse.move(0, 0);
  keep(name, await page.screenshot({ animations: "disabled", caret: "hide", fullPage: act === fillForm }));
  await context.close();
}

/** Invites somebody, is refused, and sends a file. */
async function fillForm(page) {
  await page.getByLabel("Title").fill("Summer party");
  await invite(page);
  await page.getByRole("button", { name: "Invite" }).click();
  await page.getByText("Say your name.").waitFor();
  await page.locator("input[type=file]").setInputFiles({ name: "garden.png", mimeType: "image/png", buffer: Buffer.alloc(1000) });
  await page.getByText("Sent", { exact: true }).waitFor();
}

async function invite(page) {
  await page.getByLabel("Name", { exact: true }).fill("Ada");
  await page.getByLabel("Age", { exact: true }).fill("36");
  await page.getByLabel("Age", { exact: true }).press("Enter");
  await page.getByText("Ada, 36").first().waitFor();
}

async function openSelect(page) {
  await page.getByRole("combobox", { name: "Kind" }).press("Enter");
  await page.locator("[role=option][data-highlighted]:focus").waitFor();
}

async function ask(page) {
  await invite(page);
  await page.getByRole("button", { name: "Remove Ada" }).first().click();
  await page.getByRole("dialog", { name: "Remove this guest?" }).waitFor();
}

async function showTable(page) {
  await page.getByText("Product 000001").waitFor();
  await page.getByText("100,000 rows").waitFor();
}

async function showOthers(page) {
  await page.locator(".recharts-bar-rectangle").first().waitFor();
  await page.locator(".cm-content").waitFor();
}
