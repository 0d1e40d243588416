// Two hundred sessions that call as fast as they are answered.
import { randomBytes } from "node:crypto";
import { PROTOCOL } from "../../../lib/wire/protocol.js";
import { encodeValue } from "../../../lib/wire/value-codec.js";
import { answer } from "../tasks.ts";
import { Line } from "./line.ts";
import { masked, read } from "./reader.ts";

interface Session {
  close(): void;
  call(): Promise<void>;
}

async function noop(port: number, route: string): Promise<Session> {
  const line = await Line.open(port);
  return {
    close: () => line.close(),
    async call() {
      const response = await line.post(`/api/${route}/noop?batch=1`, "", '{"0":{}}');
      if (!response.startsWith("HTTP/1.1 200")) throw new Error(response);
    },
  };
}

/** As our client does: a stream that is watched, and numbered calls. */
async function twin(port: number, streaming: boolean): Promise<Session> {
  const line = await Line.open(port);
  const client = randomBytes(16).toString("base64url");
  const watch = [{ store: "counter" }];
  const connected = await line.post("/api/twin/$connect?batch=1", "", JSON.stringify({ 0: { protocol: PROTOCOL, client, epoch: 1, watch } }));
  const cookie = /set-cookie: ([^;]+)/i.exec(connected)?.[1] as string;
  const ticket = /"ticket":"([^"]+)"/.exec(connected)?.[1];
  let i: string | undefined;
  if (streaming) {
    const path = `/api/twin/$live?input=${encodeURIComponent(JSON.stringify({ ticket }))}`;
    const { head } = await read({ port, path, cookie, begun: '["snapshot"', onMarks() {} });
    i = /\["snapshot",1,"counter",null,"([^"]+)"/.exec(head)?.[1];
  }
  let n = 0;
  return {
    close: () => line.close(),
    async call() {
      n++;
      const call = { client, epoch: 1, n, i, at: streaming ? n - 1 : null, seen: n - 1 };
      const response = await line.post("/api/twin/counter.bump?batch=1", cookie, JSON.stringify({ 0: { args: encodeValue([]), call } }));
      if (!response.includes(`"r":${n}`)) throw new Error(response);
    },
  };
}

/** The same, with a socket for both. */
async function twinBySocket(port: number): Promise<Session> {
  const line = await Line.open(port);
  const client = randomBytes(16).toString("base64url");
  const watch = [{ store: "counter" }];
  const connected = await line.post("/api/twin/$connect?batch=1", "", JSON.stringify({ 0: { protocol: PROTOCOL, client, epoch: 1, watch } }));
  line.close();
  const cookie = /set-cookie: ([^;]+)/i.exec(connected)?.[1] as string;
  const ticket = /"ticket":"([^"]+)"/.exec(connected)?.[1];
  const upgrade = { say: JSON.stringify({ ticket }) };
  const { head, socket } = await read({ port, path: "/api/twin/$socket", cookie, upgrade, begun: '["snapshot"', onMarks() {} });
  if (!head.includes('["events"')) throw new Error(`The socket takes no events: ${head}`);
  const i = /\["snapshot",1,"counter",null,"([^"]+)"/.exec(head)?.[1];
  let n = 0;
  let text = "";
  let done = () => {};
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
    if (!text.includes(`["answer",${n},`) || !text.endsWith("\n\n")) return;
    done();
  });
  return {
    close: () => void socket.destroy(),
    async call() {
      n++;
      text = "";
      const call = { client, epoch: 1, n, i, at: n - 1, seen: n - 1 };
      const answered = new Promise<void>((resolve) => {
        done = resolve;
      });
      socket.write(masked(JSON.stringify([n, "counter.bump", { args: encodeValue([]), call }])));
      await answered;
      if (!text.includes(`"r":${n}`)) throw new Error(text);
    },
  };
}

const peers: Record<string, (port: number) => Promise<Session>> = {
  trpc: (port) => noop(port, "twin"),
  "trpc, Next": (port) => noop(port, "noop"),
  twinstate: (port) => twin(port, true),
  "twinstate, Next": (port) => twin(port, true),
  "twinstate, socket": twinBySocket,
  "twinstate, no stream": (port) => twin(port, false),
};

let sessions: Session[] = [];

answer({
  async open({ peer, port, count }: { peer: string; port: number; count: number }) {
    for (let left = count; left > 0; left -= 50)
      sessions.push(...(await Promise.all(Array.from({ length: Math.min(50, left) }, () => (peers[peer] as (typeof peers)[string])(port)))));
  },
  /** Each session calls so many times. Gives the microseconds that it took. */
  async run(times: number): Promise<number> {
    const start = performance.now();
    await Promise.all(
      sessions.map(async ({ call }) => {
        for (let i = 0; i < times; i++) await call();
      }),
    );
    return (performance.now() - start) * 1000;
  },
  close() {
    for (const session of sessions) session.close();
    sessions = [];
  },
});
