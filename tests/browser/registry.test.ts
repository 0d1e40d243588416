import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { compiled, ROOT } from "./kit/build.js";
import { hydrated } from "./kit/hydrated.js";
import { createRegistryApp } from "./kit/registry-app.js";
import type { DemoServer } from "./kit/server.js";
import { test } from "./kit/visitor.js";

const AXE = readFileSync(join(ROOT, "node_modules/axe-core/axe.min.js"), "utf8");

/** `rules`: those that are not asked for. */
async function violations(page: Page, ...rules: readonly string[]): Promise<string[]> {
  await page.evaluate(AXE);
  await page.waitForFunction(() => document.getAnimations().every(({ effect }) => effect?.getComputedTiming().iterations === Number.POSITIVE_INFINITY));
  return page.evaluate(async (left) => {
    const { axe } = window as unknown as { axe: typeof import("axe-core") };
    const { violations } = await axe.run({ resultTypes: ["violations"], rules: Object.fromEntries(left.map((rule) => [rule, { enabled: false }])) });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  }, rules);
}

describe.runIf(process.env.TEST_FULL && compiled)("the app of docs/PARTS.md, with the items of the registry, in a fresh app with shadcn", () => {
  let app: Awaited<ReturnType<typeof createRegistryApp>>;
  let server: DemoServer;

  beforeAll(async () => {
    app = await createRegistryApp();
    server = await app.serve();
  });
  afterAll(async () => {
    await server?.kill();
    app?.remove();
  });

  test("every item is there, and needs what it brings alone", () => {
    expect(readdirSync(join(app.folder, "components/twin")).sort()).toEqual(readdirSync(join(ROOT, "registry/twin")).sort());
    const { dependencies } = JSON.parse(readFileSync(join(app.folder, "package.json"), "utf8")) as { dependencies: object };
    expect(Object.keys(dependencies)).toEqual(expect.arrayContaining(["@base-ui/react", "@tanstack/react-virtual"]));
  });

  test.for(["light", "dark"] as const)("its parts work, by keys too, and axe finds nothing wrong, in %s", async (colorScheme, { visit }) => {
    const visitor = await visit({ url: server.url, colorScheme });
    const [page, other] = [await visitor.open("/"), await visitor.open("/")];
    expect(await page.evaluate(() => document.documentElement.classList.contains("dark"))).toBe(colorScheme === "dark");
    expect(await violations(page), "as it comes").toEqual([]);
    await page.getByLabel("Title").fill(`In ${colorScheme}`);
    await expect.poll(() => other.getByLabel("Title").inputValue()).toBe(`In ${colorScheme}`);
    await page.getByLabel("Note").fill("many\nlines");
    await expect.poll(() => other.getByLabel("Note").inputValue()).toBe("many\nlines");
    await page.getByRole("combobox", { name: "Kind" }).press("Enter");
    await page.getByRole("option", { name: "Dinner" }).waitFor();
    // The options stand beside all landmarks, as those of a native select do.
    expect(await violations(page, "region"), "with an open select").toEqual([]);
    // A key that comes before the focus is at the option is lost.
    await page.locator("[role=option][data-highlighted]:focus").waitFor();
    await page.keyboard.press("ArrowDown");
    // The mode that is tested second finds what the first has chosen.
    const next = colorScheme === "light" ? "Dance" : "Picnic";
    await expect.poll(() => page.locator("[role=option][data-highlighted]").textContent()).toContain(next);
    await page.keyboard.press("Enter");
    await expect.poll(() => other.getByRole("combobox", { name: "Kind" }).textContent()).toBe(`${next}▾`);
    for (const [role, name] of [
      ["checkbox", "Guests may come"],
      ["switch", "Music"],
    ] as const) {
      const before = await page.getByRole(role, { name }).isChecked();
      await page.getByRole(role, { name }).press("Space");
      await expect.poll(() => other.getByRole(role, { name }).isChecked()).toBe(!before);
    }
    const volume = Number(await page.getByRole("slider", { name: "Volume" }).getAttribute("aria-valuenow"));
    await page.getByRole("slider", { name: "Volume" }).press("ArrowRight");
    await expect.poll(() => other.getByRole("slider", { name: "Volume" }).getAttribute("aria-valuenow")).toBe(String(volume + 1));
    if (!(await page.getByRole("checkbox", { name: "Guests may come" }).isChecked())) await page.getByRole("checkbox", { name: "Guests may come" }).click();
    await page.getByLabel("Title").fill("x".repeat(41));
    await page.getByText("The title may have 40 letters.").waitFor();

    await page.getByRole("button", { name: "Invite" }).press("Enter");
    await page.getByText("Say your name.").waitFor();
    await expect.poll(() => page.getByLabel("Name", { exact: true }).evaluate((field) => field === document.activeElement)).toBe(true);
    expect(await violations(page), "refused").toEqual([]);
    await page.getByLabel("Name", { exact: true }).fill("Ada");
    await page.getByLabel("Age", { exact: true }).fill("36");
    await page.getByLabel("Age", { exact: true }).press("Enter");
    await page.getByText("Ada is invited.").waitFor();
    await page.getByText("Ada, 36").first().waitFor();
    await page.getByRole("button", { name: "Remove Ada" }).first().press("Enter");
    await page.getByRole("dialog", { name: "Remove this guest?" }).waitFor();
    expect(await violations(page), "asked").toEqual([]);
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).press("Enter");
    await expect.poll(() => page.getByText("Ada, 36").count()).toBe(0);

    await page.locator("input[type=file]").setInputFiles({ name: "a.png", mimeType: "image/png", buffer: Buffer.alloc(1000) });
    await page.getByText("Sent", { exact: true }).waitFor();
    await page.locator("input[type=file]").setInputFiles({ name: "b.png", mimeType: "image/png", buffer: Buffer.alloc(6_000_000) });
    await page.getByText("A picture may have 5 MB.").waitFor();
    expect(await violations(page), "with files").toEqual([]);
    await page.getByRole("list", { name: "Who is here" }).getByRole("listitem").first().waitFor();

    // The mode is kept, and the next load begins with it.
    await page.getByRole("button", { name: "Light or dark" }).click();
    const isDark = (where: Page) => where.evaluate(() => document.documentElement.classList.contains("dark"));
    await expect.poll(() => isDark(page)).toBe(colorScheme === "light");
    await expect.poll(() => isDark(other)).toBe(colorScheme === "light");
    await page.reload();
    await hydrated(page);
    expect(await isDark(page)).toBe(colorScheme === "light");
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Stock" }).click();
    await page.getByText("Product 000001").waitFor();
    expect(await page.getByRole("link", { name: "Stock" }).getAttribute("aria-current")).toBe("page");
  });

  test("its table has 100,000 rows, of which the page holds a few, and shows what others change", async ({ visit }) => {
    const [page, other] = [await (await visit({ url: server.url })).open("/stock"), await (await visit({ url: server.url })).open("/stock")];
    const table = page.getByRole("region", { name: "Products" });
    const rows = table.locator("tbody tr[aria-rowindex]");
    await page.getByText("100,000 rows").waitFor();
    expect(await violations(page)).toEqual([]);
    for (const index of [70_000, 99_990]) {
      await table.evaluate((element, top) => element.scrollTo(0, top), index * 40);
      await page.getByText(`Product ${String(index + 3).padStart(6, "0")}`).waitFor();
      expect(await rows.count()).toBeLessThan(100);
    }
    await page.getByRole("button", { name: "Name" }).click();
    await expect.poll(() => rows.first().locator("td").first().textContent()).toBe("Product 100000");
    for (const one of [page, other]) {
      await one.getByLabel("Filter Products").fill("Product 012345");
      await one.getByText("1 row", { exact: true }).waitFor();
      await one.getByLabel("Price of Product 012345").waitFor();
    }
    await page.getByLabel("Price of Product 012345").fill("99.5");
    await expect.poll(() => other.getByLabel("Price of Product 012345").inputValue()).toBe("99.5");
  });

  test("a chart, a map and an editor of others follow the store", async ({ visit }) => {
    const visitor = await visit({ url: server.url });
    const [page, party] = [await visitor.open("/others"), await visitor.open("/")];
    const count = await page.locator(".recharts-bar-rectangle").count();
    await party.getByLabel("Name", { exact: true }).fill("Bob");
    await party.getByLabel("Age", { exact: true }).fill("50");
    await party.getByLabel("Age", { exact: true }).press("Enter");
    await expect.poll(() => page.locator(".recharts-bar-rectangle").count()).toBe(count + 1);
    await expect.poll(() => page.getByRole("region", { name: "Where the guests live" }).locator("path").count()).toBe(count + 1);
    await page.locator(".cm-content").fill("written in an editor");
    await expect.poll(() => party.getByLabel("Note").inputValue()).toBe("written in an editor");
    await party.getByLabel("Note").fill("and answered");
    await expect.poll(() => page.locator(".cm-content").textContent()).toBe("and answered");
  });
});
