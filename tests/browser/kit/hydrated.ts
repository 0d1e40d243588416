import type { Page } from "playwright";

/** Waits until React has taken over the page: what is typed before is lost. */
export async function hydrated(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const inputs = document.querySelectorAll("main form, main h1, header button");
    return inputs.length > 0 && [...inputs].every((input) => Object.keys(input).some((key) => key.startsWith("__reactProps")));
  });
}
