import { readdirSync } from "node:fs";
import { type EventError, event, state, update } from "twinstate";
import { expect } from "vitest";
import { createGate } from "../../server/task/gate.js";
import { serveTwin } from "../kit/app.js";
import { call, liveOf, openClient, openTwin } from "../kit/client.js";
import { type Nginx, type NginxOptions, test } from "../kit/nginx.js";
import { soon } from "../kit/soon.js";

const MB = 1 << 20;

class Desk {
  @state bytes = 0;
  @event({ background: true }) async take(file: File) {
    let bytes = 0;
    for await (const chunk of file.stream()) {
      bytes += chunk.byteLength;
      read?.();
      await held;
    }
    await update(() => {
      this.bytes = bytes;
    });
    return bytes;
  }
}

/** What the event does with its first bytes. */
let read: (() => void) | undefined;
let held: Promise<void> | undefined;

/** The settings that docs/UPLOADS.md names. */
const SETTINGS = "client_max_body_size 0; proxy_request_buffering off; proxy_buffering off;";

async function behind(nginx: (options: NginxOptions) => Promise<Nginx>, location: string) {
  [read, held] = [undefined, undefined];
  const { site, runtime } = await serveTwin({ stores: { desk: Desk } });
  const proxy = await nginx({ upstream: site.origin, location });
  const twin = await openTwin(openClient(`${proxy.url}/api/twin`), "desk");
  return { twin, proxy, desk: liveOf(twin) as Desk, uploads: runtime.dispatcher.uploads };
}

const stored = ({ folder }: Nginx) => readdirSync(`${folder}/client_body_temp`);

test("nginx passes on a file as it comes, and the stream of what it changes, with the settings that the docs name", async ({ nginx }) => {
  const { twin, proxy, desk, uploads } = await behind(nginx, SETTINGS);
  const [first, release] = [createGate(), createGate()];
  [read, held] = [first.open, release.opened];
  const taken = call(twin, "take", new File([new Uint8Array(32 * MB)], "a.bin"));
  await first.opened;
  // Most of it is still at the client: nginx waits as the event does.
  expect([uploads.size, stored(proxy)]).toEqual([1, []]);
  release.open();
  expect([await taken, desk.bytes]).toEqual([32 * MB, 32 * MB]);
  await soon(() => expect(uploads.size).toBe(0));
});

test("nginx without them refuses a file of 2 MB, and the call says which setting", async ({ nginx }) => {
  const { twin, uploads } = await behind(nginx, "");
  const error = await Promise.resolve(call(twin, "take", new File([new Uint8Array(2 * MB)], "a.bin"))).catch((error: EventError) => error);
  expect(error).toMatchObject({ code: "CUT_SHORT", message: expect.stringContaining("`client_max_body_size`") });
  await soon(() => expect(uploads.size).toBe(0));
});
