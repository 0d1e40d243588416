import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { event, state, update } from "twinstate";
import { createTwin } from "twinstate/server";
import { expect, onTestFinished } from "vitest";
import { createGate } from "../../server/task/gate.js";
import { temporaryFolder } from "../kit/files.js";
import { serve } from "../kit/http.js";
import { openFarSite } from "./kit/far-site.js";
import { test } from "./kit/visitor.js";

const gate = createGate();

class Desk {
  @state bytes = 0;
  @event({ background: true }) async take(file: File) {
    let bytes = 0;
    for await (const chunk of file.stream()) {
      bytes += chunk.byteLength;
      if (file.name === "held.bin") await gate.opened;
    }
    update(() => {
      this.bytes = bytes;
    });
    return bytes;
  }
}

test("behaviour 93: a browser uploads a file to another origin, sees its progress, and cancels", async ({ visit }) => {
  const { url: named, close } = await openFarSite("upload.tsx", "", { delay: 0, loss: 0 });
  onTestFinished(close);
  const twin = createTwin({ name: "tests/upload", stores: { desk: Desk }, session: { secret: "a secret for tests alone" }, origins: [named], log: () => {} });
  const site = await serve(twin.handlers);
  onTestFinished(async () => {
    gate.open();
    await site.close();
    await twin.close();
  });
  const visitor = await visit({ url: named });
  // The server ends the request of a call that was cancelled, which browsers log.
  visitor.expects(/ERR_CONNECTION_RESET/);
  const page = await visitor.context.newPage();
  await page.goto(`${named}/#${encodeURIComponent(site.url)}`);
  const folder = temporaryFolder();
  const file = (name: string) => {
    writeFileSync(join(folder, name), Buffer.alloc(40_000_000));
    return join(folder, name);
  };
  const input = page.locator("input");
  const output = page.locator("output");
  await input.setInputFiles(file("a.bin"));
  await expect.poll(() => output.textContent()).toBe("40000000");
  await expect.poll(() => page.locator("p").textContent()).toBe("40000000");
  const told = async () => JSON.parse((await page.locator("pre").textContent()) ?? "[]") as number[];
  const seen = await told();
  expect([seen[0], seen.at(-1), seen]).toEqual([0, 1, [...seen].sort((a, b) => a - b)]);

  await input.setInputFiles(file("held.bin"));
  await expect.poll(() => output.textContent()).toBe("pending");
  // What the sockets take is sent, and no more.
  const isUnderWay = (part = 0) => part > 0 && part < 1;
  await expect.poll(async () => isUnderWay((await told()).at(-1))).toBe(true);
  await page.getByRole("button", { name: "Cancel" }).click();
  gate.open();
  // A cancelled call is no error.
  await expect.poll(() => output.textContent()).toBe("40000000");
  expect((await told()).at(-1)).toBeLessThan(1);
});
