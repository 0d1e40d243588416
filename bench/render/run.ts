import { writeFileSync } from "node:fs";
import { build } from "esbuild";
import { type Browser, chromium, type Page } from "playwright";
import { launchOptions, missing } from "../../tests/browser/kit/chromium.ts";
import { type Child, launch } from "../live/child.ts";
import { printProfiles } from "../live/profile.ts";
import { pageOf } from "../live/run.ts";
import { note, type Rounds, ratioOf, type Section } from "../live/section.ts";
import { table } from "../report.ts";
import { verdict } from "../table/goals.ts";
import { median } from "../table/run.ts";
import type { Seen } from "./pages/watch.ts";
import { kinds as allKinds, type Kind, MANY, ROWS } from "./rows.ts";

export interface RenderOptions {
  readonly rounds: number;
  /** What goals are set for alone. */
  readonly short: boolean;
  /** Prints where the pages' time goes. */
  readonly profile: boolean;
  log(line: string): void;
}

const root = `${import.meta.dirname}/../..`;
const scripts = `${root}/bench/node_modules/.cache/render`;
const PEERS = ["twinstate", "zustand", "mobx"];
const NAMES: Record<string, string> = { twinstate: "twinstate, `<For>`", zustand: "zustand, memo rows", mobx: "MobX, observer rows" };
const WHAT: Record<Kind, string> = {
  change: "change every tenth of 1,000",
  swap: "swap two of 1,000",
  remove: "remove one of 1,000",
  append: "append 1,000 to 1,000",
  clear: "clear 1,000",
  one: "change one of 10,000",
};
/** What goals are set for. */
const JUDGED: readonly Kind[] = ["change", "swap", "remove", "append", "clear"];
const WARMUP = 3;
/** Of so many in a row a round counts the quickest: the one that the machine's other work has disturbed least. */
const TRIES = 3;
/** Frames come when there is something to paint, so that no figure is that of waiting for the next one. */
const ARGS = ["--disable-frame-rate-limit", "--disable-gpu-vsync", "--js-flags=--expose-gc"];

/** Workload R: from a server's commit to the painted frame. */
export async function runRender({ rounds, short, profile, log }: RenderOptions): Promise<Section[]> {
  if (missing) {
    log(`Workload R is left out: it ${missing}.`);
    return [];
  }
  await Promise.all(PEERS.map(bundle));
  const server = await launch("../render/server", { args: [scripts] });
  const browser = await chromium.launch({ ...launchOptions, args: [...launchOptions.args, ...ARGS] });
  try {
    const port = await server.ask<number>("port");
    const pages = new Map<string, Page>();
    for (const peer of PEERS) pages.set(peer, await open(browser, `http://127.0.0.1:${port}/${peer}`));
    return [await measure(server, pages, browser.version(), { rounds, short, profile, log })];
  } finally {
    await browser.close();
    await server.stop();
  }
}

/** What the figures do not say themselves. */
const NOTES = `The peers' pages differ in what comes before the document changes: 0.3 to 0.5 ms, of which 0.1 ms is the commit on the server, and the rest the stream, the delta and the views; in the table, 3 of 10 ms at the quickest. The frame itself takes the same for all, and longest where elements are made or moved (\`append\`, \`swap\`): there a busy machine makes one round of a peer a multiple of the next, as the rounds below show; in those that were not disturbed all peers are within a tenth.

One of 10,000 rows: React goes over all siblings of a row that renders, also where rows are observers; besides, \`<For>\` compares 10,000 rows with those that it had, and the function that renders them, which is another one each time without the React Compiler, is called for each.`;

export const renderPage = (sections: readonly Section[]): string => pageOf("R", ["react", "zustand", "mobx", "mobx-react-lite"], NOTES, sections);

