import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import type { BrowserContext, Page } from "playwright";
import { afterAll, beforeAll, expect, inject } from "vitest";
import { type FakeModel, startFakeModel } from "../../demo-next/model/fake-model.js";
import { connection, count } from "./kit/demo.js";
import { hydrated } from "./kit/hydrated.js";
import { openLine } from "./kit/line.js";
import { type DemoServer, startServer } from "./kit/server.js";
import { test } from "./kit/visitor.js";

/** What browsers themselves write when a line is cut. */
const UNREACHABLE = /Failed to load resource|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION|ERR_EMPTY_RESPONSE/;

/** What the model server has sent is known here. */
let model: FakeModel;
let server: DemoServer;

beforeAll(async () => {
  model = await startFakeModel();
  server = await startServer({ cwd: inject("demo").folder, env: { MODEL_URL: model.url } });
});
afterAll(async () => {
  await server?.kill();
  await model?.close();
});

const newChat = () => `/chat/${randomUUID()}`;
const countTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1).join(" ");

/** What a user finds in a chat. */
const chat = (page: Page) => {
  const messages = page.getByRole("list", { name: "Messages" }).locator("> li");
  const text = async () => (await messages.last().locator("p[dir]").allTextContents()).join("");
  const words = async () => (await text()).split(" ").filter(Boolean).length;
  const button = (name: string) => page.getByRole("button", { name, exact: true });
  return {
    messages,
    text,
    words,
    stop: button("Stop"),
    send: button("Send"),
    goOn: button("Go on"),
    again: button("Try again"),
    people: page.getByRole("list", { name: "Who is here" }).getByRole("listitem"),
    reaction: (name: string) => messages.last().getByRole("button", { name }),
    /** A call of a tool. */
    call: (name: string) => page.getByRole("group", { name }).last(),
    /** As soon as the model listens: what is entered before stays in the field. */
    async ask(prompt: string) {
      const field = page.getByLabel("Ask the model");
      await field.fill(prompt);
      const enter = async () => {
        await field.press("Enter");
        return field.inputValue();
      };
      await expect.poll(enter).toBe("");
    },
    /** Until the answer has so many words. */
    reaches: (least: number) => expect.poll(words, { interval: 10 }).toBeGreaterThanOrEqual(least),
    shows: (expected: string) => expect.poll(text, { interval: 20 }).toBe(expected),
    says: (status: string) => messages.last().getByText(status, { exact: true }).waitFor(),
  };
};

/** Records in each page that opens from now on where the text of the last message was not the beginning of what it became. */
const recordLosses = (context: BrowserContext) =>
  context.addInitScript(() => {
    const losses: string[] = [];
    Object.assign(window, { losses });
    let before = "";
    const look = () => {
      const message = document.querySelector("main [aria-label=Messages] > li:last-child:nth-child(even)");
      const text = [...(message?.querySelectorAll("p[dir]") ?? [])].map(({ textContent }) => textContent).join("");
      if (!text.startsWith(before)) losses.push(`${before.slice(-40)} became ${text.slice(-40)}`);
      before = text;
    };
    document.addEventListener("DOMContentLoaded", () => new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true }));
  });
const losses = (page: Page) => page.evaluate(() => (window as unknown as { losses: string[] }).losses);

test("an answer grows word by word at everybody, who may react to it; it is told when it is ready, and can be saved", async ({ visit }) => {
  const path = newChat();
  // The demo starts a model server of its own where the environment names none.
  const ann = await (await visit()).open(path);
  const bob = await (await visit()).open(path);
  const told = ann.getByText("The answer is ready.").waitFor();
  await chat(ann).ask("Say 150 words every 4 ms");
  await chat(bob).reaches(20);
  await told;
  await count(bob.getByText("The answer is ready."), 0);
  await count(chat(bob).stop, 0);
  expect([await chat(ann).words(), await chat(bob).words()]).toEqual([150, 150]);

  let pass = () => {};
  const passed = new Promise<void>((resolve) => {
    pass = resolve;
  });
  await bob.route("**/api/twin/chat.*", async (route) => {
    await passed;
    await route.continue();
  });
  await chat(bob).reaction("heart, 0").click();
  await chat(bob).reaction("heart, 1").waitFor();
  expect(await chat(ann).reaction("heart, 0").count(), "shown before the server has it").toBe(1);
  pass();
  await bob.unrouteAll({ behavior: "wait" });
  await chat(ann).reaction("heart, 1").waitFor();

  const download = bob.waitForEvent("download");
  await bob.getByRole("button", { name: "Save" }).click();
  expect((await download).suggestedFilename()).toBe("chat.txt");
  expect(readFileSync(await (await download).path(), "utf8")).toMatch(/^[^:\n]+: Say 150 words every 4 ms\n\nModel: This model is made up.*$/);
});

