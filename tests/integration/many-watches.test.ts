import { randomBytes } from "node:crypto";
import { effect, event, state } from "twinstate";
import { scope } from "twinstate/server";
import { expect, test } from "vitest";
import { serveTwin } from "../kit/app.js";
import { call, openClient, openTwin, shown, status } from "../kit/client.js";
import { Network } from "../kit/network.js";

class Board {
  @state lines: string[] = [];
  @event add(line: string) {
    this.lines.push(line);
  }
}
class Settings {
  @state theme = "dark";
}

const lead = () => {
  effect.redirect("/sign-in");
  return false;
};
const stores = { board: scope.room(Board, { allow: () => true }), settings: scope.session(Settings, { guard: lead }) };
/** More rooms than a ticket has room for: their keys have nothing in common. */
const KEYS = Array.from({ length: 90 }, () => randomBytes(24).toString("base64url"));

type View = { lines: string[] };

/** A client behind a network that one can pull, and the URLs that it has asked for. */
function behind(url: string) {
  const network = new Network();
  const longest = { url: 0 };
  const line = {
    fetch: (address: RequestInfo | URL, init?: RequestInit) => {
      longest.url = Math.max(longest.url, String(address).length);
      return network.fetch(address, init);
    },
    openSocket: network.openSocket,
  };
  return { network, longest, client: openClient(url, { line, linger: 0 }) };
}

const asked = ({ posted }: Network, path: string) =>
  posted.filter((post) => post.path === path).map(({ input }) => (input as { watch: unknown[] }).watch.length);

test("a client that watches more than a ticket has room for gets all of it, and goes on with all of it after a cut", async () => {
  const { site } = await serveTwin({ stores, idle: 60_000 });
  const writer = openClient(site.url);
  for (const key of KEYS) await call(await openTwin(writer, "board", key), "add", "a");
  const { client, network, longest } = behind(site.url);
  const twins = await Promise.all(KEYS.map((key) => openTwin(client, "board", key)));
  expect(asked(network, "$connect")).toEqual([KEYS.length]);
  const later = asked(network, "$watch");
  expect(later.length).toBe(1);
  expect(later[0]).toBeLessThan(KEYS.length);
  expect(network.seen).toEqual({ snapshot: KEYS.length, resume: 0 });

  network.cut();
  await status(client, (now) => now.status === "reconnecting");
  for (const key of [KEYS[0], KEYS[89]]) await call(await openTwin(writer, "board", key), "add", "b");
  for (const at of [0, 89]) await shown<View>(twins[at] as (typeof twins)[number], ({ lines }) => lines.length === 2);
  await Promise.all(twins.map((twin) => shown(twin, () => true)));
  expect(network.seen).toEqual({ snapshot: KEYS.length, resume: KEYS.length });
  expect(longest.url).toBeLessThan(2200);
});

test("a store that a client was refused is in its ticket, so the guard's effects come once, however much it watches", async () => {
  const { site } = await serveTwin({ stores, idle: 60_000 });
  const { client, network } = behind(site.url);
  const heard: string[] = [];
  client.onEffect((_, [to]) => void heard.push(String(to)));
  await Promise.all(KEYS.map((key) => openTwin(client, "board", key)));
  const refused = client.twin("settings");
  refused.use();
  await refused.ready.catch(() => {});
  await expect.poll(() => heard).toEqual(["/sign-in"]);
  for (let n = 1; n <= 2; n++) {
    network.cut();
    await status(client, (now) => now.status === "reconnecting");
    await status(client, (now) => now.status === "online");
    // Nobody has changed the rooms: they come anew.
    await expect.poll(() => network.seen.snapshot).toBe((n + 1) * KEYS.length);
  }
  expect(heard).toEqual(["/sign-in"]);
});
