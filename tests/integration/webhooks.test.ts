import { type ChildProcess, spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { createTwin, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../crash/servers.js";
import { guide, ROOT, write } from "../kit/guide.js";

// What it declares is known where it is compiled: tests/types/guides.test.ts.
type Loose = any;

// Vite compiles the app for each process, which takes seconds. Kills in memory are in `once.test.ts`.
test.runIf(process.env.TEST_FULL)(
  "docs/WEBHOOKS.md: a server that is killed among deliveries neither loses one nor counts it twice",
  async () => {
    const folder = `${ROOT}test-results/webhooks-${process.pid}`;
    const compilerOptions = { target: "es2023", experimentalDecorators: true, emitDecoratorMetadata: true };
    write(folder, { ...guide("WEBHOOKS"), "tsconfig.json": JSON.stringify({ compilerOptions, include: ["**/*.ts"] }) });
    const port = await freePort();
    const env = { ...process.env, TWIN_FILE: join(folder, "twin.db"), PAYMENTS_SECRET: "whsec", NODE_ENV: "test" };
    let child: ChildProcess | undefined;
    const start = () => {
      child = spawn(process.execPath, ["--no-warnings", `${ROOT}tests/kit/app-server.mjs`, folder, "app/api/payments/route.ts", `${port}`], {
        env,
        stdio: "ignore",
      });
    };
    const kill = async () => {
      child?.kill("SIGKILL");
      if (child?.signalCode === null) await once(child, "exit");
    };
    onTestFinished(async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    });
    const send = (id: string) => {
      const data = { shop: "tea", order: "1", payment: `${id} ${randomUUID()}`, amount: 1 };
      const body = JSON.stringify({ id, type: "payment.succeeded", data });
      const time = Math.floor(Date.now() / 1000);
      const signature = `t=${time},v1=${createHmac("sha256", "whsec").update(`${time}.${body}`).digest("hex")}`;
      return fetch(`http://127.0.0.1:${port}`, { method: "POST", body, headers: { "payments-signature": signature } }).then(
        ({ status }) => status,
        () => 0,
      );
    };
    /** Delivers until it is taken, as providers do. */
    const deliver = async (id: string) => {
      while ((await send(id)) !== 204) await new Promise((resolve) => setTimeout(resolve, 20));
      taken++;
    };
    let taken = 0;
    const file = createTwin({
      stores: { shop: scope.room((await shopOf(folder)) as never, { allow: () => true }) },
      name: folder,
      storage: sqlite(env.TWIN_FILE),
    });
    await (file as Loose).shop("tea").order("1", 100);
    await file.close();

    start();
    const all = Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        // Four of each: one after the other, so that kills find some of them under way.
        for (let again = 0; again < 4; again++) await deliver(`evt_${n}`);
      }),
    );
    for (const some of [40, 120, 200]) {
      await expect.poll(() => taken, { interval: 1, timeout: 60_000 }).toBeGreaterThan(some);
      await kill();
      start();
    }
    await all;
    await kill();
    const after = createTwin({
      stores: { shop: scope.room((await shopOf(folder)) as never, { allow: () => true }) },
      name: `${folder} after`,
      storage: sqlite(env.TWIN_FILE),
    });
    onTestFinished(() => after.close());
    expect((await (after as Loose).shop("tea").$snapshot()).orders.get("1").paid).toBe(60);
  },
  120_000,
);

const shopOf = async (folder: string): Promise<unknown> => ((await import(/* @vite-ignore */ `${folder}/state/shop.ts`)) as Loose).Shop;
