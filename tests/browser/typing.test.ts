import type { Locator, Page } from "playwright";
import { createTwin, memory, scope } from "twinstate/server";
import { afterAll, beforeAll, describe, expect, onTestFinished } from "vitest";
import { serve } from "../kit/http.js";
import { compiled } from "./kit/build.js";
import { ENGINES } from "./kit/engine.js";
import { openFarSite } from "./kit/far-site.js";
import { Form } from "./kit/form.js";
import { test, type Visitor } from "./kit/visitor.js";

/** How many pages are typed into at once. Many of them try the line, to which the compiler is nothing. */
const PAGES = process.env.TEST_FULL && compiled ? 20 : 4;
/** The same for what else is tested with them. */
const FEW = process.env.TEST_FULL ? PAGES : 2;
/** Between two keys, in ms. */
const PACE = 1000 / 12;
const TEXT = "the quick brown fox jumps over a lazy dog and runs away, fast";

let far: Awaited<ReturnType<typeof openFarSite>>;
const twin = createTwin({
  name: "tests/typing",
  stores: { form: scope.room(Form, { allow: () => true }) },
  session: { secret: "a secret for tests alone" },
  storage: memory(),
  log: () => {},
});
const ends: (() => unknown)[] = [];
beforeAll(async () => {
  const site = await serve(twin.handlers);
  far = await openFarSite("typing.tsx", site.origin, { delay: 200, loss: 0.05 });
  ends.push(far.close, site.close, twin.close);
});
afterAll(async () => {
  for (const end of ends) await end();
});

/** What an input has shown, in each frame and at each change, with the caret as `|`. */
async function record(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const input = document.querySelector("input") as HTMLInputElement;
    const seen: string[] = [];
    Object.assign(window, { seen });
    const look = () => {
      const { value, selectionStart, selectionEnd } = input;
      const now = `${value.slice(0, selectionStart ?? 0)}|${value.slice(selectionEnd ?? 0)}`;
      if (seen.at(-1) !== now) seen.push(now);
      requestAnimationFrame(look);
    };
    look();
  });
  return () => page.evaluate(() => (window as unknown as { seen: string[] }).seen);
}

interface Opened {
  readonly page: Page;
  readonly alert: Locator;
  /** What the server has. */
  title(): Promise<string>;
  shown(): Promise<string[]>;
}

let forms = 0;
/** The key of a form that nobody has typed into, also where a test is tried again. */
const newForm = (name: string) => `${name}-${++forms}`;

/** Opens a form, and puts the caret between the brackets that stand in it. The server changes something else of it ten times a second. */
async function open(visitor: Visitor, key: string): Promise<Opened> {
  // Lost connections are what this is about.
  visitor.expects(/net::ERR_|Failed to load resource/);
  const page = await visitor.context.newPage();
  await page.goto(`${far.url}/#${key}`);
  const input = page.getByLabel("Title");
  await input.waitFor();
  await input.focus();
  await input.evaluate((element) => (element as HTMLInputElement).setSelectionRange(1, 1));
  const ticker = setInterval(() => void twin.form(key).tick(), 100);
  onTestFinished(() => clearInterval(ticker));
  const title = async () => (await twin.form(key).$snapshot()).title;
  return { page, title, shown: await record(page), alert: page.getByRole("alert") };
}

/** What is seen is what was meant, in that order, and nothing else; frames may lack some of it. */
function expectOnly(seen: readonly string[], meant: readonly string[]) {
  let at = 0;
  for (const one of seen) {
    const next = meant.indexOf(one, at);
    expect(next, `"${one}" after "${meant[at]}", of ${JSON.stringify(seen)}`).toBeGreaterThanOrEqual(0);
    at = next;
  }
}

const lasts = { timeout: 60_000, interval: 100 };

