import { startSite } from "../tests/browser/kit/docs-site.ts";

const PICTURES = [
  { name: "site", path: "/tutorial", size: "desktop" },
  { name: "site-dark", path: "/api/server", size: "desktop", dark: true },
  { name: "site-phone", path: "/tutorial", size: "phone" },
  { name: "site-phone-dark", path: "/comparison", size: "phone", dark: true },
];

/** Takes the pictures of the site of the docs, those whose name begins so. */
export async function takeSite(browser, only, sizes, keep) {
  const wanted = PICTURES.filter(({ name }) => name.startsWith(only));
  if (wanted.length === 0) return;
  const site = await startSite();
  try {
    for (const { name, path, size, dark } of wanted) {
      const context = await browser.newContext({ baseURL: site.url, colorScheme: dark ? "dark" : "light", ...sizes[size] });
      const page = await context.newPage();
      await page.goto(path, { waitUntil: "networkidle" });
      keep(name, await page.screenshot({ animations: "disabled", caret: "hide" }));
      await context.close();
    }
  } finally {
    site.stop();
  }
}
