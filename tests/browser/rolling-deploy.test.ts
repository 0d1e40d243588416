import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright";
import type { View } from "twinstate";
import { connect } from "twinstate/client";
import { describe, expect, onTestFinished } from "vitest";
import { nginxConf } from "../../cli/deploy/proxies.js";
import type { Scoped } from "../../server/definition/scope.js";
import { Visitor } from "../kit/app.js";
import { missingNginx, startNginx } from "../kit/nginx.js";
import { missingRedis, RedisServer } from "../kit/redis.js";
import { soon } from "../kit/soon.js";
import { buildApp } from "./kit/build.js";
import { copyDemo } from "./kit/copy.js";
import { board, connection, shows, todos } from "./kit/demo.js";
import { type DemoServer, startServer } from "./kit/server.js";
import { test } from "./kit/visitor.js";

/** How many programs call events all the time. */
const CLIENTS = 6;

/** What programs see of the demo. */
declare class Todo {
  items: { title: string }[];
  add(title: string): string;
}
declare class Board {
  columns: { id: string; cards: { title: string }[] }[];
  add(column: string, title: string): string;
}
interface Twin {
  readonly "~stores": { readonly todo: typeof Todo; readonly board: Scoped<"room", Board> };
}

type Edit = readonly [path: string, ...changes: readonly (readonly [from: string, to: string])[]];

/** The demo on Redis. */
const ON_REDIS: Edit = [
  "state/server.ts",
  ['import { sqlite } from "twinstate/server/sqlite";', 'import { redis } from "twinstate/server/redis";'],
  ['sqlite(process.env.TWIN_FILE ?? "twin.db")', 'redis(process.env.REDIS_URL ?? "redis://localhost")'],
  ["maxFileSize:", "proxies: 1,\n  maxFileSize:"],
];

/** What the later version says of a store, and how records of the earlier one get it. */
const LATER = `static version = 2;
  static migrate(old: { origin?: string }) {
    old.origin = "migrated";
  }
  @state origin = "made by version 2";

  @event said() {
    return this.origin;
  }

  `;
const LATER_CLASSES: readonly Edit[] = [
  ["state/todo.ts", ["@state items: Item[] = [];", `${LATER}@state items: Item[] = [];`]],
  ["state/board.ts", ["@state columns: Column[] = [", `${LATER}@state columns: Column[] = [`]],
];

/** Builds a version of the demo, and gives its folder. */
async function built(...edits: readonly Edit[]): Promise<string> {
  const { folder, remove } = copyDemo();
  onTestFinished(remove);
  for (const [path, ...changes] of edits) {
    let text = readFileSync(join(folder, path), "utf8");
    for (const [from, to] of changes) {
      expect(text).toContain(from);
      text = text.replace(from, to);
    }
    writeFileSync(join(folder, path), text);
  }
  await buildApp(folder);
  return folder;
}

/** Programs that add cards to a board and to-dos to a list of their own, one after the other. One of them adds to the board that the pages show. */
function load(url: string) {
  const added = Array.from({ length: CLIENTS }, (): string[] => []);
  const failed: unknown[] = [];
  let going = true;
  const clients = Array.from({ length: CLIENTS }, () => connect<Twin>({ url: `${url}/api/twin` }));
  const ended = Promise.all(
    clients.map(async (client, k) => {
      const [shared, own] = await Promise.all([client.board(k === 0 ? "rolling" : "busy"), client.todo()]);
      for (let n = 0; going; n++) {
        const title = `${k}.${n}`;
        try {
          await Promise.all([shared.add("todo", title), own.add(title)]);
          added[k]?.push(title);
        } catch (error) {
          failed.push(error);
        }
        await new Promise((resolve) => setTimeout(resolve, k === 0 ? 700 : 100));
      }
      return { shared, own };
    }),
  );
  const least = () => Math.min(...added.slice(1).map(({ length }) => length));
  return {
    added,
    failed,
    close: () => {
      for (const client of clients) client.$close();
    },
    /** Waits until each of the busy ones has added some more. */
    async further(more: number) {
      const before = least();
      await soon(() => expect(least()).toBeGreaterThanOrEqual(before + more));
    },
    async stop() {
      going = false;
      return ended;
    },
  };
}

/** A page that would tell whether it was loaded again. */
async function marked(page: Page) {
  await page.evaluate(() => Object.assign(window, { marked: true }));
  return () => page.evaluate(() => "marked" in window);
}

