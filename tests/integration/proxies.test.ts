import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { event, state } from "twinstate";
import { createTwin, scope } from "twinstate/server";
import { describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { caddyfile, nginxConf } from "../../cli/deploy/proxies.js";
import { createGate } from "../../server/task/gate.js";
import { SECRET, Visitor } from "../kit/app.js";
import { missingCaddy, startCaddy } from "../kit/caddy.js";
import { call, openClient, openTwin } from "../kit/client.js";
import { type Site, serve } from "../kit/http.js";
import { missingNginx, startNginx } from "../kit/nginx.js";
import { listen, openSocket } from "../kit/stream.js";

class Wall {
  @state lines: string[] = [];
  @event(z.string()) write(line: string) {
    this.lines.push(line);
  }
}

interface Node extends Site {
  /** The headers of the requests that the proxy has passed on. */
  readonly heard: IncomingHttpHeaders[];
}

/** A node of an app. Its twin trusts one proxy. */
async function startNode(name: string, port = 0): Promise<Node> {
  const heard: IncomingHttpHeaders[] = [];
  const twin = createTwin({ stores: { wall: scope.shared(Wall) }, name: `behind a proxy, ${name}`, session: { secret: SECRET }, proxies: 1, log: () => {} });
  const site = await serve(twin.handlers, "/api/twin", port, async (server) => {
    // The proxy asks for the node's health by itself, too.
    server.on("request", ({ headers }: IncomingMessage) => headers["x-forwarded-for"] && heard.push(headers));
    await twin.attach(server);
  });
  onTestFinished(async () => {
    await site.close();
    await twin.close();
  });
  return Object.assign(site, { heard });
}

const addressOf = ({ origin }: Pick<Site, "origin">) => new URL(origin).host;

const PROXIES = [
  {
    name: "nginx",
    missing: missingNginx,
    start: (nodes: readonly string[]) =>
      startNginx({ http: (port) => nginxConf({ nodes, route: "/api/twin", moving: false }).replace("listen 80;", `listen ${port};`) }),
  },
  { name: "Caddy", missing: missingCaddy, start: (nodes: readonly string[]) => startCaddy(caddyfile({ nodes, route: "/api/twin", moving: false })) },
];

for (const { name, missing, start } of PROXIES) {
  const before = async (...nodes: readonly string[]): Promise<string> => {
    const { url, stop } = await start(nodes);
    onTestFinished(stop);
    return url;
  };

  describe.skipIf(missing)(`behind ${name}, with the settings that \`deploy-files\` writes${missing ? `: ${missing}` : ""}`, () => {
    test("a stream brings each change as it happens, by server-sent events and by WebSocket", async () => {
      const site = await startNode(`${name} streams`);
      const url = await before(addressOf(site));
      const visitor = new Visitor(`${url}/api/twin`);
      await visitor.call("wall.write", "first");
      const input = { watch: [{ store: "wall" }] };
      const streams = [listen(visitor.url, input, visitor.jar), openSocket(visitor.url, visitor.jar, { input })];
      for (const stream of streams) {
        onTestFinished(() => stream.close());
        expect(JSON.stringify(await stream.until(([kind]) => kind === "snapshot"))).toContain("first");
      }
      await visitor.call("wall.write", "second");
      for (const stream of streams) expect(JSON.stringify(await stream.until(([kind]) => typeof kind === "number"))).toContain("second");
    });

    test("the app learns the visitor's address and the host that was asked for, and nothing that a visitor makes up", async () => {
      const site = await startNode(`${name} headers`);
      const url = await before(addressOf(site));
      const { host } = new URL(url);
      const made = { "x-forwarded-for": "203.0.113.7", "x-forwarded-host": "evil.example", "x-forwarded-proto": "https" };
      const callFrom = (origin: string) => new Visitor(`${url}/api/twin`).post("wall.write", JSON.stringify({ args: ["mine"] }), { ...made, origin });
      expect((await callFrom(url)).error).toBeUndefined();
      expect((await callFrom("https://evil.example")).error?.message).toContain("Pages of https://evil.example may not call this app.");
      for (const headers of site.heard) {
        expect(headers).toMatchObject({ host, "x-forwarded-host": host, "x-forwarded-proto": "http" });
        expect(String(headers["x-forwarded-for"]).split(", ").at(-1)).toMatch(/^(::ffff:)?127\.0\.0\.1$|^::1$/);
      }
    });

    test("an upload goes on while it comes, and may be large", async () => {
      let bytes = 0;
      const first = createGate();
      const server = createServer((req, res) => {
        req.on("data", (chunk: Buffer) => {
          bytes += chunk.byteLength;
          first.open();
        });
        req.on("end", () => res.end());
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      onTestFinished(() => void server.close());
      const url = await before(`127.0.0.1:${(server.address() as AddressInfo).port}`);
      const upload = request(`${url}/api/twin/$upload`, { method: "POST", headers: { "content-length": 3 << 20 } });
      const response = new Promise<IncomingMessage>((resolve, reject) => upload.once("response", resolve).once("error", reject));
      upload.write(Buffer.alloc(1 << 20));
      await first.opened;
      upload.end(Buffer.alloc(2 << 20));
      expect((await response).statusCode).toBe(200);
      expect(bytes).toBe(3 << 20);
    });

    test("while one of two nodes is away, the other one answers all requests", async () => {
      const nodes = [await startNode(`${name} one`), await startNode(`${name} two`)] as const;
      const url = await before(...nodes.map(addressOf));
      const ask = async () => (await fetch(`${url}/api/twin/ready`)).status;
      const asked = async () => new Set(await Promise.all(Array.from({ length: 20 }, ask)));
      expect(await asked()).toEqual(new Set([200]));
      for (const { heard } of nodes) expect(heard.length).toBeGreaterThan(0);
      await nodes[0].close();
      expect(await asked()).toEqual(new Set([200]));
      const wall = await openTwin(openClient(`${url}/api/twin`), "wall");
      for (let i = 0; i < 5; i++) await call(wall, "write", `line ${i}`);
    });
  });
}

test.skipIf(missingCaddy)("behind Caddy, requests wait for the only node while it restarts", async () => {
  const site = await startNode("restarts");
  const { url, stop } = await startCaddy(caddyfile({ nodes: [addressOf(site)], route: "/api/twin", moving: false }));
  onTestFinished(stop);
  await site.close();
  const ready = fetch(`${url}/api/twin/ready`);
  const wall = openTwin(openClient(`${url}/api/twin`), "wall");
  // Another request has waited in vain.
  await expect.poll(() => fetch(`${url}/api/twin/health`, { signal: AbortSignal.timeout(300) }).catch(({ name }: Error) => name)).toBe("TimeoutError");
  await startNode("restarted", Number(new URL(site.origin).port));
  expect((await ready).status).toBe(200);
  await call(await wall, "write", "late");
});
