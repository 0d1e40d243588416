import { expect, onTestFinished } from "vitest";
import { nginxConf } from "../../cli/deploy/proxies.js";
import { Visitor } from "../kit/app.js";
import { test } from "../kit/nginx.js";
import { listen } from "../kit/stream.js";
import { startServer } from "./kit/server.js";

const STREAMS = 100;
/** How long a server may take to end, in ms. */
const END = 12_000;

test(`\`next start\` with ${STREAMS} open streams ends within ${END / 1000} s of SIGTERM, and visitors behind nginx see no 502`, { timeout: 180_000 }, async ({
  nginx,
}) => {
  const servers = [await startServer(), await startServer()] as const;
  for (const { kill } of servers) onTestFinished(kill);
  const [ending, other] = servers;
  const nodes = servers.map(({ url }) => new URL(url).host.replace("localhost", "127.0.0.1"));
  const { url } = await nginx({ http: (port) => nginxConf({ nodes, route: "/api/twin", moving: false }).replace("listen 80;", `listen ${port};`) });

  const visitor = new Visitor(`${ending.url}/api/twin`);
  await visitor.call("todo.add", "milk");
  const streams = Array.from({ length: STREAMS }, () => listen(visitor.url, { watch: [{ store: "todo" }] }, visitor.jar));
  for (const { until } of streams) await until(([kind]) => kind === "snapshot");

  const answers = new Set<number>();
  let going = true;
  const visits = Promise.all(
    ["/about", "/api/twin/health"].map(async (path) => {
      while (going) answers.add((await fetch(url + path)).status);
    }),
  );
  await expect.poll(() => answers.size).toBe(1);
  const begun = Date.now();
  expect(await ending.stop()).toBe(143);
  const took = Date.now() - begun;
  for (const { messages, ended } of streams) {
    await ended;
    expect(messages.at(-1)).toEqual(["bye", "closed"]);
  }
  expect((await fetch(`${url}/about`)).status).toBe(200);
  going = false;
  await visits;
  expect([...answers]).toEqual([200]);
  console.log(`ended ${took} ms after SIGTERM, with ${STREAMS} open streams`);
  expect(took).toBeLessThan(END);
  expect((await fetch(`${other.url}/api/twin/ready`)).status).toBe(200);
});
