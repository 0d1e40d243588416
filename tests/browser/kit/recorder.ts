import type { BrowserContext, Page } from "playwright";

/** Records, in every page that opens from now on, what the elements of a selector show: in each frame, and once the HTML is whole, at each change too. */
export async function recordFrames(context: BrowserContext, selector: string): Promise<void> {
  await context.addInitScript((wanted) => {
    const frames: string[] = [];
    Object.assign(window, { frames });
    const look = () => {
      if (!document.querySelector("main")?.textContent) return;
      const now = [...document.querySelectorAll(wanted)].map(({ textContent }) => textContent).join("|");
      if (frames.at(-1) !== now) frames.push(now);
    };
    const each = () => {
      look();
      requestAnimationFrame(each);
    };
    requestAnimationFrame(each);
    document.addEventListener("DOMContentLoaded", () => {
      look();
      new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });
    });
  }, selector);
}

/** What the page has shown, each text once in a row. */
export const frames = (page: Page): Promise<readonly string[]> => page.evaluate(() => (window as unknown as { frames: string[] }).frames);
