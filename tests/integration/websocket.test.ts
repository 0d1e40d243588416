import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { expect, onTestFinished, test, vi } from "vitest";
import { type App, serveTwin, type Visitor } from "../kit/app.js";

class Note {
  @state text = "";
  @event write(text: string) {
    this.text = text;
  }
}

const stores = { note: Note, pad: scope.room(Note, { allow: (_, key) => key !== "closed" }) };

async function start(options: Record<string, number> = {}) {
  const app = await serveTwin({ stores, ...options });
  const stop = await app.twin.attach(app.site.server);
  onTestFinished(stop);
  const visitor = app.visitor();
  await visitor.call("note.write", "begun");
  return { ...app, stop, visitor };
}

interface Line {
  readonly messages: unknown[][];
  readonly closed: Promise<number>;
  until(fits: (message: unknown[]) => boolean): Promise<unknown[]>;
  send(text: string): void;
  close(): void;
}

/** A socket as a browser opens it, with its cookie. */
async function open({ site }: Pick<App<any, any>, "site">, visitor: Visitor, input: unknown, headers: Record<string, string> = {}): Promise<Line> {
  const Socket = WebSocket as unknown as new (url: string, options: { headers: Record<string, string> }) => WebSocket;
  const socket = new Socket(`${site.url.replace("http", "ws")}/$socket`, { headers: { cookie: visitor.jar.cookie as string, ...headers } });
  onTestFinished(() => socket.close());
  const messages: unknown[][] = [];
  const waiting = new Set<() => void>();
  const closed = new Promise<number>((resolve) => {
    socket.addEventListener("close", ({ code }) => resolve(code));
  });
  socket.addEventListener("message", ({ data }) => {
    for (const block of String(data).split("\n\n")) {
      if (block.startsWith("data: ")) messages.push(JSON.parse(block.slice(6)) as unknown[]);
      else if (block.startsWith("{")) messages.push(["error", JSON.parse(block)]);
    }
    for (const wake of waiting) wake();
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error("The socket was refused.")));
  });
  if (input !== undefined) socket.send(JSON.stringify(input));
  return {
    messages,
    closed,
    send: (text) => socket.send(text),
    close: () => socket.close(),
    async until(fits) {
      for (;;) {
        const found = messages.find(fits);
        if (found) return found;
        await new Promise<void>((resolve) => {
          waiting.add(resolve);
        });
      }
    },
  };
}

test("a socket carries what the stream would: hello, snapshot, frames, and what was missed", async () => {
  const app = await start();
  const line = await open(app, app.visitor, { watch: [{ store: "note" }] });
  expect((await line.until(([kind]) => kind === "hello"))[1]).toMatchObject({ protocol: 1 });
  const [, host, , , incarnation, revision] = await line.until(([kind]) => kind === "snapshot");
  await app.visitor.call("note.write", "two");
  expect((await line.until(([kind]) => kind === host)).slice(0, 2)).toEqual([host, (revision as number) + 1]);
  line.close();
  await vi.waitFor(() => expect(app.runtime.streams).toBe(0));
  await app.visitor.call("note.write", "missed");
  const back = await open(app, app.visitor, { watch: [{ store: "note", have: [incarnation, (revision as number) + 1] }] });
  await back.until(([kind]) => kind === "resume" || kind === "snapshot");
  await back.until((message) => JSON.stringify(message).includes("missed"));
});

test("a ticket of a tab works on a socket, once, and its tab's events answer to it", async () => {
  const app = await start();
  const { visitor } = app;
  const { value } = await visitor.ask("$connect", { protocol: 1, client: visitor.client, epoch: 1, watch: [{ store: "note" }] });
  const line = await open(app, visitor, value);
  await line.until(([kind]) => kind === "snapshot");
  await visitor.number("note.write", 1, ["by number"]);
  await line.until((message) => JSON.stringify(message).includes("by number"));
  const again = await open(app, visitor, value);
  expect((await again.until(([kind]) => kind === "error"))[1]).toMatchObject({ error: { data: { code: "NOT_FOUND" } } });
  expect(await again.closed).toBe(1008);
});

