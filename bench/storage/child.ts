// A server whose storage is measured, in a process of its own. Run by plain Node, so its decorators are called by hand.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { event, state, update } from "twinstate";
import { createTwin, memory, type Storage } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { commitText } from "../../server/storage/packed.ts";
import { type Message, makeMessages, tokens } from "../text/workload.ts";

class Table {
  rows: unknown[] = [];
  add(title: string) {
    this.rows.push({ id: this.rows.length, title, done: false, tags: ["red", "green", "blue"], meta: { a: 1, b: "some text" } });
    return this.rows.length;
  }
  fill(count: number) {
    this.rows = Array.from({ length: count }, (_, id) => ({
      id,
      title: `the title of row ${id}`.padEnd(20, "."),
      done: false,
      tags: ["red", "green", "blue"],
      meta: { a: id, b: "some text" },
    }));
  }
  toggle(at: number) {
    const row = this.rows[at] as { done: boolean };
    row.done = !row.done;
  }
}
class Chat {
  messages: Message[] = [];
  fill() {
    this.messages = makeMessages(0);
  }
  async answer() {
    for (const token of tokens) {
      await update(() => {
        (this.messages.at(-1) as Message).text += token;
      });
    }
  }
}
type Decorate = (target: object, name: string, descriptor?: unknown) => void;
function declare(Class: new () => object, field: string, events: Readonly<Record<string, object>>): void {
  (state as unknown as Decorate)(Class.prototype, field);
  for (const [name, options] of Object.entries(events))
    (event(options) as unknown as Decorate)(Class.prototype, name, Object.getOwnPropertyDescriptor(Class.prototype, name));
}
declare(Table, "rows", { add: {}, fill: {}, toggle: {} });
declare(Chat, "messages", { fill: {}, answer: { background: true } });

const file = process.argv[2] as string;
const open = (storage: Storage, idle = 600_000) =>
  createTwin({
    name: randomBytes(8).toString("hex"),
    stores: { table: Table, chat: Chat },
    storage,
    idle,
    session: { secret: "a secret for the bench" },
    log: () => {},
  });
const storages: Readonly<Record<string, () => Storage>> = { memory, sqlite: () => sqlite(file) };
const forget = () => {
  for (const end of ["", "-wal", "-shm"]) rmSync(file + end, { force: true });
};

/** What this process has written to files so far, where the system tells. */
const bytesWritten = () => Number(existsSync("/proc/self/io") ? /^wchar: (\d+)/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1] : Number.NaN);

/** This thread's own time in the longest turn of the event loop while something runs, in ms. */
async function stallOf<R>(work: () => Promise<R>): Promise<{ result: R; stall: number }> {
  const cpu = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let [longest, over, before] = [0, false, cpu()];
  const turn = () => {
    const now = cpu();
    longest = Math.max(longest, now - before);
    before = now;
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  const result = await work();
  over = true;
  return { result, stall: Math.max(longest, cpu() - before) };
}

const tasks: Readonly<Record<string, (input: never) => Promise<unknown>>> = {
  /** Events a second: so many clients, each of a session of its own, one event after the other. */
  async rate({ kind, clients, ms }: { kind: string; clients: number; ms: number }) {
    forget();
    const twin = open(storages[kind]?.() as Storage);
    const ids = Array.from({ length: clients }, () => randomBytes(16).toString("base64url"));
    await Promise.all(ids.map((id) => twin.table(id).add("first")));
    const end = performance.now() + ms;
    let events = 0;
    const started = performance.now();
    await Promise.all(
      ids.map(async (id) => {
        const table = twin.table(id);
        for (; performance.now() < end; events++) await table.add("another title");
      }),
    );
    const rate = events / ((performance.now() - started) / 1000);
    await twin.close();
    return rate;
  },

  /** The same over HTTP, for clients in another process. Gives the port. */
  async serve({ kind }: { kind: string }) {
    forget();
    const twin = open(storages[kind]?.() as Storage);
    const server = createServer(async (req, res) => {
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk as Buffer);
      const headers = new Headers(req.headers as Record<string, string>);
      const response = await twin.handlers.POST(new Request(`http://${req.headers.host}${req.url}`, { method: "POST", headers, body: Buffer.concat(chunks) }));
      for (const [name, value] of response.headers) res.appendHeader(name, value);
      res.writeHead(response.status).end(Buffer.from(await response.arrayBuffer()));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    stop = async () => {
      server.close();
      server.closeAllConnections();
      await twin.close();
    };
    return (server.address() as { port: number }).port;
  },

  async stop() {
    await stop();
  },

  /** A store of so many rows: what one change costs, and what a cold start does. */
  async large({ rows }: { rows: number }) {
    forget();
    const first = open(sqlite(file));
    await first.table("s").fill(rows);
    const json = JSON.stringify((await first.table("s").$snapshot()).rows).length;
    const before = bytesWritten();
    for (let i = 0; i < 50; i++) await first.table("s").toggle(i * 7);
    const written = (bytesWritten() - before) / 50;
    await first.close();
    const db = new DatabaseSync(file);
    const { bytes } = db.prepare("SELECT avg(length(text)) AS bytes FROM commits WHERE seq > 1").get() as { bytes: number };
    db.close();
    const loads: { ms: number; stall: number }[] = [];
    for (let i = 0; i < 5; i++) {
      const twin = open(sqlite(file));
      const started = performance.now();
      const { stall } = await stallOf(() => twin.table("s").toggle(1));
      loads.push({ ms: performance.now() - started, stall });
      await twin.close();
    }
    return { json, bytes, written, loads };
  },

  /** An answer of 1,000 tokens, each a commit: the bytes of the commits, and how much the file grows by all of them. */
  async tokens() {
    forget();
    const first = open(sqlite(file));
    await first.chat("s").fill();
    await first.close();
    const before = statSync(file).size;
    const storage = sqlite(file);
    let texts = 0;
    const twin = open({
      ...storage,
      append(id, commits) {
        for (const commit of commits) texts += Buffer.byteLength(commitText(commit as never));
        return storage.append(id, commits);
      },
    });
    await twin.chat("s").answer();
    await twin.close();
    return { texts, file: statSync(file).size - before };
  },

  /** What sessions that nobody uses leave in memory. */
  async idle({ kind, count }: { kind: string; count: number }) {
    forget();
    const storage = storages[kind]?.() as Storage;
    const twin = open(storage, 0);
    const add = async (some: number) => {
      for (let i = 0; i < some; i += 50) {
        await Promise.all(Array.from({ length: 50 }, () => twin.table(randomBytes(16).toString("base64url")).add("milk")));
        await new Promise(setImmediate);
      }
    };
    const heap = async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      globalThis.gc?.();
      return process.memoryUsage().heapUsed;
    };
    await add(2000);
    const before = await heap();
    const { stall } = await stallOf(() => add(count));
    const each = ((await heap()) - before) / count;
    await twin.close();
    return { each, stall };
  },
};
let stop = async () => {};

process.on("message", ({ id, task, input }: { id: number; task: string; input: never }) => {
  (tasks[task] as (input: never) => Promise<unknown>)(input).then(
    (result) => process.send?.({ id, result }),
    (error: Error) => process.send?.({ id, error: error.stack }),
  );
});
process.on("disconnect", () => process.exit());
