import type { Locator, Page } from "playwright";
import { describe, expect } from "vitest";
import { board, count, PLACES, shows } from "./kit/demo.js";
import { doubleClick, fill } from "./kit/hand.js";
import { test, type Visitor } from "./kit/visitor.js";

/** What a card's list item shows: its title, and the initials of who added it. */
const titles = (page: Page, column: string, expected: readonly string[]) =>
  shows(
    board(page)
      .cards(column)
      .getByRole("button", { name: /^(?!Card )/ }),
    expected,
  );

let boards = 0;
/** The path of a board that no other test uses. */
const fresh = () => `/board/test-${Date.now().toString(36)}-${++boards}`;

describe.for(PLACES)("a board, on %s", ([, url, engine]) => {
  test.override({ engine });
  async function two(visit: (options: { url: string }) => Promise<Visitor>): Promise<[Page, Page]> {
    const path = fresh();
    const visitors = [await visit({ url }), await visit({ url })] as const;
    return [await visitors[0].open(path), await visitors[1].open(path)];
  }

  test("adding, editing, moving and deleting a card is seen by the other, both ways", async ({ visit }) => {
    const [one, other] = await two(visit);
    await board(one).add("To do", "paint");
    await titles(other, "To do", ["paint"]);
    await board(other).add("To do", "sand");
    await titles(one, "To do", ["paint", "sand"]);

    await doubleClick(board(other).card("paint"));
    await fill(other.getByLabel("Title"), "paint twice");
    await other.getByLabel("Title").press("Enter");
    await titles(one, "To do", ["paint twice", "sand"]);
    await titles(other, "To do", ["paint twice", "sand"]);

    await board(one).choose("Card sand", "Move to Doing");
    await titles(other, "To do", ["paint twice"]);
    await titles(other, "Doing", ["sand"]);
    await board(other).choose("Card sand", "Move to Done");
    await titles(one, "Doing", []);
    await titles(one, "Done", ["sand"]);

    await board(one).choose("Card sand", "Delete");
    await titles(other, "Done", []);
    await other.getByText("1 card in 3 columns").waitFor();
  });

  test("columns are added, renamed and deleted for both", async ({ visit }) => {
    const [one, other] = await two(visit);
    await one.getByLabel("Add a column").fill("Later");
    await one.getByLabel("Add a column").press("Enter");
    await board(other).column("Later").waitFor();
    await board(other).choose("Column Later", "Rename");
    await fill(other.getByLabel("Column title"), "Some day");
    await other.getByLabel("Column title").press("Enter");
    await board(one).column("Some day").waitFor();
    await board(one).add("Some day", "learn to juggle");
    await titles(other, "Some day", ["learn to juggle"]);
    await board(other).choose("Column Some day", "Delete");
    await other.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
    await count(board(one).column("Some day"), 0);
  });

  test("who is here: two, and one when the other has left", async ({ visit }) => {
    const path = fresh();
    const [one, other] = [await visit({ url }), await visit({ url })];
    const mine = board(await one.open(path));
    await count(mine.people, 1);
    await expect.poll(() => mine.people.first().getAttribute("aria-label")).toContain("(you)");
    const theirs = board(await other.open(path));
    await count(mine.people, 2);
    await count(theirs.people, 2);
    await other.context.close();
    await count(mine.people, 1);
    await expect.poll(() => mine.people.first().getAttribute("aria-label")).toContain("(you)");
  });

  test("who is here: two tabs of one visitor are one person, until the last one has gone", async ({ visit }) => {
    const path = fresh();
    const [one, other] = [await visit({ url }), await visit({ url })];
    const mine = board(await one.open(path));
    const tab = await other.open(path);
    await other.open(path);
    await count(mine.people, 2);
    await tab.close();
    // A third visitor comes and goes: by then the closed tab counts as gone too.
    const third = await visit({ url });
    await third.open(path);
    await count(mine.people, 3);
    await third.context.close();
    await count(mine.people, 2);
    await other.context.close();
    await count(mine.people, 1);
  });

  test("two see each other's cursors with their names; one that leaves the board, or closes, is gone", async ({ visit }) => {
    const path = fresh();
    const [one, other] = [await visit({ url }), await visit({ url })];
    const [mine, theirs] = [await one.open(path), await other.open(path)];
    await count(board(mine).people, 2);
    const nameOf = async (page: Page) => {
      const labels = await board(page).people.evaluateAll((items) => items.map((item) => item.getAttribute("aria-label") ?? ""));
      return labels.find((label) => label.includes("(you)"))?.replace(/ \(you\).*/, "") ?? "";
    };
    const names = [await nameOf(mine), await nameOf(theirs)];
    const over = async (page: Page, column: string) => {
      const box = (await board(page).column(column).boundingBox())!;
      await page.mouse.move(box.x + 40, box.y + 60, { steps: 3 });
      return box.x + 40;
    };
    await over(mine, "To do");
    await shows(board(theirs).cursors, [names[0]!]);
    const at = await over(mine, "Doing");
    await expect.poll(async () => Math.round((await board(theirs).cursors.first().boundingBox())!.x - at)).toBe(0);
    await count(board(mine).cursors, 0);
    await over(theirs, "Done");
    await shows(board(mine).cursors, [names[1]!]);

    await mine.mouse.move(1, 1);
    await count(board(theirs).cursors, 0);
    await count(board(theirs).people, 2);
    await other.context.close();
    await count(board(mine).cursors, 0);
    await count(board(mine).people, 1);
  });

  test("a card is dragged within its column and to another", async ({ visit }) => {
    const [one, other] = await two(visit);
    for (const title of ["a", "b", "c"]) {
      await board(one).add("To do", title);
      await board(one).card(title).waitFor();
    }
    await drag(one, "a", "c");
    await titles(other, "To do", ["b", "c", "a"]);
    await titles(one, "To do", ["b", "c", "a"]);
    await dragTo(one, "c", "Done");
    await titles(other, "Done", ["c"]);
    await titles(other, "To do", ["b", "a"]);
    await drag(one, "b", "c");
    await expect.poll(() => board(other).cards("Done").count()).toBe(2);
    await titles(one, "To do", ["a"]);
  });

  test("a card is moved by the keyboard alone", async ({ visit }) => {
    const [one, other] = await two(visit);
    for (const title of ["a", "b"]) {
      await board(one).add("To do", title);
      await board(one).card(title).waitFor();
    }
    const held = one.locator("[data-held]");
    await lift(one, "a");
    await press(one, "ArrowDown", one.getByText("a is at place 2 of 2 in To do."));
    await one.keyboard.press("Space");
    await titles(other, "To do", ["b", "a"]);
    await count(held, 0);

    await lift(one, "b");
    await press(one, "ArrowRight", board(one).cards("Doing").first());
    await one.keyboard.press("Space");
    await titles(other, "Doing", ["b"]);
    await count(held, 0);

    await lift(one, "a");
    await press(one, "ArrowRight", board(one).cards("Doing").nth(1));
    await one.keyboard.press("Escape");
    await count(held, 0);
    await titles(one, "To do", ["a"]);
    await titles(other, "To do", ["a"]);
  });

  test("what another changes appears while a card is held, and the card lands where it was let go", async ({ visit }) => {
    const [one, other] = await two(visit);
    await board(one).add("To do", "a");
    await board(one).card("a").waitFor();
    await grab(one, "a");
    const done = (await board(one).column("Done").boundingBox())!;
    await one.mouse.move(done.x + done.width / 2, done.y + 80, { steps: 8 });
    await board(other).add("Doing", "b");
    await titles(one, "Doing", ["b"]);
    await one.mouse.up();
    await titles(other, "Done", ["a"]);
    await titles(one, "Done", ["a"]);
  });

  test("two boards have nothing in common", async ({ visit }) => {
    const visitor = await visit({ url });
    const [one, other] = [await visitor.open(fresh()), await visitor.open(fresh())];
    await board(one).add("To do", "a");
    await board(other).add("To do", "b");
    await titles(one, "To do", ["a"]);
    await titles(other, "To do", ["b"]);
  });

  test("a new board has a link of its own", async ({ visit }) => {
    const page = await (await visit({ url })).open(fresh());
    const before = page.url();
    await board(page).add("To do", "a");
    await titles(page, "To do", ["a"]);
    await page.getByRole("button", { name: "New board" }).click();
    await page.getByText("0 cards in 3 columns").waitFor();
    expect(page.url()).not.toBe(before);
    await page.goBack();
    await titles(page, "To do", ["a"]);
  });
});

