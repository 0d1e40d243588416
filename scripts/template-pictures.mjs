// The pictures of apps of the templates: light and dark, on a desktop and on a phone.
import { templates } from "../create/src/templates.ts";
import { buildApp } from "../tests/browser/kit/build.ts";
import { startServer } from "../tests/browser/kit/server.ts";
import { createTemplateApp } from "../tests/browser/kit/template-app.ts";
import { usable, VISITS } from "../tests/browser/kit/visits.ts";

/** The names of a template's pictures: `template-todo`, `template-todo-phone-dark`. */
const picturesOf = (template) =>
  ["", "-dark", "-phone", "-phone-dark"].map((kind) => ({ name: `template-${template}${kind}`, dark: kind.endsWith("dark"), phone: kind.includes("phone") }));

/** Takes those whose name begins with `only`, of apps that are made for it. `screens`: the options of both kinds of screen. */
export async function takeTemplates(browser, only, screens, keep) {
  for (const { name: template } of templates()) {
    const wanted = picturesOf(template).filter(({ name }) => name.startsWith(only));
    if (wanted.length === 0) continue;
    const app = await createTemplateApp(template);
    await buildApp(app.folder);
    const server = await startServer({ cwd: app.folder });
    try {
      for (const picture of wanted) {
        await take(browser, server.url, template, picture, screens, keep);
        // The next picture has nothing of this one.
        await server.kill();
        server.lose();
        await server.start();
      }
    } finally {
      await server.kill();
      app.remove();
    }
  }
}

async function take(browser, baseURL, template, { name, dark, phone }, screens, keep) {
  const context = await browser.newContext({ baseURL, colorScheme: dark ? "dark" : "light", ...(phone ? screens.phone : screens.desktop) });
  const page = await context.newPage();
  await page.goto("/");
  await usable(page, VISITS[template]);
  await VISITS[template].fill(page);
  // Nothing is shown as it is under the mouse.
  await page.mouse.move(0, 0);
  keep(name, await page.screenshot({ animations: "disabled", caret: "hide", fullPage: true }));
  await context.close();
}
