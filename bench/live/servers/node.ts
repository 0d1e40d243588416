// One of the nodes that share a Redis.
import { createHash } from "node:crypto";
import { Redis } from "ioredis";
import { event, state } from "../../../lib/index.js";
import { createTwin, scope } from "../../../server/index.js";
import { redis } from "../../../server/storage/redis.js";
import { listen, serveHandler } from "../http.ts";
import { answer, measures, now } from "../tasks.ts";

class Room {
  @state text = "";
  @event say(text: string) {
    this.text = text;
  }
}

const url = process.argv[2] as string;
const twin = createTwin({
  stores: { room: scope.room(Room, { allow: () => true }) },
  session: { secret: "a secret for the bench alone" },
  storage: redis(url),
  idle: 3_600_000,
  leaseTime: 120_000,
  log: ({ level, error }) => {
    if (level === "error") console.error(error);
  },
});

const { server, port } = await listen(serveHandler((request) => twin.handlers[request.method === "POST" ? "POST" : "GET"](request)));
await twin.attach(server, { path: "/attached/$socket", live: true });
const bare = new Redis(url);

/** Has so many callers do something for a time, each one after the other. Gives how often in a second. */
async function rateOf(callers: number, ms: number, call: (caller: number) => Promise<unknown>): Promise<number> {
  const started = performance.now();
  let count = 0;
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (; performance.now() < started + ms; count++) await call(caller);
    }),
  );
  return count / ((performance.now() - started) / 1000);
}

/** What Redis has counted so far. */
async function redisCounts() {
  const [commands, stats] = [await bare.info("commandstats"), await bare.info("stats")];
  const count = (text: string, name: RegExp) => Number(name.exec(text)?.[1] ?? 0);
  return { scripts: count(commands, /cmdstat_evalsha:calls=(\d+)/), bytes: count(stats, /total_net_input_bytes:(\d+)/) };
}

const text = (n: number) => `${n} ${"text ".repeat(20)}`;
const script = "return redis.call('RPUSH', KEYS[1], ARGV[1])";
const hash = createHash("sha1").update(script).digest("hex");

answer({
  ...measures,
  port: () => port,
  async publish(texts: string[]) {
    const start = now();
    for (const some of texts) await twin.room("all").say(some);
    return start;
  },
  /** Durable events a second, each caller in a room of its own. */
  async rate({ callers, ms }: { callers: number; ms: number }) {
    let n = 0;
    await rateOf(callers, 0, (caller) => twin.room(`room ${caller}`).say("first"));
    await Promise.all(Array.from({ length: callers }, (_, caller) => twin.room(`room ${caller}`).say("first")));
    return rateOf(callers, ms, (caller) => twin.room(`room ${caller}`).say(text(n++)));
  },
  /** The same of a script that does nothing but write as many bytes. */
  async bare({ callers, ms, bytes }: { callers: number; ms: number; bytes: number }) {
    await bare.script("LOAD", script);
    const [head] = ["*5\r\n$7\r\nEVALSHA\r\n$40\r\n\r\n$1\r\n1\r\n$7\r\n\r\n$4\r\n\r\n"];
    const body = "x".repeat(Math.max(1, Math.round(bytes) - head.length - 47));
    return rateOf(callers, ms, (caller) => bare.evalsha(hash, 1, `bare:${caller}`, body));
  },
  /** The scripts that an event takes which is alone, and the bytes of one that shares its script with those of other callers. */
  async costs({ callers, events }: { callers: number; events: number }) {
    const call = (caller: number, n: number) => twin.room(`room ${caller}`).say(text(n));
    await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller, 0)));
    const first = await redisCounts();
    for (let n = 0; n < events; n++) await call(0, n);
    const alone = await redisCounts();
    for (let n = 0; n < events; n += callers) await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller, n)));
    const shared = await redisCounts();
    return { scripts: (alone.scripts - first.scripts) / events, bytes: (shared.bytes - alone.bytes) / events };
  },
});
