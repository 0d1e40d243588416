import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Look {
  /** Of these elements alone. */
  readonly within?: string;
  /** By this rule alone. */
  readonly rule?: string;
}

/** What axe finds wrong in what a page shows now, of long lists in their beginning: rules, with the elements. */
export async function violations(page: Page, look: Look = {}): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  return page.evaluate(async ({ within, rule }) => {
    // The rows of a long list are alike, and axe would look at each.
    for (const row of document.querySelectorAll("li:nth-child(n + 40)")) row.remove();
    // What fades in has its colours when that is over. What goes on without end cannot be finished.
    for (const animation of document.getAnimations()) if (animation.effect?.getComputedTiming().endTime !== Infinity) animation.finish();
    const { axe } = window as unknown as {
      axe: { run(context: object | string, options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const found = await axe.run(within ?? document, {
      resultTypes: ["violations"],
      checks: { "color-contrast": { options: { ignorePseudo: true } } },
      ...(rule && { runOnly: rule }),
    });
    return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  }, look);
}
