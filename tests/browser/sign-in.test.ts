import type { Page } from "playwright";
import { expect, inject } from "vitest";
import { board, connection, count, shows } from "./kit/demo.js";
import { hydrated } from "./kit/hydrated.js";
import { openLine } from "./kit/line.js";
import { test, type Visitor } from "./kit/visitor.js";

const PASSWORDS = { ann: "correct horse", bob: "battery staple" };
const NAMES = { ann: "Ann", bob: "Bob" };
type User = keyof typeof PASSWORDS;

let texts = 0;
/** A text that nobody has written before. */
const fresh = (what: string) => `${what}-${Date.now().toString(36)}-${++texts}`;

/** What somebody finds on the pages of the sign-in and the account. */
const account = (page: Page) => ({
  signedInAs: (user: User) => page.getByText(`Signed in as ${NAMES[user]}`),
  heading: (name: "Sign in" | "Account") => page.getByRole("heading", { name, exact: true }),
  note: page.getByLabel("Your note"),
  notice: page.getByRole("region", { name: "Notice" }),
  takeDown: page.getByRole("button", { name: "Take it down" }),
  signOut: page.getByRole("button", { name: "Sign out" }),
  draft: page.getByLabel("The next notice"),
  publish: page.getByRole("button", { name: "Publish" }),
  signIns: page.getByRole("list", { name: "The last sign-ins" }).getByRole("listitem"),
  async enter(name: string, password: string) {
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
  },
});

/** Opens a page that needs a user, and signs in where its guard leads. */
async function enter(visitor: Visitor, user: User): Promise<Page> {
  const page = await visitor.open("/account");
  await account(page).enter(user, PASSWORDS[user]);
  await account(page).heading("Account").waitFor();
  await account(page).signedInAs(user).waitFor();
  return page;
}

const valueIs = (page: Page, text: string) => expect.poll(() => account(page).note.inputValue()).toBe(text);
const path = (page: Page) => page.evaluate(() => location.pathname + location.search);

test("who is not signed in is led to the sign-in by the guard, and back afterwards; a reload keeps it", async ({ visit }) => {
  const page = await (await visit()).open("/account");
  expect(await path(page)).toBe("/sign-in?next=/account");
  await account(page).enter("bob", PASSWORDS.bob);
  await account(page).heading("Account").waitFor();
  expect(await path(page)).toBe("/account");
  await page.reload();
  await account(page).signedInAs("bob").waitFor();
  // In the page that the navigation shows, too.
  await page.getByRole("link", { name: "About" }).click();
  await page.getByRole("link", { name: "Sign in", exact: true }).click();
  await account(page).note.waitFor();
  expect(await path(page)).toBe("/account");
});

test("what a user changes on one device shows on another, as it is typed", async ({ visit }) => {
  const [phone, laptop] = [await enter(await visit(), "bob"), await enter(await visit(), "bob")];
  const [first, second] = [fresh("milk"), fresh("bread")];
  await account(phone).note.fill(first);
  await valueIs(laptop, first);
  await account(laptop).note.fill(second);
  await valueIs(phone, second);
  const ann = await enter(await visit(), "ann");
  expect(await account(ann).note.inputValue()).not.toContain(second);
});

test("an event that only admins may call is refused to others with a message beside its button", async ({ visit }) => {
  const [ann, bob] = [await enter(await visit(), "ann"), await enter(await visit(), "bob")];
  const notice = fresh("tea at four");
  await account(ann).draft.fill(notice);
  await account(ann).publish.click();
  await account(bob).notice.getByText(notice).waitFor();
  await account(bob).takeDown.click();
  await account(bob).notice.getByText("Only admins may change the notice.").waitFor();
  expect(await account(ann).notice.textContent()).toContain(notice);
  await account(ann).takeDown.click();
  await account(bob).notice.getByText("There is none.").waitFor();
});

test("nothing of a field that only admins see reaches another's browser: not in HTML, scripts, answers or streams", async ({ visit }) => {
  /** All bytes that the browser of a user receives. */
  const listen = async () => {
    const line = await openLine(inject("demo").url);
    const received: Buffer[] = [];
    line.onBytes = (bytes) => received.push(bytes);
    return { visitor: await visit({ url: line.url }), received: () => Buffer.concat(received) };
  };
  const [admin, other] = [await listen(), await listen()];
  const [ann, bob] = [await enter(admin.visitor, "ann"), await enter(other.visitor, "bob")];
  const [draft, note] = [fresh("hush"), fresh("heard")];
  await account(ann).draft.fill(draft);
  await expect.poll(() => admin.received().includes(draft)).toBe(true);
  // Whatever bob does meanwhile: a new page, a reload, a call that is refused and one that is not, and a stream that comes back.
  await account(bob).takeDown.click();
  await account(bob).notice.getByText("Only admins").waitFor();
  await bob.reload();
  await hydrated(bob);
  await account(bob).note.fill(note);
  other.visitor.expects(/ERR_INTERNET_DISCONNECTED/);
  await bob.context().setOffline(true);
  await connection(bob).offline.waitFor();
  await bob.context().setOffline(false);
  await connection(bob).live.waitFor();
  await (await other.visitor.open("/account")).getByText(note).waitFor();
  const before = other.received().toString();
  expect(before).not.toContain(draft);
  await account(ann).publish.click();
  await account(bob).notice.getByText(draft).waitFor();
  for (const hidden of ["signIns", "nextNotice"]) {
    expect(admin.received().includes(hidden), `the scan finds \`${hidden}\` where it is`).toBe(true);
    expect(other.received().includes(hidden), hidden).toBe(false);
  }
  expect(before).toContain(note);
  await account(ann).takeDown.click();
});