/** Opens the pages, lets them be typed into all at once, and looks at what each has shown. */
async function typeIntoAll(visit: () => Promise<Visitor>, pages: number, name: string, type: (form: Opened) => Promise<void>, meant: readonly string[]) {
  const forms = await Promise.all(Array.from({ length: pages }, async () => open(await visit(), newForm(name))));
  await Promise.all(forms.map(type));
  const last = meant.at(-1)?.replace("|", "");
  for (const { title, shown, alert } of forms) {
    await expect.poll(title, lasts).toBe(last);
    await expect.poll(() => alert.textContent(), lasts).toBe("");
    const seen = await shown();
    expectOnly(seen, meant);
    expect(seen.at(-1)).toBe(meant.at(-1));
  }
}

const typed = (text: string) => Array.from({ length: text.length + 1 }, (_, i) => `<${text.slice(0, i)}|>`);

describe.for(ENGINES)("pages of %s are typed into at once, over a bad line, while the server changes something else", { timeout: 300_000 }, (engine) => {
  test.override({ engine });
  const [pages, few] = engine === "chromium" ? [PAGES, FEW] : [4, 4];

  test("every character arrives, the caret stays where it belongs, and no value flashes back", async ({ visit }) => {
    await typeIntoAll(visit, pages, `plain-${engine}`, ({ page }) => page.keyboard.type(TEXT, { delay: PACE }), typed(TEXT));
  });

  test("the same with an optimistic event", async ({ visit }) => {
    await typeIntoAll(visit, few, `optimistic-${engine}`, ({ page }) => page.keyboard.type(TEXT, { delay: PACE }), typed(TEXT));
  });

  test("what is refused stays to be corrected", async ({ visit }) => {
    await typeIntoAll(
      visit,
      few,
      `refused-${engine}`,
      async ({ page, alert }) => {
        await page.keyboard.type(`${TEXT}!`, { delay: PACE });
        await expect.poll(() => alert.textContent(), lasts).toBe("No shouting.");
        await page.keyboard.press("Backspace");
      },
      [...typed(`${TEXT}!`), `<${TEXT}|>`],
    );
  });

  test("nothing disturbs a composition", async ({ visit, skip }) => {
    skip(engine !== "chromium", "needs Chromium: no other can be told to compose");
    const steps = TEXT.split(" ").flatMap((word) => [...Array.from(word, (_, i) => word.slice(0, i + 1)), `${word} `]);
    let done = "";
    const meant = ["<|>"];
    for (const step of steps) {
      meant.push(`<${done}${step}|>`);
      if (step.endsWith(" ")) done += step;
    }
    await typeIntoAll(
      visit,
      few,
      `composed-${engine}`,
      async ({ page }) => {
        const devtools = await page.context().newCDPSession(page);
        for (const text of steps) {
          if (text.endsWith(" ")) await devtools.send("Input.insertText", { text });
          else await devtools.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
          await page.waitForTimeout(PACE);
        }
      },
      meant,
    );
  });
});

// Only over WebDriver BiDi: elsewhere Playwright has each page believe that it is in front.
describe.for(ENGINES)("a page of %s that is not in front", (engine) => {
  test.override({ engine });
  test("keeps the caret beside its letters while somebody else changes the text", async ({ visit }) => {
    const visitor = await visit();
    const key = newForm(`behind-${engine}`);
    const { shown } = await open(visitor, key);
    await visitor.context.newPage();
    await twin.form(key).setTitle("a<>");
    await expect.poll(async () => (await shown()).length, lasts).toBeGreaterThan(1);
    expect(await shown()).toEqual(["<|>", "a<|>"]);
  });
});

test("on that line, an input that is controlled by hand loses characters", async ({ visit }) => {
  const { page } = await open(await visit(), newForm("controlled"));
  // What each key has made of it, before React puts back what the store has.
  await page.evaluate(() => {
    const made: string[] = [];
    Object.assign(window, { made });
    document.addEventListener("input", ({ target }) => made.push((target as HTMLInputElement).value), { capture: true });
  });
  await page.keyboard.type(TEXT, { delay: PACE });
  const made = await page.evaluate(() => (window as unknown as { made: string[] }).made);
  expect(made).toHaveLength(TEXT.length);
  expect(made).not.toContain(`<${TEXT}>`);
});