test("2,000 tokens come to two tabs and a second device, through a reload and a kill of the server: none is lost or doubled, and what was shown stays", async ({
  visit,
}) => {
  const path = newChat();
  const [ann, bob] = [await visit({ url: server.url }), await visit({ url: server.url })];
  for (const visitor of [ann, bob]) {
    visitor.expects(UNREACHABLE);
    await recordLosses(visitor.context);
  }
  const [tab, other, device] = [await ann.open(path), await ann.open(path), await bob.open(path)];
  const pages = [tab, other, device];
  const begun = model.answers.length;
  await chat(tab).ask("Count to 2000 every 4 ms");
  await chat(other).reaches(200);
  await other.reload();
  expect(await chat(other).words(), "the HTML has what came so far").toBeGreaterThanOrEqual(200);
  await hydrated(other);
  for (const page of pages) await chat(page).reaches(700);

  await server.kill();
  for (const page of pages) await connection(page).broken.waitFor();
  const shown = await Promise.all(pages.map((page) => chat(page).text()));
  await server.start();
  for (const page of pages) await chat(page).says("Cut off");
  const kept = await chat(tab).text();
  for (const text of shown) expect(kept.startsWith(text), "what was shown is durable").toBe(true);
  const first = model.answers[begun]?.sent.join("") ?? "";
  expect(first.startsWith(kept), "what is kept was sent").toBe(true);
  expect((await model.answers[begun]?.ended)?.whole).toBe(false);

  await chat(device).goOn.click();
  for (const page of pages) await chat(page).shows(countTo(2000));
  expect(kept + model.answers[begun + 1]?.sent.join("")).toBe(countTo(2000));
  for (const page of pages) expect(await losses(page)).toEqual([]);
  await other.reload();
  expect(await chat(other).text()).toBe(countTo(2000));
});

test("Stop on a second device ends the request to the model, also after a reload, and the text so far is the same on both", async ({ visit }) => {
  const path = newChat();
  const ann = await (await visit({ url: server.url })).open(path);
  const bob = await (await visit({ url: server.url })).open(path);
  await chat(ann).ask("Count to 5000 every 10 ms");
  await chat(bob).reaches(30);
  await bob.reload();
  await hydrated(bob);
  await chat(bob).stop.click();
  expect((await model.answers.at(-1)?.ended)?.whole).toBe(false);
  for (const page of [ann, bob]) await chat(page).says("Stopped");
  const text = await chat(ann).text();
  expect(await chat(bob).text()).toBe(text);
  expect(model.answers.at(-1)?.sent.join("").startsWith(text)).toBe(true);
  await chat(ann).send.waitFor();
  await ann.reload();
  await hydrated(ann);
  expect(await chat(ann).text()).toBe(text);
  await chat(ann).again.waitFor();
});

test("a tool that the model would call waits for anybody in the room, also over a kill of the server", async ({ visit }) => {
  const path = newChat();
  const [ann, bob] = [await visit({ url: server.url }), await visit({ url: server.url })];
  for (const visitor of [ann, bob]) visitor.expects(UNREACHABLE);
  const [one, other] = [await ann.open(path), await bob.open(path)];
  await chat(one).ask("Roll 2 dice and name this chat Launch, at once");
  await chat(other).call("Roll dice: Waits for approval").getByRole("button", { name: "Refuse" }).click();
  await chat(one).call("Roll dice: Refused").waitFor();
  await chat(one).call("Name this chat: Waits for approval").getByRole("button", { name: "Approve" }).click();
  for (const page of [one, other]) {
    await page.getByRole("heading", { name: "Launch" }).waitFor();
    await chat(page).call("Name this chat: Done").getByText("The chat is now called Launch.").waitFor();
    await chat(page).shows("Shall I do this?Done. The people in the chat have refused this call. The chat is now called Launch.");
  }

  await chat(one).ask("Roll dice at once");
  await chat(other).call("Roll dice: Waits for approval").waitFor();
  await server.kill();
  await connection(other).broken.waitFor();
  await server.start();
  await connection(other).live.waitFor();
  await chat(other).call("Roll dice: Waits for approval").getByRole("button", { name: "Approve" }).click();
  await chat(one).call("Roll dice: Done").waitFor();
  await expect.poll(() => chat(one).text()).toMatch(/^Shall I do this\?Done\. The dice show [1-6]\.$/);
});

test("who is here, and who types", async ({ visit }) => {
  const path = newChat();
  const ann = await (await visit({ url: server.url })).open(path);
  const second = await visit({ url: server.url });
  const bob = await second.open(path);
  await count(chat(ann).people, 2);
  await bob.getByLabel("Ask the model").pressSequentially("Hel");
  await ann.getByText(/^\w+ \w+ is typing…$/).waitFor();
  await count(bob.getByText(/is typing/), 0);
  await bob.getByLabel("Ask the model").fill("");
  await count(ann.getByText(/is typing/), 0);
  await bob.getByLabel("Ask the model").fill("Count to 5000 every 10 ms");
  await ann.getByText(/is typing/).waitFor();
  await bob.getByLabel("Ask the model").press("Enter");
  await ann.getByText("The model is writing…", { exact: true }).waitFor();
  await chat(ann).stop.click();
  await count(ann.getByText("The model is writing…"), 0);
  await second.context.close();
  await count(chat(ann).people, 1);
});

