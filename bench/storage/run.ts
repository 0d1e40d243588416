import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pageOf } from "../live/run.ts";
import { note, type Rounds, ratioOf, type Section, turns } from "../live/section.ts";
import { table } from "../report.ts";
import { verdict } from "../table/goals.ts";
import { median } from "../table/run.ts";
import { runNodes } from "./nodes.ts";

const CLIENTS = 100;
const root = `${import.meta.dirname}/../..`;

export interface StorageOptions {
  readonly short: boolean;
  readonly rounds: number;
  log(line: string): void;
}

/** Workload S: what durability costs. */
export async function runStorage({ short, rounds, log }: StorageOptions): Promise<Section[]> {
  const folder = mkdtempSync(join(tmpdir(), "twinstate-bench-"));
  const file = join(folder, "twin.db");
  const child = launchStorage(file);
  try {
    const sections = [await rate(child, rounds, short ? 500 : 1500, log), await large(child, log), await idle(file, short ? 10_000 : 100_000, log)];
    return [...sections, ...(await runNodes({ rounds, short, log }))];
  } finally {
    child.stop();
    rmSync(folder, { recursive: true });
  }
}

export const storagePage = (sections: readonly Section[]): string => pageOf("S", ["@trpc/server"], "", sections);

const number = (value: number, digits = 0) => value.toLocaleString("en", { maximumFractionDigits: digits });

interface Child {
  ask<R>(task: string, input?: unknown): Promise<R>;
  stop(): void;
}

/** A process whose storage is in this file. */
export function launchStorage(file: string): Child {
  const child = fork(`${import.meta.dirname}/child.ts`, [file], {
    cwd: root,
    execArgv: ["--no-warnings", "--expose-gc", "--import", "./tests/kit/sources.mjs"],
    env: { ...process.env, NODE_ENV: "production" },
  });
  const asked = new Map<number, { resolve(result: never): void; reject(error: Error): void }>();
  let last = 0;
  child.on("message", ({ id, result, error }: { id: number; result: never; error?: string }) => {
    if (error) asked.get(id)?.reject(new Error(error));
    else asked.get(id)?.resolve(result);
  });
  return {
    ask: (task, input = {}) =>
      new Promise((resolve, reject) => {
        asked.set(++last, { resolve, reject });
        child.send({ id: last, task, input });
      }),
    stop: () => child.disconnect(),
  };
}

async function rate(child: Child, count: number, ms: number, log: StorageOptions["log"]): Promise<Section> {
  const [inside, http]: [Rounds, Rounds] = [new Map(), new Map()];
  for (const [round, kind] of turns(["memory", "sqlite"], count)) {
    note(inside, kind, await child.ask<number>("rate", { kind, clients: CLIENTS, ms }));
    const port = await child.ask<number>("serve", { kind });
    note(http, kind, await overHttp(port, ms));
    await child.ask("stop");
    log(
      `rate, round ${round + 1}, ${kind}: ${number(inside.get(kind)?.at(-1) ?? 0)} events a second inside the process, ${number(http.get(kind)?.at(-1) ?? 0)} over HTTP`,
    );
  }
  const row = (what: string, rounds: Rounds) => [
    what,
    ...["memory", "sqlite"].map((kind) => number(median(rounds.get(kind) ?? []))),
    ratioOf(rounds, "sqlite", "memory", median).toFixed(2),
  ];
  return {
    title: "Durable events a second",
    text: `${CLIENTS} clients, each of a session of its own, one event after the other. Each event of \`sqlite()\` is on the disk before it is answered. Inside the process all callers wait for the same write, and the process idles meanwhile.`,
    tables: [table(["events a second", "memory", "sqlite", "ratio"], [row("over HTTP", http), row("inside the process", inside)])],
    rounds: [],
    verdicts: [verdict("memory / sqlite, events a second, 100 clients over HTTP", 1 / ratioOf(http, "sqlite", "memory", median), 2)],
  };
}

/** Events a second that clients here get answered. */
async function overHttp(port: number, ms: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const post = (cookie: string | undefined) =>
    new Promise<string | undefined>((resolve, reject) => {
      const body = JSON.stringify({ args: ["another title"] });
      const headers = { "content-type": "application/json", "content-length": body.length, ...(cookie && { cookie }) };
      request({ port, host: "127.0.0.1", path: "/api/twin/table.add", method: "POST", agent, headers }, (res) => {
        res.resume();
        res.on("end", () =>
          res.statusCode === 200 ? resolve(res.headers["set-cookie"]?.[0]?.split(";")[0] ?? cookie) : reject(new Error(`${res.statusCode}`)),
        );
      })
        .on("error", reject)
        .end(body);
    });
  const cookies = await Promise.all(Array.from({ length: CLIENTS }, () => post(undefined)));
  const started = performance.now();
  let events = 0;
  await Promise.all(
    cookies.map(async (cookie) => {
      for (; performance.now() - started < ms; events++) await post(cookie);
    }),
  );
  agent.destroy();
  return events / ((performance.now() - started) / 1000);
}

async function large(child: Child, log: StorageOptions["log"]): Promise<Section> {
  const { json, bytes, written, loads } = await child.ask<{ json: number; bytes: number; written: number; loads: { ms: number; stall: number }[] }>("large", {
    rows: 100_000,
  });
  const [ms, stall] = [median(loads.map((load) => load.ms)), median(loads.map((load) => load.stall))];
  log(
    `large store: ${number(json / 1e6, 1)} MB, ${number(bytes)} B a record, ${number(written)} B written, cold load ${number(ms)} ms, longest stall ${number(stall, 1)} ms`,
  );
  return {
    title: "A large store",
    text: "100,000 rows; one field of one row changes. SQLite writes whole pages of 4 kB to its log, one or two for each transaction, however many events share it.",
    tables: [
      table(
        ["", "is"],
        [
          ["the store as JSON, MB", number(json / 1e6, 1)],
          ["bytes of one event's record", number(bytes)],
          ["bytes that the process writes, one event for each transaction", number(written)],
          ["cold load, until an event is answered, ms", number(ms)],
          ["longest stall of the event loop meanwhile, ms", number(stall, 1)],
        ],
      ),
    ],
    rounds: [],
    verdicts: [verdict("bytes of an event's record", bytes, 300, "B"), verdict("longest stall in a cold load of 100,000 rows", stall * 1000, 20_000, "µs")],
  };
}

async function idle(file: string, count: number, log: StorageOptions["log"]): Promise<Section> {
  const found: [kind: string, each: number, stall: number][] = [];
  for (const kind of ["memory", "sqlite"]) {
    // A process of its own: it has nothing else to forget.
    const child = launchStorage(file);
    const { each, stall } = await child.ask<{ each: number; stall: number }>("idle", { kind, count });
    child.stop();
    found.push([kind, each, stall]);
    log(`${number(count)} idle sessions, ${kind}: ${number(each)} B each, longest stall ${number(stall, 1)} ms`);
  }
  return {
    title: "Idle sessions",
    text: `${number(count)} sessions, each with one row, that nobody uses any more. With \`memory()\` what is kept is the storage itself.`,
    tables: [
      table(
        ["", "bytes of heap for each", "longest stall, ms"],
        found.map(([kind, each, stall]) => [kind, number(each), number(stall, 1)]),
      ),
    ],
    rounds: [],
    verdicts: [verdict("heap for each idle session, sqlite", found[1]?.[1] ?? Number.NaN, 50, "B")],
  };
}