async function measure(server: Child, pages: ReadonlyMap<string, Page>, version: string, { rounds, short, profile, log }: RenderOptions): Promise<Section> {
  const took = Object.fromEntries(allKinds.map((kind) => [kind, new Map() as Rounds])) as Record<Kind, Rounds>;
  const shown = Object.fromEntries(allKinds.map((kind) => [kind, new Map() as Rounds])) as Record<Kind, Rounds>;
  const kinds = short ? JUDGED : allKinds;
  const stops = new Map<string, (name: string) => Promise<void>>();
  for (let round = 0; round < WARMUP + rounds; round++) {
    if (profile && round === WARMUP) for (const [peer, page] of pages) stops.set(peer, await startProfile(page));
    // One op of all peers after the other, as the machine's load may change within a round.
    for (const kind of kinds) {
      for (const peer of PEERS.map((_, i) => PEERS[(round + i) % PEERS.length] as string)) {
        const page = pages.get(peer) as Page;
        await page.bringToFront();
        const tries: Seen[] = [];
        for (let i = 0; i < (round < WARMUP ? 1 : TRIES); i++) {
          await fill(server, page, peer, kind === "one" ? MANY : ROWS);
          tries.push(await once(server, page, peer, kind));
        }
        if (round < WARMUP) continue;
        const { changed, painted } = tries.reduce((best, one) => (one.painted < best.painted ? one : best));
        note(shown[kind], peer, changed);
        note(took[kind], peer, painted);
      }
      if (round >= WARMUP)
        log(`R, round ${round - WARMUP + 1}, ${kind}: ${PEERS.map((peer) => `${peer} ${ms(took[kind].get(peer)?.at(-1) as number)}`).join("  ")}`);
    }
  }
  for (const [peer, stop] of stops) await stop(`render-${peer}`);
  if (profile) await printProfiles(log, scripts);
  const of = (figures: Rounds, peer: string) => figures.get(peer) ?? [];
  return {
    title: "From commit to frame",
    text: `A page of each peer in Chromium ${version}, with a list of rows of four cells each; production builds. Milliseconds from the end of the change on the server until the frame is painted that shows it (a message that is posted in the frame's \`requestAnimationFrame\`), on one clock; in brackets until the document has changed. In each round each op is done three times, and the quickest counts, as the machine has other work. Chromium paints as soon as it can, so that no figure holds the wait for a display's next frame. The peers get over server-sent events, through the same HTTP server, what one would write by hand: new rows, new titles by id, two indices. After each op the page is compared with the server.`,
    tables: [
      table(
        ["ms", ...PEERS.map((peer) => NAMES[peer] as string)],
        kinds.map((kind) => [WHAT[kind], ...PEERS.map((peer) => `${ms(median(of(took[kind], peer)))} (${ms(median(of(shown[kind], peer)))})`)]),
      ),
    ],
    rounds: kinds.flatMap((kind) =>
      PEERS.map((peer) => {
        const changed = of(shown[kind], peer);
        return `${peer}, ${kind}: ${of(took[kind], peer)
          .map((painted, i) => `${ms(painted)}/${ms(changed[i] as number)}`)
          .join(" ")}`;
      }),
    ),
    verdicts: JUDGED.map((kind) => {
      const ratios = ["zustand", "mobx"].map((peer) => ratioOf(took[kind], "twinstate", peer, median));
      return verdict(`painted, ${WHAT[kind]}, to the better peer`, Math.max(...ratios), 1.1);
    }),
  };
}

const ms = (value: number) => value.toFixed(1);

/** A page in a context of its own, and so in a process of its own. */
async function open(browser: Browser, url: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  page.on("pageerror", (error) => console.error(error));
  page.on("console", (message) => message.type() === "error" && console.error(message.text()));
  await page.goto(url);
  await page.waitForFunction(() => document.querySelector("ul") !== null);
  return page;
}

async function fill(server: Child, page: Page, peer: string, count: number): Promise<void> {
  await server.ask("fill", { peer, count });
  await page.waitForFunction((rows) => document.getElementsByTagName("li").length === rows, count, { polling: 20 });
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        (window as unknown as { gc(): void }).gc();
        requestIdleCallback(() => resolve());
      }),
  );
}

/** What is returned writes a CPU profile of the time between. */
async function startProfile(page: Page): Promise<(name: string) => Promise<void>> {
  const session = await page.context().newCDPSession(page);
  await session.send("Profiler.enable");
  await session.send("Profiler.start");
  return async (name) => {
    const { profile } = await session.send("Profiler.stop");
    writeFileSync(`${scripts}/${name}.cpuprofile`, JSON.stringify(profile));
    await session.detach();
  };
}

/** How long an op took, in ms, until the document had changed and until that was painted. */
async function once(server: Child, page: Page, peer: string, kind: Kind): Promise<Seen> {
  await page.evaluate((wanted) => (window as unknown as { expectOp(kind: Kind): void }).expectOp(wanted), kind);
  const committed = await server.ask<number>("run", { peer, kind });
  const { changed, painted } = await page.evaluate(() => (window as unknown as { seenOp(): Promise<Seen> }).seenOp());
  const [there, here] = [await server.ask<string[]>("titles", peer), await page.evaluate(() => (window as unknown as { titles(): string[] }).titles())];
  if (JSON.stringify(there) !== JSON.stringify(here)) throw new Error(`After ${kind} the page of ${peer} does not show what the server has.`);
  return { changed: changed - committed, painted: painted - committed };
}

/** A production build of a peer's page. */
async function bundle(peer: string): Promise<void> {
  await build({
    entryPoints: [`${import.meta.dirname}/pages/${peer}.tsx`],
    outfile: `${scripts}/${peer}.js`,
    bundle: true,
    minifySyntax: true,
    minifyWhitespace: true,
    format: "iife",
    platform: "browser",
    target: "es2022",
    jsx: "automatic",
    // As mobx-react-lite has it: the peers of workload T have a copy of their own.
    alias: { mobx: `${root}/node_modules/mobx` },
    define: { "process.env.NODE_ENV": '"production"' },
    tsconfig: `${import.meta.dirname}/../tsconfig.json`,
    logLevel: "error",
  });
}
