import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import type { Page } from "playwright";
import { expect, inject, onTestFinished } from "vitest";
import { connection, count } from "./kit/demo.js";
import { hydrated } from "./kit/hydrated.js";
import { openLine } from "./kit/line.js";
import { startServer } from "./kit/server.js";
import { test } from "./kit/visitor.js";

/** What browsers themselves write when a line is cut. */
const UNREACHABLE = /Failed to load resource|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION|ERR_EMPTY_RESPONSE/;

const newChat = () => `/chat/${randomUUID()}`;

/** What a user finds in a chat. */
const chat = (page: Page) => {
  const messages = page.getByRole("list", { name: "Messages" }).getByRole("listitem");
  const answer = messages.last().locator("p");
  const words = async () => ((await answer.textContent()) ?? "").split(" ").filter(Boolean).length;
  return {
    messages,
    answer,
    words,
    stop: page.getByRole("button", { name: "Stop" }),
    send: page.getByRole("button", { name: "Send" }),
    reaction: (name: string) => messages.last().getByRole("button", { name }),
    async ask(prompt: string) {
      await page.getByLabel("Ask the model").fill(prompt);
      await page.getByLabel("Ask the model").press("Enter");
    },
    /** Until the answer has so many words. */
    reaches: (least: number) => expect.poll(words, { interval: 10 }).toBeGreaterThanOrEqual(least),
  };
};

/** When an element with this text is first there, as a time of this machine. */
const appears = (page: Page, text: string) =>
  page.evaluate(
    (wanted) =>
      new Promise<number>((resolve) => {
        const look = () => {
          if (![...document.querySelectorAll("main li:last-child span")].some(({ textContent }) => textContent === wanted)) return;
          seen.disconnect();
          resolve(performance.timeOrigin + performance.now());
        };
        const seen = new MutationObserver(look);
        seen.observe(document.body, { subtree: true, childList: true, characterData: true });
        look();
      }),
    text,
  );

/** The answer of the model, as far as so many words. */
const said = (words: readonly string[], n: number) => Array.from({ length: n }, (_, i) => words[i % words.length]).join(" ");

test("an answer grows word by word at everybody, who may react to it; it is told when it is ready, and can be saved", async ({ visit }) => {
  const path = newChat();
  const ann = await (await visit()).open(path);
  const bob = await (await visit()).open(path);
  await chat(ann).ask("Say 150 words");
  await chat(bob).reaches(20);
  await chat(bob).stop.waitFor();
  await chat(ann).reaches(100);
  await ann.getByText("The answer is ready.").waitFor();
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
  expect(readFileSync(await (await download).path(), "utf8")).toMatch(/^[^:\n]+: Say 150 words\n\nModel: This model is made up.*$/);
});

test("Stop on a second device ends the answer within 200 ms, and the text so far is the same on both", async ({ visit }) => {
  const path = newChat();
  const ann = await (await visit()).open(path);
  const bob = await (await visit()).open(path);
  const took: number[] = [];
  // The fastest of three, as a busy machine is no fault.
  for (let i = 1; i <= 3; i++) {
    await chat(ann).ask("Say 2000 words");
    await count(chat(bob).messages, 2 * i);
    await chat(bob).reaches(30);
    const stopped = [appears(ann, "Stopped"), appears(bob, "Stopped")];
    const pressed = await bob.evaluate(
      () =>
        new Promise<number>((resolve) => {
          const button = [...document.querySelectorAll("button")].find(({ textContent }) => textContent?.includes("Stop"));
          resolve(performance.timeOrigin + performance.now());
          button?.click();
        }),
    );
    took.push(Math.max(...(await Promise.all(stopped))) - pressed);
    const text = await chat(ann).answer.textContent();
    expect(await chat(bob).answer.textContent()).toBe(text);
    await chat(ann).send.waitFor();
  }
  expect(Math.min(...took)).toBeLessThan(200);
  const texts = async (page: Page) => chat(page).messages.locator("p").allTextContents();
  const before = await texts(ann);
  await ann.reload();
  await hydrated(ann);
  expect(await texts(ann)).toEqual(before);
});

test("a page that is loaded in the middle of an answer goes on, and misses no word", async ({ visit }) => {
  const page = await (await visit()).open(newChat());
  await chat(page).ask("Say 100 words");
  await page.getByText("The answer is ready.").waitFor();
  const words = ((await chat(page).answer.textContent()) ?? "").split(" ");
  await chat(page).ask("Say 400 words");
  await count(chat(page).messages, 4);
  await chat(page).reaches(50);
  await page.reload();
  expect(await chat(page).words()).toBeGreaterThanOrEqual(50);
  await hydrated(page);
  await chat(page).stop.waitFor();
  await count(chat(page).stop, 0);
  const text = (await chat(page).answer.textContent()) ?? "";
  expect(text.split(" ")).toHaveLength(400);
  const sentence = words.slice(0, words.indexOf("are.") + 1);
  expect(text).toBe(said(sentence, 400));
});

test("an answer that a kill of the server cuts off is marked when it is back, and keeps what was shown", async ({ visit }) => {
  const server = await startServer({ cwd: inject("demo").folder });
  onTestFinished(() => server.kill());
  const visitor = await visit({ url: server.url });
  visitor.expects(UNREACHABLE);
  const page = await visitor.open(newChat());
  await chat(page).ask("Say 2000 words");
  await count(chat(page).messages, 2);
  await chat(page).reaches(50);
  await server.kill();
  await connection(page).broken.waitFor();
  const shown = (await chat(page).answer.textContent()) ?? "";
  await server.start();
  await page.getByText("Interrupted", { exact: true }).waitFor();
  const kept = (await chat(page).answer.textContent()) ?? "";
  expect(kept.startsWith(shown), "what was shown is durable").toBe(true);
  await chat(page).ask("Say 5 words");
  await count(chat(page).messages, 4);
  await expect.poll(chat(page).words).toBe(5);
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

test("a page of 200 messages keeps 60 frames a second while 100 words a second come", async ({ visit }) => {
  const path = newChat();
  const visitor = await visit();
  const page = await visitor.open(path);
  const data = { key: path.split("/").at(-1), args: ["Say 3 words"] };
  for (let i = 0; i < 99; i++) await visitor.context.request.post("/api/twin/chat.answer", { data, headers: { origin: inject("demo").url } });
  await count(chat(page).messages, 198);
  await chat(page).ask("Say 1500 words");
  await count(chat(page).messages, 200);
  await chat(page).reaches(300);
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