test("pages of other sites get no socket, and other paths are left to others", async () => {
  const app = await start();
  const other = vi.fn((_request, line) => line.end("HTTP/1.1 418 Teapot\r\n\r\n"));
  app.site.server.on("upgrade", (request, line) => request.url?.endsWith("/_next/hmr") && other(request, line));
  await expect(open(app, app.visitor, undefined, { origin: "https://evil.example" })).rejects.toThrow("refused");
  const { port } = app.site.server.address() as AddressInfo;
  const line = connect(port, "127.0.0.1");
  line.write("GET /_next/hmr HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  const [answer] = (await once(line, "data")) as [Buffer];
  expect(answer.toString()).toContain("418");
  line.destroy();
  await open(app, app.visitor, undefined, { origin: app.site.origin });
});

test("what a socket says that is no input, or says twice, ends it, and the server lives", async () => {
  const app = await start();
  for (const bad of ["", "{", "[]", "null", '{"ticket":5}', "x".repeat(100_000)]) {
    const line = await open(app, app.visitor, undefined);
    line.send(bad);
    expect(await line.closed).toBe(1008);
  }
  const twice = await open(app, app.visitor, { watch: [{ store: "note" }] });
  await twice.until(([kind]) => kind === "snapshot");
  twice.send("more");
  expect(await twice.closed).toBe(1008);
  await vi.waitFor(() => expect(app.runtime.streams).toBe(0));
  expect(await app.visitor.call("note.write", "alive")).toBeUndefined();
});

test("a room that is closed is refused on a socket too, and a session has only so many", async () => {
  const app = await start({ maxStreams: 1 });
  const line = await open(app, app.visitor, { watch: [{ store: "pad", key: "closed" }] });
  expect((await line.until(([kind]) => kind === "refused"))[3]).toBe("FORBIDDEN");
  const second = await open(app, app.visitor, { watch: [] });
  expect((await second.until(([kind]) => kind === "error"))[1]).toMatchObject({ error: { data: { code: "RATE_LIMITED" } } });
});

test("a closing server says goodbye on sockets", async () => {
  const app = await start();
  const line = await open(app, app.visitor, { watch: [{ store: "note" }] });
  await line.until(([kind]) => kind === "snapshot");
  await app.twin.close();
  expect(await line.until(([kind]) => kind === "bye")).toEqual(["bye", "closed"]);
  expect(await line.closed).toBe(1001);
});

test("a socket that is not read while 200 MB of changes are made costs less than 20 MB, and is right with one snapshot", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const held = () => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return (heapUsed + external) / 1e6;
  };
  const app = await start();
  const reader = await stalled(app.site.server.address() as AddressInfo, app.visitor.jar.cookie as string, { watch: [{ store: "pad", key: "a" }] });
  await vi.waitFor(() => expect(app.runtime.hosts.live.some(({ id }) => id === "room/a")).toBe(true));
  const pad = app.twin.pad("a");
  const line = "x".repeat(100_000);
  const turn = () => new Promise(setImmediate);
  for (let n = 0; n < 100; n++) {
    await pad.write(`warm ${n} ${line}`);
    await turn();
  }
  const before = held();
  let most = 0;
  for (let n = 0; n < 2000; n++) {
    await pad.write(`${n} ${line}`);
    // So that the sockets are written to.
    if (n % 10 === 0) await turn();
    if (n % 250 === 0) most = Math.max(most, held());
  }
  await pad.write("the end");
  expect(Math.max(most, held()) - before).toBeLessThan(20);
  const text = await reader.readUntil("the end");
  const messages = [...text.matchAll(/^data: (\[.*\])$/gm)].map(([, data]) => JSON.parse(data as string) as unknown[]);
  let revision = -1;
  let skipped = 0;
  for (const [kind, ...rest] of messages) {
    if (kind === "snapshot") {
      if (revision >= 0 && (rest[4] as number) > revision + 1) skipped++;
      revision = rest[4] as number;
    } else if (typeof kind === "number") expect(rest[0]).toBe(++revision);
  }
  expect(skipped).toBe(1);
  expect(revision).toBe(2101);
}, 120_000);

/** A socket by hand, of which nothing is read until it is asked for. */
async function stalled({ port }: AddressInfo, cookie: string, input: unknown) {
  const line: Socket = connect(port, "127.0.0.1");
  onTestFinished(() => void line.destroy());
  const key = randomBytes(16).toString("base64");
  line.write(
    `GET /api/twin/$socket HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nCookie: ${cookie}\r\n\r\n`,
  );
  const payload = Buffer.from(JSON.stringify(input));
  // Masked with zeros, as clients must.
  line.write(Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]));
  await once(line, "connect");
  return {
    async readUntil(enough: string): Promise<string> {
      let raw = Buffer.alloc(0);
      const chunks: Buffer[] = [];
      for await (const chunk of line) {
        chunks.push(chunk as Buffer);
        if ((chunk as Buffer).includes(enough)) break;
      }
      raw = Buffer.concat(chunks);
      let at = raw.indexOf("\r\n\r\n") + 4;
      let text = "";
      while (at + 2 <= raw.length) {
        const short = (raw[at + 1] as number) & 0x7f;
        const [size, head] = short === 126 ? [raw.readUInt16BE(at + 2), 4] : short === 127 ? [Number(raw.readBigUInt64BE(at + 2)), 10] : [short, 2];
        if (((raw[at] as number) & 0xf) < 3) text += raw.subarray(at + head, at + head + size).toString();
        at += head + size;
      }
      return text;
    },
  };
}
