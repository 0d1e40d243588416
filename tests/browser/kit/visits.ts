import type { Page } from "playwright";

/** What somebody does in the app of a template, in its first minutes. */
export interface Visit {
  /** What can be used once the page is hydrated. */
  readonly ready: string;
  /** Adds something, and waits until it shows. */
  add(page: Page): Promise<void>;
  /** Waits until what was added is there. */
  there(page: Page): Promise<void>;
  /** A change of a store's source. */
  readonly edit: { readonly file: string; readonly from: string; readonly to: string };
  /** Does something once more, and says whether the changed source has done it. */
  changed(page: Page): Promise<boolean>;
  /** Does something by keyboard alone, from the page's start on. */
  byKeyboard(page: Page): Promise<void>;
  /** After `byKeyboard`: looks whether the page fits the screen. */
  fits?(page: Page): Promise<void>;
  /** Fills the page for a picture. */
  fill(page: Page): Promise<void>;
}

/** The visit of each template. */
export const VISITS: Readonly<Record<string, Visit>> = {
  blank: {
    ready: "main button",
    add: (page) => countBy(page, 1, () => page.getByRole("button", { name: "Add one" }).click()),
    async there(page) {
      await page.waitForFunction(() => Number(document.querySelector("output")?.textContent) > 0);
    },
    edit: { file: "state/counter.ts", from: "this.count += by;", to: "this.count += by * 100;" },
    async changed(page) {
      await page.getByRole("button", { name: "Add one" }).click();
      return (await countOf(page)) > 100;
    },
    async byKeyboard(page) {
      await tabTo(page, "Add one");
      await countBy(page, 1, () => page.keyboard.press("Enter"));
      await page.keyboard.press("Shift+Tab");
      await countBy(page, -1, () => page.keyboard.press("Space"));
    },
    async fill(page) {
      const missing = 42 - (await countOf(page));
      await countBy(page, missing, async () => {
        for (let n = 0; n < missing; n++) await page.getByRole("button", { name: "Add one" }).click();
      });
    },
  },
  chat: {
    ready: "main form",
    async add(page) {
      await signUp(page);
      await makeRoom(page, "Kitchen");
      await page.getByRole("link", { name: "Kitchen", exact: true }).first().click();
      await page.getByLabel("Message", { exact: true }).fill("@model hello");
      await page.getByLabel("Message", { exact: true }).press("Enter");
      await page.getByText("You wrote: “@model hello”").waitFor();
      await page.getByRole("button", { name: "Stop" }).click();
      await page.getByText("Stopped.").waitFor();
      await page.getByRole("link", { name: "All rooms" }).click();
      await page.getByLabel("New room").waitFor();
    },
    there: (page) => page.getByRole("link", { name: "Kitchen", exact: true }).first().waitFor(),
    edit: { file: "state/rooms.ts", from: "{ id, title }", to: '{ id, title: title + "!" }' },
    async changed(page) {
      await page.getByLabel("New room").fill("Garden");
      await page.getByLabel("New room").press("Enter");
      await page
        .getByRole("link", { name: /^Garden/ })
        .first()
        .waitFor();
      return page.getByRole("link", { name: "Garden!" }).first().isVisible();
    },
    async byKeyboard(page) {
      await tabTo(page, "I am new here");
      await page.keyboard.press("Enter");
      await page.getByLabel("Name").waitFor();
      for (let n = 0; n < 4; n++) await page.keyboard.press("Shift+Tab");
      await page.keyboard.type("Cleo");
      await page.keyboard.press("Tab");
      await page.keyboard.type(newEmail());
      await page.keyboard.press("Tab");
      await page.keyboard.type("correct horse");
      await page.keyboard.press("Enter");
      await page.getByText("Signed in as Cleo").waitFor();
      await tabTo(page, "New room");
      await page.keyboard.type("Attic");
      await page.keyboard.press("Enter");
      await page.getByRole("link", { name: "Attic" }).waitFor();
      await tabTo(page, "Attic");
      await page.keyboard.press("Enter");
      await tabTo(page, "Message");
      await page.keyboard.type("hello");
      await page.keyboard.press("Enter");
      await page.getByRole("list", { name: "Messages" }).getByText("hello").waitFor();
      await focused(page, "Message");
    },
    // The room fills the screen, and not more, beside what says that the connection is broken.
    async fits(page) {
      const fits = () => page.waitForFunction(() => document.documentElement.scrollHeight === window.innerHeight);
      await fits();
      await page.context().setOffline(true);
      await page.getByText("You are offline.").waitFor();
      await fits();
    },
    async fill(page) {
      await signUp(page);
      for (const title of ["Garden", "Release party", "Kitchen"]) await makeRoom(page, title);
      await page.getByRole("link", { name: "Kitchen" }).click();
      const field = page.getByLabel("Message", { exact: true });
      for (const text of ["Who brings the cake?", "@model What goes well with lemon cake?"]) {
        await field.fill(text);
        await field.press("Enter");
      }
      await page
        .locator("li", { hasText: /You wrote: “@model What.*as the README says/ })
        .and(page.locator("[aria-busy=false]"))
        .waitFor();
    },
  },
  dashboard: {
    ready: "main button",
    async add(page) {
      await page.getByLabel("Customer").fill("Zoe");
      await order(page, "Zoe Quill");
      await page.getByRole("button", { name: "Edit the order of Zoe Quill" }).first().waitFor();
    },
    there: (page) => page.getByRole("button", { name: "Edit the order of Zoe Quill", exact: true }).first().waitFor(),
    edit: { file: "state/orders.ts", from: "...rest, amount:", to: '...rest, customer: rest.customer + "!", amount:' },
    async changed(page) {
      const edits = page.getByRole("button", { name: /^Edit the order of Zoe/ });
      const before = await edits.count();
      await order(page, "Zoe Quill");
      await edits.nth(before).waitFor();
      return page.getByRole("button", { name: "Edit the order of Zoe Quill!" }).first().isVisible();
    },
    async byKeyboard(page) {
      await tabTo(page, "New order");
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").waitFor();
      await page.keyboard.type("Yan Reed");
      await tabTo(page, "Save");
      await page.keyboard.press("Enter");
      // The amount is wrong, says the server, and its field has the focus.
      await page.waitForFunction(() => document.activeElement?.getAttribute("name") === "amount" && document.activeElement.ariaInvalid === "true");
      await page.keyboard.type("12.50");
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await page.waitForFunction(() => document.activeElement?.textContent === "New order");
      await tabTo(page, "Customer");
      await page.keyboard.type("Yan Reed");
      await page.getByText("€12.50", { exact: true }).first().waitFor();
      await tabTo(page, "Edit the order of Yan Reed");
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").waitFor();
      await page.keyboard.press("Escape");
      await focused(page, "Edit the order of Yan Reed");
    },
    // On a phone, names have room beside their amounts.
    async fits(page) {
      await page.setViewportSize({ width: 390, height: 760 });
      await page.waitForFunction(() => {
        const heads = [...document.querySelectorAll<HTMLElement>("thead th")].filter(({ offsetWidth }) => offsetWidth > 0);
        return heads.length === 4 && heads.every(({ offsetWidth, scrollWidth }) => offsetWidth >= 48 && scrollWidth <= offsetWidth);
      });
    },
    fill: (page) => page.getByRole("button", { name: /^Edit/ }).first().waitFor(),
  },
  todo: {
    ready: "main form",
    async add(page) {
      await write(page, "milk");
    },
    there: (page) => page.getByRole("checkbox", { name: "milk", exact: true }).waitFor(),
    edit: { file: "state/todo.ts", from: "new Item(id, title)", to: 'new Item(id, title + "!")' },
    async changed(page) {
      await page.getByLabel("New to-do").fill("bread");
      await page.getByLabel("New to-do").press("Enter");
      await page
        .getByRole("checkbox", { name: /^bread/ })
        .last()
        .waitFor();
      return page.getByRole("checkbox", { name: "bread!" }).first().isVisible();
    },
    async byKeyboard(page) {
      await tabTo(page, "New to-do");
      for (const title of ["bread", "eggs"]) {
        await page.keyboard.type(title);
        await page.keyboard.press("Enter");
        await page.getByRole("checkbox", { name: title, exact: true }).waitFor();
      }
      await tabTo(page, "bread");
      await page.keyboard.press("Space");
      await page.getByText("1 item left").waitFor();
      await tabTo(page, "Edit bread");
      await page.keyboard.press("Enter");
      await page.getByLabel("Title").waitFor();
      await page.keyboard.type(" and butter");
      await page.keyboard.press("Enter");
      await page.getByRole("checkbox", { name: "bread and butter" }).waitFor();
      await focused(page, "Edit bread and butter");
      await page.keyboard.press("Enter");
      await page.getByLabel("Title").waitFor();
      await page.keyboard.type("!");
      await page.keyboard.press("Escape");
      await focused(page, "Edit bread and butter");
      await tabTo(page, "Delete eggs");
      await page.keyboard.press("Enter");
      await page.getByRole("checkbox", { name: "eggs" }).waitFor({ state: "detached" });
      await focused(page, "bread and butter");
      await tabTo(page, "All");
      await page.keyboard.press("ArrowRight");
      await page.getByText("Nothing left to do.").waitFor();
      await page.keyboard.press("ArrowRight");
      await page.getByRole("checkbox", { name: "bread and butter" }).waitFor();
      await tabTo(page, "Clear done");
      await page.keyboard.press("Enter");
      await page.getByRole("checkbox", { name: "bread and butter" }).waitFor({ state: "detached" });
      await focused(page, "New to-do");
    },
    async fill(page) {
      for (const title of ["Write a plain class", "Decorate what everybody sees", "Call it from the browser", "Open a second tab"]) await write(page, title);
      for (const title of ["Write a plain class", "Decorate what everybody sees"]) await page.getByRole("checkbox", { name: title }).click();
      await page.getByText("2 items left").waitFor();
    },
  },
};

