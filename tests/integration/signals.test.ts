import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createTwin } from "twinstate/server";
import { expect, onTestFinished, test } from "vitest";
import { type Follower, Visitor } from "../kit/app.js";
import type { Otherwise } from "../kit/signal-server.js";

const ROOT = join(import.meta.dirname, "../..");

interface Started {
  readonly child: ChildProcess;
  readonly visitor: Visitor;
  readonly live: Follower;
  /** The next line that it writes. */
  line(): Promise<string>;
  /** How it has ended: its code, and the signal that has ended it. */
  readonly ended: Promise<unknown[]>;
}

/** A process with a twin and an open stream of a visitor's. */
async function start(otherwise: Otherwise): Promise<Started> {
  const child = spawn(process.execPath, ["--no-warnings", "--import", "./tests/kit/sources.mjs", "tests/kit/signal-server.ts"], {
    cwd: ROOT,
    env: { ...process.env, OTHERWISE: otherwise },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const line = async () => (await lines.next()).value as string;
  const ended = once(child, "exit");
  const visitor = new Visitor(await line());
  await visitor.call("note.write", "begun");
  const live = visitor.live({ store: "note" });
  await live.state("note");
  return { child, line, ended, visitor, live };
}

/** Waits until a server takes no more events. */
const closing = ({ url }: Visitor) => expect.poll(async () => (await fetch(`${url}/ready`)).status).toBe(503);

test("SIGTERM lets what runs end, sends streams away, and then ends the process where nobody else listens", async () => {
  const { child, line, ended, visitor, live } = await start("nothing");
  const held = visitor.call("note.hold", "held");
  expect(await line()).toBe("held");
  child.kill("SIGTERM");
  await closing(visitor);
  expect((await visitor.ask("note.write", { args: ["late"] })).error?.code).toBe("OFFLINE");
  child.send("go on");
  expect(await held).toBe("held");
  await live.stream.ended;
  expect((await live.state("note")).text).toBe("held");
  expect(live.messages.at(-1)).toEqual(["bye", "closed"]);
  expect(await ended).toEqual([null, "SIGTERM"]);
});

test("where others listen to the signal, the process is theirs to end: a server that waits for its streams ends by itself", async () => {
  const { child, ended, live } = await start("ends itself");
  child.kill("SIGTERM");
  await live.stream.ended;
  expect(live.messages.at(-1)).toEqual(["bye", "closed"]);
  expect(await ended).toEqual([3, null]);
});

test("sockets of a server that has attached the twin by its name end too, also those whose clients do not answer", async () => {
  const { child, ended, visitor, live } = await start("ends itself");
  const { port } = new URL(visitor.url);
  const line = connect(Number(port), "127.0.0.1");
  onTestFinished(() => void line.destroy());
  const key = Buffer.alloc(16).toString("base64");
  line.write(
    `GET /api/twin/$socket HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  const [answer] = (await once(line, "data")) as [Buffer];
  expect(answer.toString()).toContain("101 Switching Protocols");
  const input = Buffer.from('{"watch":[{"store":"note"}]}');
  line.write(Buffer.concat([Buffer.from([0x81, 0x80 | input.length, 0, 0, 0, 0]), input]));
  await once(line, "data");
  child.kill("SIGTERM");
  await live.stream.ended;
  const begun = Date.now();
  expect(await ended).toEqual([3, null]);
  // The package `ws` would wait for half a minute.
  expect(Date.now() - begun).toBeLessThan(25_000);
});

test("a second signal ends a process that takes too long", async () => {
  const { child, line, ended, visitor } = await start("nothing");
  const held = visitor.call("note.hold", "held").catch(() => "cut off");
  expect(await line()).toBe("held");
  child.kill("SIGINT");
  await closing(visitor);
  child.kill("SIGINT");
  expect(await ended).toEqual([null, "SIGINT"]);
  expect(await held).toBe("cut off");
});

test("with `signals: false` the twin does nothing by itself", async () => {
  const { child, ended, live } = await start("no signals");
  child.kill("SIGTERM");
  expect(await ended).toEqual([null, "SIGTERM"]);
  await live.stream.ended.catch(() => {});
  expect(live.all("bye")).toEqual([]);
});

test("a twin that was closed listens to no signal, and the process ends as nothing is left to do", async () => {
  const { child, line, ended } = await start("nothing");
  child.send("close");
  expect(await line()).toBe("closed, 0 and 0 listeners");
  expect(await ended).toEqual([0, null]);
});

test("what `signals` cannot be is refused at start", () => {
  class Note {}
  expect(() => createTwin({ stores: { note: Note }, signals: "SIGTERM" as never })).toThrow("`signals` is neither `true` nor `false`");
});