describe.runIf(process.env.TEST_FULL)("a rolling deploy of three nodes, under load and with open browsers", () => {
  test("to a version whose classes have changed: no error is shown, no event is lost, no page is loaded again, no field loses what was typed", {
    timeout: 900_000,
  }, async ({ visit, skip }) => {
    const missing = missingNginx ?? missingRedis;
    if (missing && process.env.CI) throw new Error(missing);
    if (missing) skip(missing);
    const earlier = await built(ON_REDIS);
    const later = await built(ON_REDIS, ...LATER_CLASSES);
    const redis = await RedisServer.start();
    onTestFinished(() => redis.end());
    const nodes: DemoServer[] = [];
    for (const _ of [1, 2, 3]) nodes.push(await startServer({ cwd: earlier, env: { REDIS_URL: redis.url } }));
    for (const { kill } of nodes) onTestFinished(kill);
    const hosts = nodes.map(({ url }) => new URL(url).host.replace("localhost", "127.0.0.1"));
    const nginx = await startNginx({ http: (port) => nginxConf({ nodes: hosts, route: "/api/twin", moving: false }).replace("listen 80;", `listen ${port};`) });
    onTestFinished(nginx.stop);
    const { url } = nginx;

    const mine = await visit({ url });
    const theirs = await visit({ url });
    const list = await mine.open("/");
    const [myBoard, theirBoard] = [await mine.open("/board/rolling"), await theirs.open("/board/rolling")];
    const other = await mine.open("/");
    const pages = [list, other, myBoard, theirBoard];
    const stays = await Promise.all(pages.map(marked));
    await todos(list).add("milk", "bread");
    await board(myBoard).add("Doing", "paint");
    await board(theirBoard).card("paint").waitFor();
    // Half of a to-do, of a new title, and of a card.
    await todos(other).edit("bread");
    await todos(other).field.fill("bread and");
    await todos(list).input.fill("half a thought");
    const field = board(theirBoard).column("To do").getByLabel("Add a card");
    await field.pressSequentially("half a card");
    const { added, failed, further, stop, close } = load(url);
    onTestFinished(close);

    const pauses: number[] = [];
    for (const [k, node] of nodes.entries()) {
      await further(5);
      const stopped = node.stop();
      // Users go on meanwhile.
      await todos(list).done("milk").click();
      await board(myBoard).add("Doing", `while ${k} ends`);
      const begun = performance.now();
      await board(theirBoard).card(`while ${k} ends`).waitFor();
      pauses.push(Math.round(performance.now() - begun));
      expect(await stopped).toBe(143);
      await board(myBoard).add("Doing", `without ${k}`);
      await board(theirBoard).card(`without ${k}`).waitFor();
      await node.start(later);
      await soon(async () => expect((await fetch(`${node.url}/api/twin/ready`)).status).toBe(200));
      await board(myBoard).add("Doing", `after ${k}`);
      await board(theirBoard).card(`after ${k}`).waitFor();
    }
    console.log(`a card that was added as a node began to end was on the other page after ${pauses.join(", ")} ms`);

    await further(5);
    const lists = await stop();
    expect(failed).toEqual([]);
    // Each event is there once: on old pages, on new ones, and in the programs.
    const visitor = new Visitor(`${url}/api/twin`);
    expect(await visitor.callIn("rolling", "board.said")).toBe("migrated");
    const cardsOf = (shared: View<Board>) => shared.columns.find(({ id }) => id === "todo")?.cards.map(({ title }) => title) ?? [];
    const titles = added[0] as string[];
    await soon(() => expect(cardsOf((lists[0] as (typeof lists)[0]).shared.$snapshot())).toEqual(titles));
    for (const [k, { own, shared }] of lists.entries()) {
      await soon(() => expect(own.$snapshot().items.map(({ title }) => title)).toEqual(added[k]));
      if (k > 0) await soon(() => expect(cardsOf(shared.$snapshot()).toSorted()).toEqual(added.slice(1).flat().toSorted()));
    }
    const doing = ["paint", ...[0, 1, 2].flatMap((k) => [`while ${k} ends`, `without ${k}`, `after ${k}`])];
    const fresh = await (await visit({ url })).open("/board/rolling");
    for (const page of [myBoard, theirBoard, fresh]) {
      await shows(
        board(page)
          .cards("To do")
          .getByRole("button", { name: /^\d+\.\d+$/ }),
        titles,
      );
      await shows(
        board(page)
          .cards("Doing")
          .getByRole("button", { name: /^(paint|while|without|after)/ }),
        doing,
      );
    }

    // The pages are those of the earlier version, with all that was typed.
    expect(await Promise.all(stays.map((isThere) => isThere()))).toEqual([true, true, true, true]);
    expect(await todos(other).field.inputValue()).toBe("bread and");
    expect(await todos(list).input.inputValue()).toBe("half a thought");
    expect(await field.inputValue()).toBe("half a card");
    for (const page of pages) {
      await connection(page).live.waitFor();
      expect(await connection(page).outdated.count()).toBe(0);
    }
    await todos(other).field.press("Enter");
    await todos(list).row("bread and").waitFor();
    await field.press("Enter");
    await board(myBoard).card("half a card").waitFor();
  });
});
