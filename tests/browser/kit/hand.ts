import type { Locator } from "playwright";
import { isBidi } from "./engine.js";

const byBidi = (element: Locator) => isBidi(element.page().context().browser()?.browserType().name());

/** Over WebDriver BiDi two clicks are no double one (https://github.com/microsoft/playwright/issues/37235): there the page is told of it after them. */
export async function doubleClick(element: Locator): Promise<void> {
  await element.dblclick();
  if (byBidi(element)) await element.dispatchEvent("dblclick");
}

/** Fills a field that React controls. Over WebDriver BiDi Playwright's own `fill` sets `value`, which React takes for its own doing: there it is typed. */
export async function fill(field: Locator, text: string): Promise<void> {
  if (!byBidi(field)) return field.fill(text);
  await field.selectText();
  // Not `pressSequentially`: it begins at the start in a page that is not in front.
  await field.page().keyboard.type(text);
}
