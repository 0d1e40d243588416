import type { Page } from "playwright";
import { expect } from "vitest";
import { count, shows } from "./kit/demo.js";
import { hydrated } from "./kit/hydrated.js";
import { test, type Visitor } from "./kit/visitor.js";

/** What somebody finds on the pages of polls. */
const poll = (page: Page) => {
  const answer = (text: string) => page.getByRole("radio", { name: text });
  return {
    answer,
    /** The answers with their votes. */
    results: page.getByRole("radio"),
    people: page.getByRole("list", { name: "Who is here" }).getByRole("listitem"),
    messages: page.getByRole("list", { name: "Messages" }).getByRole("listitem"),
    close: page.getByRole("button", { name: "Close the poll" }),
    progress: page.getByRole("progressbar"),
    async join(name: string) {
      await page.getByLabel("Your name").fill(name);
      await page.getByLabel("Your name").press("Enter");
      await page.getByText(`You are ${name}`).waitFor();
      await hydrated(page);
    },
    async import(...answers: string[]) {
      await page.getByLabel("More answers").fill(answers.join("\n"));
      await page.getByRole("button", { name: "Import" }).click();
    },
  };
};

async function member(visitor: Visitor, path: string, name: string): Promise<Page> {
  const page = await visitor.open(path);
  await poll(page).join(name);
  return page;
}

/** A poll that Ann has made, and its path. */
async function ask(visitor: Visitor, ...answers: string[]): Promise<{ page: Page; path: string }> {
  const page = await member(visitor, "/poll", "Ann");
  await page.getByLabel("Question").fill("Where do we eat?");
  await page.getByLabel("Answers, one on each line").fill(answers.join("\n"));
  await page.getByRole("button", { name: "Ask" }).click();
  await page.getByRole("heading", { name: "Where do we eat?" }).waitFor();
  return { page, path: new URL(page.url()).pathname };
}

test("a poll is asked in a form that says what is wrong beside its fields", async ({ visit }) => {
  const page = await member(await visit(), "/poll", "Ann");
  await page.getByLabel("Question").fill("Eh?");
  await page.getByLabel("Answers, one on each line").fill("one alone");
  await page.getByRole("button", { name: "Ask" }).click();
  await page.getByText("Ask a whole question.").waitFor();
  await page.getByText("Give two answers at least, one on each line.").waitFor();
  expect(await page.getByLabel("Question").inputValue()).toBe("Eh?");
  await page.getByLabel("Question").fill("Where do we eat?");
  await page.getByLabel("Answers, one on each line").fill("noodles\n pizza ");
  await page.getByRole("button", { name: "Ask" }).click();
  await shows(poll(page).results, ["noodles0", "pizza0"]);
});

test("two vote, once each: at once where they vote, and live at the other; they chat, and the one who asked closes it", async ({ visit }) => {
  const { page: ann, path } = await ask(await visit(), "noodles", "pizza");
  const bob = await (await visit()).open(path);
  await shows(poll(bob).results, ["noodles0", "pizza0"]);
  expect(await poll(bob).answer("noodles").isDisabled(), "a guest looks").toBe(true);
  await poll(bob).join("Bob");
  await expect
    .poll(async () => (await poll(ann).people.evaluateAll((people) => people.map((each) => each.getAttribute("aria-label")))).sort())
    .toEqual(["Ann (you)", "Bob"]);

  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await bob.route("**/api/twin/poll.*", async (route) => {
    await answered;
    await route.continue();
  });
  await poll(bob).answer("noodles").click();
  await shows(poll(bob).results, ["noodles1", "pizza0"]);
  await shows(poll(ann).results, ["noodles0", "pizza0"]);
  answer();
  await bob.unrouteAll({ behavior: "wait" });
  await shows(poll(ann).results, ["noodles1", "pizza0"]);
  await poll(ann).answer("pizza").click();
  await poll(bob).answer("pizza").click();
  await shows(poll(ann).results, ["noodles0", "pizza2"]);
  await shows(poll(bob).results, ["noodles0", "pizza2"]);

  await bob.getByLabel("Say something").fill("I am hungry");
  await bob.getByLabel("Say something").press("Enter");
  await expect.poll(() => poll(ann).messages.allTextContents()).toEqual([expect.stringContaining("Bob I am hungry")]);

  await count(poll(bob).close, 0);
  await poll(ann).close.click();
  await bob.getByText("Closed").waitFor();
  await expect.poll(() => poll(bob).answer("noodles").isDisabled()).toBe(true);
  await bob.reload();
  await shows(poll(bob).results, ["noodles0", "pizza2"]);
});

test("an import shows how far it is to everybody, and cancelled it leaves no bar behind", async ({ visit }) => {
  const { page: ann, path } = await ask(await visit(), "noodles", "pizza");
  const guest = await (await visit()).open(path);
  await poll(ann).import(...Array.from({ length: 40 }, (_, i) => `place ${i}`));
  await poll(guest).progress.waitFor();
  await poll(guest).answer("place 0").waitFor();
  await ann.getByRole("button", { name: "Cancel" }).click();
  await count(poll(guest).progress, 0);
  await count(poll(ann).progress, 0);
  expect(await poll(guest).results.count()).toBeLessThan(20);
  await poll(ann).import("the last one");
  await poll(guest).answer("the last one").waitFor();
  await count(poll(guest).progress, 0);
});

test("a poll that nobody has asked is not found", async ({ visit }) => {
  const visitor = await visit();
  visitor.expects(/404/);
  const page = await visitor.context.newPage();
  const response = await page.goto("/poll/nothing-here");
  expect(response?.status()).toBe(404);
  await page.getByText("This page could not be found").waitFor();
});
