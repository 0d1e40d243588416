import { mkdtempSync, rmSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";
import { type Child, launch } from "../live/child.ts";
import { pageOf } from "../live/run.ts";
import { note, type Rounds, ratioOf, type Section, turns } from "../live/section.ts";
import { table } from "../report.ts";
import { launchStorage } from "../storage/run.ts";
import { type Verdict, verdict } from "../table/goals.ts";
import { median, micros } from "../table/run.ts";
import type { Costs } from "./child.ts";
import { TOKENS } from "./workload.ts";

const PEERS = ["twinstate", "resend", "yjs", "colyseus"];
const READERS = 50;
/** Characters of a long text, and of a long answer. */
const LONG = 100_000;
const ANSWER = 10_000;
const WATCH = JSON.stringify({ watch: [{ store: "chat", key: "a" }] });

export interface TextOptions {
  readonly short: boolean;
  readonly rounds: number;
  log(line: string): void;
}

/** Workload A: an answer that comes token by token. */
export async function runText({ short, rounds, log }: TextOptions): Promise<Section[]> {
  const server = await launch("../text/server");
  try {
    const port = await server.ask<number>("port");
    return [await wires(server, port, short, log), await costs(server, rounds, short ? ["twinstate"] : PEERS, log)];
  } finally {
    await server.stop();
  }
}

export const textPage = (sections: readonly Section[]): string => pageOf("A", ["@colyseus/schema", "yjs"], NOTES, sections);

const number = (value: number) => Math.round(value).toLocaleString("en");
const kilobytes = (what: string, bytes: number, goal: number): Verdict => verdict(what, bytes / 1000, goal, "kB");

/** What came for one reader: the bytes of the frames, and of the stream with all that is around them. */
interface Reader {
  readonly frames: number;
  readonly stream: number;
  close(): void;
}

/** Reads server-sent events. */
async function readEvents(port: number): Promise<Reader> {
  const request = get({ port, host: "127.0.0.1", path: `/api/twin/$live?input=${encodeURIComponent(WATCH)}`, agent: false });
  const response = await new Promise<IncomingMessage>((resolve, reject) => request.once("response", resolve).once("error", reject));
  const reader = { frames: 0, stream: 0, close: () => request.destroy() };
  let rest = "";
  const begun = new Promise<void>((resolve) => {
    response.setEncoding("utf8").on("data", (chunk: string) => {
      const events = (rest + chunk).split("\n\n");
      rest = events.pop() as string;
      for (const event of events) {
        if (event.startsWith('data: ["snapshot"')) resolve();
        if (!/^data: \[\d/.test(event)) continue;
        reader.frames += Buffer.byteLength(event) - "data: ".length;
        reader.stream += Buffer.byteLength(event) + 2;
      }
    });
  });
  response.once("error", () => {});
  await begun;
  return reader;
}

/** Reads the binary wire. Each message but the first ones is a frame, or several. */
async function readBytes(port: number): Promise<Reader> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/twin/$socket/binary`);
  const reader = { frames: 0, stream: 0, close: () => socket.terminate() };
  await new Promise<void>((resolve, reject) => {
    socket.once("open", () => socket.send(WATCH)).once("error", reject);
    let begun = false;
    socket.on("message", (data: Buffer) => {
      if (begun) {
        reader.frames += data.length;
        reader.stream += data.length + 2;
      }
      // The snapshot.
      begun ||= data.length > 1000;
      if (begun) resolve();
    });
  });
  return reader;
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 500));

async function wires(server: Child, port: number, short: boolean, log: TextOptions["log"]): Promise<Section> {
  await server.ask("fill", 0);
  const readers = await Promise.all(Array.from({ length: READERS }, () => readEvents(port)));
  const binary = await readBytes(port);
  await settled();
  const written = (await server.ask<number>("say")) / TOKENS;
  await settled();
  const [text] = readers as [Reader];
  for (const reader of [...readers, binary]) reader.close();
  const stored = await store();
  const found: Record<string, number> = {};
  const child = await launch("../text/child");
  for (const peer of short ? [] : PEERS) found[peer] = await child.ask<number>("bytes", peer);
  await child.stop();
  log(
    `tokens: ${number(text.frames)} B as JSON, ${number(binary.frames)} B as bytes, ${number(stored.texts)} B in sqlite, ${written} encodings for ${READERS}`,
  );
  const rows: [string, number | undefined][] = [
    ["twinstate, frames as JSON", text.frames],
    ["the same with what server-sent events put around them", text.stream],
    ["twinstate, frames on the binary wire", binary.frames],
    ["twinstate, deltas alone, as JSON", found.twinstate],
    ["the whole variable again, as JSON", found.resend],
    ["yjs, updates", found.yjs],
    ["Colyseus, patches", found.colyseus],
    ["twinstate, commits as sqlite stores them", stored.texts],
    ["the growth of the file, with its indices, after all of it", stored.file],
  ];
  return {
    title: "Tokens",
    text: `${TOKENS} tokens of four characters into one message of a list of 200, each an event of its own: what a reader gets, and what the storage is given, in bytes. ${READERS} readers watch over server-sent events, and one over the binary wire. The text of a commit is counted when it is stored; sqlite makes one record of them now and then.`,
    tables: [
      table(
        ["bytes", "is"],
        rows.flatMap(([what, value]) => (value === undefined ? [] : [[what, number(value)]])),
      ),
    ],
    rounds: [],
    verdicts: [
      kilobytes("1,000 tokens, JSON wire", text.frames, 35),
      kilobytes("1,000 tokens, binary wire", binary.frames, 20),
      kilobytes("1,000 tokens, commits in sqlite", stored.texts, 40),
      verdict(`encodings of a token for ${READERS} readers`, written, 1),
    ],
  };
}

async function store(): Promise<{ texts: number; file: number }> {
  const folder = mkdtempSync(join(tmpdir(), "twinstate-bench-"));
  const child = launchStorage(join(folder, "twin.db"));
  try {
    return await child.ask<{ texts: number; file: number }>("tokens");
  } finally {
    child.stop();
    rmSync(folder, { recursive: true });
  }
}

async function costs(server: Child, rounds: number, peers: readonly string[], log: TextOptions["log"]): Promise<Section> {
  const figures = new Map<string, Rounds>();
  const measure = (what: string, peer: string, value: number) => {
    const found: Rounds = figures.get(what) ?? new Map();
    figures.set(what, found);
    note(found, peer, value);
  };
  const children = new Map<string, Child>();
  for (const peer of peers) children.set(peer, await launch("../text/child"));
  const ask = (peer: string, length: number, times: number) => (children.get(peer) as Child).ask<Costs>("costs", { peer, length, times });
  try {
    for (const peer of peers) for (let i = 0; i < 5; i++) await ask(peer, 1000, 300);
    for (const [round, peer] of turns(peers, rounds)) {
      const found = await ask(peer, LONG, peer === "twinstate" ? 500 : 50);
      for (const [kind, { produce, apply }] of Object.entries(found)) {
        measure(`${kind} source`, peer, produce);
        measure(`${kind} mirror`, peer, apply);
      }
      const shorter = await ask(peer, ANSWER, peer === "twinstate" ? 500 : 50);
      measure("say into 10 kB, source", peer, shorter.say.produce);
      measure("say into 10 kB, mirror", peer, shorter.say.apply);
      log(
        `round ${round + 1}, ${peer}: token ${micros(found.say.produce)}/${micros(found.say.apply)} µs, toggle ${micros(found.toggle.produce)}/${micros(found.toggle.apply)} µs`,
      );
    }
    await server.ask("fill", LONG);
    const reader = await readEvents(await server.ask<number>("port"));
    for (const [round, event] of turns(["say", "toggle"], rounds + 2)) {
      await server.ask("fill", LONG);
      const each = median(await server.ask<number[]>("cost", { event, times: 200 }));
      // The first two rounds are for the compilers.
      if (round >= 2) measure("event", event, each);
    }
    reader.close();
  } finally {
    for (const child of children.values()) await child.stop();
  }
  const of = (what: string, peer: string) => micros(median(figures.get(what)?.get(peer) ?? []));
  const ratio = (side: string) =>
    median((figures.get(`say ${side}`)?.get("twinstate") ?? []).map((value, i) => value / (figures.get(`toggle ${side}`)?.get("twinstate")?.[i] as number)));
  const events = figures.get("event") as Rounds;
  return {
    title: "A text of 100 kB",
    text: "Microseconds of CPU of the thread for a token at the end of a text of 100,000 letters, a word in its middle, and the change of a boolean in the same list: source and mirror alone (change, commit, JSON; parse, apply), and a whole event on a server with one reader.",
    tables: [
      table(
        ["µs", ...peers],
        [
          "say into 10 kB, source",
          "say into 10 kB, mirror",
          "say source",
          "say mirror",
          "insert source",
          "insert mirror",
          "toggle source",
          "toggle mirror",
        ].map((what) => [what.replace("say", "token").replace("insert", "word in the middle"), ...peers.map((peer) => of(what, peer))]),
      ),
      table(
        ["µs of an event", "is"],
        [
          ["token", of("event", "say")],
          ["toggle", of("event", "toggle")],
        ],
      ),
    ],
    rounds: [...figures].flatMap(([what, found]) => [...found].map(([peer, values]) => `${what}, ${peer}: ${values.map(micros).join(" ")}`)),
    verdicts: [
      verdict("token into 100 kB, event on the source, to a toggle", ratioOf(events, "say", "toggle", median), 2),
      verdict("token into 100 kB, commit on the source, to a toggle", ratio("source"), 2),
      verdict("token into 100 kB, mirror, to a toggle", ratio("mirror"), 2),
    ],
  };
}

const NOTES = `- **A commit on the source.** A token that joins a text makes a rope in V8, and whoever reads any letter of a rope, as a comparison does, makes V8 copy all of it into one piece: that copy, of 100 kB into memory that is in no cache, takes 13 µs of the 17 µs, and has the collector come more often, which an event feels too. The comparison takes 2 µs, and the rest of the commit what a toggle does. (Tried: \`startsWith\` takes 85 µs, \`indexOf\` 100 µs. Nothing in JavaScript reads a rope without the copy.) So the cost of a token on the source follows the length of the text, at some 0.15 µs for each kilobyte.
- **Beyond 128 kB** (64,000 letters, if one of them is none of Latin-1) V8 takes the memory of each copy from the system: 0.1 to 0.2 ms for each token. The whole text as JSON would take longer.
- **A word in the middle on the mirror** makes V8 copy the text that was put together before it.`;