const countOf = async (page: Page) => Number(await page.locator("output").textContent());

let people = 0;
const newEmail = () => `somebody-${process.pid}-${++people}@mail.example`;

/** Makes an account, and signs in. */
async function signUp(page: Page): Promise<void> {
  await page.getByRole("button", { name: "I am new here" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Ann");
  await page.getByLabel("Email").fill(newEmail());
  await page.getByLabel("Password").fill("correct horse");
  const signedIn = page.getByText("Signed in as Ann");
  const refused = page.getByText("Too many requests");
  // In production, better-auth limits how many accounts an address may make in ten seconds.
  for (let tries = 0; tries < 30; tries++) {
    await page.getByRole("button", { name: "Make account" }).click();
    await signedIn.or(refused).waitFor();
    if (await signedIn.isVisible()) return;
    await page.waitForTimeout(1000);
  }
  throw new Error("No account can be made.");
}

async function makeRoom(page: Page, title: string): Promise<void> {
  await page.getByLabel("New room").fill(title);
  await page.getByLabel("New room").press("Enter");
  await page.getByRole("link", { name: title, exact: true }).first().waitFor();
}

/** Does something, and waits until the counter shows so much more. */
async function countBy(page: Page, more: number, work: () => Promise<void>): Promise<void> {
  const wanted = String((await countOf(page)) + more);
  await work();
  await page.locator("output", { hasText: new RegExp(`^${wanted}$`) }).waitFor();
}

async function write(page: Page, title: string): Promise<void> {
  await page.getByLabel("New to-do").fill(title);
  await page.getByLabel("New to-do").press("Enter");
  await page.getByRole("checkbox", { name: title, exact: true }).waitFor();
}

/** Makes an order by the dashboard's form. */
async function order(page: Page, customer: string): Promise<void> {
  await page.getByRole("button", { name: "New order" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Customer").fill(customer);
  await dialog.getByLabel("Amount in EUR").fill("10");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
}

/** What the focus is on, by its name. */
const focusOf = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    return element?.getAttribute("aria-label") ?? element?.closest("label")?.textContent ?? element?.textContent ?? "";
  });

/** Waits until the focus is on what has this name. */
async function focused(page: Page, name: string): Promise<void> {
  await page.waitForFunction((wanted) => document.activeElement?.getAttribute("aria-label") === wanted, name);
}

/** Presses Tab until the focus is on what has this name. */
async function tabTo(page: Page, name: string): Promise<void> {
  const passed: string[] = [];
  for (let n = 0; n < 40; n++) {
    await page.keyboard.press("Tab");
    const focus = await focusOf(page);
    if (focus === name) return;
    passed.push(focus);
  }
  throw new Error(`Tab does not reach ${name}, but ${passed.join(", ")}.`);
}

/** Waits until React has taken over what can be used of a page. */
export async function usable(page: Page, { ready }: Visit): Promise<void> {
  await page.waitForFunction((selector) => {
    const element = document.querySelector(selector);
    return element !== null && Object.keys(element).some((key) => key.startsWith("__reactProps"));
  }, ready);
}