test("what goes wrong with the model server is told in the chat, and an answer goes on from where it broke off", async ({ visit }) => {
  const page = await (await visit({ url: server.url })).open(newChat());
  await chat(page).ask("fail with 429");
  await chat(page).says("The model server has too many requests (429). Try again in 20 s.");
  await count(chat(page).goOn, 0);
  const asked = model.answers.length;
  await chat(page).again.click();
  await expect.poll(() => model.answers.length).toBe(asked + 1);
  await chat(page).ask("Count to 90 at once, break off after 20");
  await chat(page).says("The model server broke off its answer.");
  expect(countTo(90).startsWith(await chat(page).text())).toBe(true);
  await chat(page).goOn.click();
  await chat(page).shows(countTo(90));
  await count(chat(page).messages, 4);
});

/** Counts the frames of a page, and its tasks of more than 50 ms, for a while. */
const watchFrames = (page: Page, ms: number) =>
  page.evaluate(async (ms) => {
    const long: number[] = [];
    const tasks = new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration)));
    tasks.observe({ type: "longtask" });
    const begun = performance.now();
    let frames = 0;
    let now = begun;
    while (now < begun + ms) {
      now = await new Promise<number>((resolve) => requestAnimationFrame(resolve));
      frames++;
    }
    tasks.disconnect();
    return { frames, rate: (frames / (now - begun)) * 1000, long };
  }, ms);

const smooth = ({ rate, long }: Awaited<ReturnType<typeof watchFrames>>) => rate > 57 && long.length === 0;

// Other tests that run beside take the time that this one measures.
test.runIf(process.env.TEST_FULL)("a page of 200 messages keeps 60 frames a second while 100 words a second come", async ({ visit }) => {
  const path = newChat();
  const visitor = await visit();
  const page = await visitor.open(path);
  const data = { key: path.split("/").at(-1), args: ["Say 3 words at once"] };
  for (let i = 0; i < 99; i++) await visitor.context.request.post("/api/twin/chat.answer", { data, headers: { origin: inject("demo").url } });
  await count(chat(page).messages, 198);
  await chat(page).ask("Say 1500 words");
  await count(chat(page).messages, 200);
  await chat(page).reaches(100);
  const session = await visitor.context.newCDPSession(page);
  // The time that the page's thread has computed: others of this machine take none of it.
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const worked = async () => (await session.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0;
  const [began, before] = [performance.now(), await worked()];
  const windows = [await watchFrames(page, 2000)];
  const share = ((await worked()) - before) / ((performance.now() - began) / 1000);
  expect(share, "the share of its time that the page's thread works").toBeLessThan(2 / 3);
  while (windows.length < 3 && !smooth(windows.at(-1)!)) windows.push(await watchFrames(page, 2000));
  await chat(page).stop.waitFor();
  // A machine with more to do than it has processors shows nothing of its frames.
  if (!windows.some(smooth) && loadavg()[0]! > availableParallelism()) return console.warn("The machine is too busy to count frames:", windows);
  expect(windows.some(smooth), JSON.stringify(windows)).toBe(true);
});

/** How often the page has gone to another address by itself. */
const went = (page: Page) => page.evaluate(() => (window as unknown as { went: string[] }).went);

test.for([
  ["its answer is lost too", /polls\.create/],
  ["its answer comes", /never/],
] as const)("a redirect whose line is cut at the commit is followed, once, where %s", async ([, lost], { visit }) => {
  const line = await openLine(inject("demo").url);
  const visitor = await visit({ url: line.url });
  visitor.expects(UNREACHABLE);
  await visitor.context.addInitScript(() => {
    const went: string[] = [];
    Object.assign(window, { went });
    for (const name of ["pushState", "replaceState"] as const) {
      const go = history[name].bind(history);
      history[name] = (data, unused, url) => {
        if (new URL(url ?? "", location.href).href !== location.href) went.push(String(url));
        go(data, unused, url);
      };
    }
  });
  const page = await visitor.open("/poll");
  await page.getByLabel("Your name").fill("Ann");
  await page.getByLabel("Your name").press("Enter");
  await page.getByText("You are Ann").waitFor();
  await hydrated(page);
  await page.getByLabel("Question").fill("Where do we eat?");
  await page.getByLabel("Answers, one on each line").fill("noodles\npizza");
  let cuts = 0;
  line.onAnswer = (path) => {
    if (!path.includes("polls.create") || cuts++ > 0) return "pass";
    return lost.test(path) ? "cut all" : "cut others";
  };
  await page.getByRole("button", { name: "Ask" }).click();
  await page.getByRole("heading", { name: "Where do we eat?" }).waitFor();
  await page.getByRole("status").getByText("Live", { exact: true }).waitFor();
  // What would follow it a second time comes before the answer to a later event.
  await page.getByRole("radio").first().click();
  await expect.poll(() => page.getByRole("radio").allTextContents()).toEqual(["noodles1", "pizza0"]);
  expect(cuts).toBeGreaterThan(0);
  expect((await went(page)).map((url) => new URL(url, line.url).pathname)).toEqual([new URL(page.url()).pathname]);
});
