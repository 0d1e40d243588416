import { setImmediate as turn } from "node:timers/promises";
import { autorun } from "mobx";
import { expect, onTestFinished, test } from "vitest";
import { createClient } from "../../client/client.js";
import { liveOf } from "../kit/client.js";
import { scripted } from "../kit/scripted.js";

const store = { scope: "session", fields: ["title"], computeds: [], events: {} };
const schema = { hash: "h", stores: { hall: store, yard: store }, models: {} };
const titled = (title: string) => [["", "title"], 1, [0, 1], [["c", 1, 0, [1], [title]]]] as never;

test("a frame that left a store out, as it was not watched yet, does not count for it", async () => {
  const server = scripted("hall", []);
  const client = createClient({ url: "http://scripted/twin", fetch: server.fetch });
  onTestFinished(() => client.close());
  const hall = client.twin("hall");
  hall.use();
  while (server.watched.length === 0) await turn();
  server.say(["hello", { protocol: 2, build: null, schema, heartbeat: 15, session: "session" }], ["snapshot", 1, "hall", null, "i", 1, titled("hall 1")]);
  await hall.ready;
  // A page that came later has the state of another store, and watches it.
  const yard = client.twin("yard") as ReturnType<typeof client.twin> & { fill(at: readonly [string, number], snapshot: never): boolean };
  yard.fill(["i", 1], titled("yard 1"));
  yard.use();
  while (server.watched.length === 1) await turn();
  expect(server.watched[1]).toEqual([expect.objectContaining({ store: "yard", have: ["i", 1] })]);
  server.say([1, 2, "hall", [0, 0, 1, "hall 2"]]);
  server.say(["resume", 1, "yard", null, "i", 1], [1, 2, "hall", [0, 0, 1, "hall 2"], "yard", [0, 0, 1, "yard 2"]], [1, 3, "hall", [0, 0, 1, "hall 3"]]);
  while ((liveOf(hall) as { title: string }).title !== "hall 3") await turn();
  expect((liveOf(yard) as { title: string }).title).toBe("yard 2");
});

test("stores of one host that come back show their states at once, also where a tick's number stands between these", async () => {
  const server = scripted("hall", []);
  const client = createClient({ url: "http://scripted/twin", fetch: server.fetch });
  onTestFinished(() => client.close());
  const [hall, yard] = [client.twin("hall"), client.twin("yard")];
  hall.use();
  yard.use();
  const hello = ["hello", { protocol: 2, build: null, schema, heartbeat: 15, session: "session" }];
  const states = (revision: number) => [
    ["snapshot", 1, "hall", null, "i", revision, titled(`${revision}`)],
    ["tick", 1, 3],
    ["snapshot", 1, "yard", null, "i", revision, titled(`${revision}`)],
  ];
  while (server.watched.length === 0) await turn();
  server.say(hello, ...states(1));
  await Promise.all([hall.ready, yard.ready]);
  const titleOf = (twin: typeof hall) => (liveOf(twin) as { title: string }).title;
  const shown: string[] = [];
  onTestFinished(autorun(() => void shown.push(`${titleOf(hall)} ${titleOf(yard)}`)));
  server.cut();
  while (server.watched.length === 1) await turn();
  server.say(hello, ...states(2));
  while (titleOf(yard) !== "2") await turn();
  expect(shown).toEqual(["1 1", "2 2"]);
});