/** Picks a card up by the keyboard: it is told when that is done. */
async function lift(page: Page, title: string): Promise<void> {
  await board(page).card(title).focus();
  await page.keyboard.press("Space");
  await page.getByText(`${title} is at place`).waitFor({ state: "attached" });
}

/** Presses an arrow until it shows: a key that comes before the places of cards were measured moves nothing. */
async function press(page: Page, key: string, shows: Locator): Promise<void> {
  for (let tries = 1; ; tries++) {
    await page.keyboard.press(key);
    try {
      return await shows.waitFor({ state: "attached", timeout: 3000 });
    } catch (error) {
      if (tries === 10) throw error;
    }
  }
}

async function grab(page: Page, title: string): Promise<void> {
  await board(page).card(title).hover();
  await page.mouse.down();
  const box = (await board(page).card(title).boundingBox())!;
  await page.mouse.move(box.x + box.width / 2 + 10, box.y + box.height / 2 + 10, { steps: 4 });
  await page.locator("[data-held]").waitFor();
}

/** Drags a card to the middle of another. */
async function drag(page: Page, title: string, onto: string): Promise<void> {
  const to = (await board(page).card(onto).boundingBox())!;
  await grab(page, title);
  await page.mouse.move(to.x + to.width / 2, to.y + to.height / 2, { steps: 12 });
  await page.mouse.move(to.x + to.width / 2, to.y + to.height / 2 + 4, { steps: 2 });
  await page.mouse.up();
  await count(page.locator("[data-held]"), 0);
}

async function dragTo(page: Page, title: string, column: string): Promise<void> {
  const to = (await board(page).column(column).boundingBox())!;
  await grab(page, title);
  await page.mouse.move(to.x + to.width / 2, to.y + 80, { steps: 12 });
  await board(page).cards(column).first().waitFor();
  await page.mouse.up();
  await count(page.locator("[data-held]"), 0);
}