test("only admins see who has signed in, live", async ({ visit }) => {
  const ann = await enter(await visit(), "ann");
  await expect.poll(() => account(ann).signIns.first().textContent()).toMatch(/^Ann, on a computer/);
  const bob = await enter(await visit(), "bob");
  await expect.poll(() => account(ann).signIns.first().textContent()).toMatch(/^Bob, on a computer/);
  await count(account(bob).signIns, 0);
});

test("a wrong password is refused beside the form, which keeps the name", async ({ visit }) => {
  const page = await (await visit()).open("/sign-in");
  await account(page).enter("bob", "wrong");
  await page.getByText("The name or the password is wrong.").waitFor();
  expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("bob");
  await account(page).enter("bob", PASSWORDS.bob);
  await account(page).signedInAs("bob").waitFor();
});

test("without JavaScript a wrong password is refused in the form, the right one leads on, and the account is shown", async ({ visit }) => {
  const { context } = await visit({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto("/account");
  await account(page).enter("bob", "wrong");
  await page.getByText("The name or the password is wrong.").waitFor();
  expect(new URL(page.url()).pathname).toBe("/sign-in");
  await account(page).enter("bob", PASSWORDS.bob);
  await account(page).heading("Account").waitFor();
  await account(page).signedInAs("bob").waitFor();
  await account(page).signOut.click();
  await account(page).heading("Sign in").waitFor();
  await count(account(page).signedInAs("bob"), 0);
});

test("who tries passwords has to wait after five", async ({ visit }) => {
  const page = await (await visit()).open("/sign-in");
  const name = fresh("eve");
  for (let n = 0; n < 5; n++) {
    await account(page).enter(name, `guess ${n}`);
    await page.getByText("The name or the password is wrong.").waitFor();
    await expect.poll(() => page.getByLabel("Password").inputValue()).toBe("");
  }
  await account(page).enter(name, "guess 6");
  await page.getByText("Too many attempts. Try again in a minute.").waitFor();
});

test("an address of another site is no page to return to", async ({ visit }) => {
  const page = await (await visit()).open("/sign-in?next=https://elsewhere.example/");
  await account(page).enter("bob", PASSWORDS.bob);
  await account(page).heading("Account").waitFor();
});

test("signing in gives the browser another session cookie, and copies of the old one are worth nothing", async ({ visit }) => {
  const visitor = await visit();
  const cookie = async () => (await visitor.context.cookies()).find(({ name }) => name === "twin_session")?.value;
  await visitor.open("/sign-in");
  const old = await cookie();
  await enter(visitor, "bob");
  expect(await cookie()).not.toBe(old);
  const answer = await fetch(`${inject("demo").url}/api/twin/profile.setNote`, {
    method: "POST",
    headers: { cookie: `twin_session=${old}`, "content-type": "application/json" },
    body: JSON.stringify({ args: ["stolen"] }),
  });
  expect(answer.ok).toBe(false);
});

test("signing in and out show in all tabs of the browser, without a reload", async ({ visit }) => {
  const visitor = await visit();
  const polls = await visitor.open("/poll");
  await polls.getByLabel("Your name").waitFor();
  const page = await enter(visitor, "bob");
  await polls.getByText("You are Bob").waitFor();
  const other = await visitor.open("/account");
  await other.evaluate(() => Object.assign(window, { same: true }));
  const note = fresh("mine");
  await account(page).note.fill(note);
  await valueIs(other, note);
  visitor.expects(/FORBIDDEN|may not use `profile`/);
  await account(page).signOut.click();
  for (const tab of [page, other]) {
    await account(tab).heading("Sign in").waitFor();
    await tab.getByLabel("Password").waitFor();
    expect(await tab.getByText(note).count()).toBe(0);
  }
  await polls.getByLabel("Your name").waitFor();
  expect(await other.evaluate(() => (window as { same?: boolean }).same)).toBe(true);
});

test("a user has their name on the board, in chats and in polls", async ({ visit }) => {
  const visitor = await visit();
  await enter(visitor, "ann");
  const key = fresh("names");
  const cards = await visitor.open(`/board/${key}`);
  await shows(board(cards).people, ["A"]);
  expect(await board(cards).people.first().getAttribute("aria-label")).toMatch(/^Ann \(you\)/);
  await board(cards).add("To do", "paint");
  await cards.getByRole("img", { name: "Added by Ann" }).waitFor();
  const chat = await visitor.open(`/chat/${key}`);
  await chat.getByLabel("Ask the model").fill("Say 3 words");
  await chat.getByLabel("Ask the model").press("Enter");
  await chat.getByRole("listitem").filter({ hasText: "Say 3 words" }).getByText("Ann").waitFor();
  await (await visitor.open("/poll")).getByText("You are Ann").waitFor();
});
