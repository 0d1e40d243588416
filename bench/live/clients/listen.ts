// A thousand readers of one stream.
import type { Socket } from "node:net";
import { answer, now } from "../tasks.ts";
import { read } from "./reader.ts";

interface Stream {
  readonly path: string;
  readonly begun: string;
  readonly upgrade?: { readonly say?: string };
}

const live = (input: object, route = "/api/twin") => `${route}/$live?input=${encodeURIComponent(JSON.stringify(input))}`;
const socket = (input: object) => ({ path: "/api/twin/$socket", begun: '["snapshot"', upgrade: { say: JSON.stringify(input) } });
const room = { watch: [{ store: "room", key: "all" }] };
const session = { watch: [{ store: "counter" }] };

const streams: Record<string, Stream> = {
  twinstate: { path: live(room), begun: '["snapshot"' },
  "twinstate, attached": { path: live(room, "/attached"), begun: '["snapshot"' },
  session: { path: live(session), begun: '["snapshot"' },
  "session, attached": { path: live(session, "/attached"), begun: '["snapshot"' },
  "twinstate, ws": socket(room),
  "session, ws": socket(session),
  trpc: { path: "/api/twin/live", begun: "event: connected" },
  sse: { path: "/", begun: "event: connected" },
  ws: { path: "/", begun: "\r\n\r\n", upgrade: {} },
  socketio: { path: "/socket.io/?EIO=4&transport=websocket", begun: '40{"sid"', upgrade: { say: "40" } },
};

const sockets: Socket[] = [];
let seen = 0;
let wanted = Number.POSITIVE_INFINITY;
let done = (_: number) => {};

function onMarks(count: number): void {
  seen += count;
  if (seen < wanted) return;
  wanted = Number.POSITIVE_INFINITY;
  done(now());
}

answer({
  async open({ peer, port, count }: { peer: string; port: number; count: number }) {
    const stream = streams[peer] as Stream;
    for (let left = count; left > 0; left -= 50) {
      const some = await Promise.all(Array.from({ length: Math.min(50, left) }, () => read({ ...stream, port, onMarks })));
      sockets.push(...some.map(({ socket }) => socket));
    }
  },
  /** When so many marks have come in all. */
  until(count: number): number | Promise<number> {
    if (seen >= count) return now();
    wanted = count;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`Only ${seen} of ${count} deliveries have come`)), 60_000);
      done = (at) => {
        clearTimeout(timer);
        resolve(at);
      };
    });
  },
  close() {
    for (const socket of sockets) socket.destroy();
  },
});
