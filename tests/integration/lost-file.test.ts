import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { event, state } from "twinstate";
import { expect, test } from "vitest";
import { sqlite } from "../../server/storage/sqlite.js";
import { SqliteFile } from "../../server/storage/sqlite-file.js";
import { type Numbered, serveTwin } from "../kit/app.js";
import { temporaryFolder } from "../kit/files.js";
import { soon } from "../kit/soon.js";

class Counter {
  @state count = 0;
  @event add(by: number) {
    this.count += by;
    return this.count;
  }
}
const stores = { counter: Counter };

async function start(file: string) {
  const storage = sqlite(file);
  const app = await serveTwin({ stores, storage });
  const ready = async () => (await fetch(`${app.site.url}/ready`)).status;
  return { ...app, storage, ready };
}

async function begin() {
  const file = join(temporaryFolder(), "data", "twin.db");
  mkdirSync(dirname(file));
  const app = await start(file);
  const visitor = app.visitor();
  const { i } = (await visitor.number("counter.add", 1, [1])).value as Numbered;
  expect(await app.ready()).toBe(200);
  const told = () => app.logs.filter(({ message }) => message.includes("is not what was opened any more"));
  return { ...app, arrive: app.visitor, file, visitor, i, told };
}

const LOSSES = [
  ["removed with its log", (file) => [file, `${file}-wal`].map((path) => rmSync(path))],
  ["removed alone", (file) => rmSync(file)],
  ["the log of which was removed", (file) => rmSync(`${file}-wal`)],
  ["the folder of which was removed", (file) => rmSync(dirname(file), { recursive: true })],
  ["replaced by another", (file) => [copyFileSync(file, `${file}.new`), renameSync(`${file}.new`, file)]],
  ["overwritten in its place", (file) => writeFileSync(file, readFileSync(file).subarray(0, 100))],
] as const satisfies [string, (file: string) => unknown][];

test.for(LOSSES)("under a running server a file is lost that is %s: nothing is acknowledged that could not be kept", async ([, lose]) => {
  const { arrive, file, i, logs, ready, told, twin, visitor } = await begin();
  lose(file);
  // Asked for once each: by number, without one, by another visitor, who has to be loaded, and by server code.
  expect((await visitor.number("counter.add", 2, [1], { i })).error?.code).toBe("UNAVAILABLE");
  expect((await visitor.ask("counter.add", { args: [1] })).error?.code).toBe("UNAVAILABLE");
  expect((await arrive().ask("counter.add", { args: [1] })).error?.code).toBe("UNAVAILABLE");
  await expect(twin.counter(visitor.session).add(1)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(await ready()).toBe(503);
  expect(told()).toHaveLength(1);
  expect(told()[0]).toMatchObject({ level: "error", message: expect.stringMatching(/storage\.backup\(\).*start the server anew/) });
  expect(logs).toHaveLength(1);
});

test("a file that is lost while a transaction is under way is noticed before that is acknowledged", () => {
  const path = join(temporaryFolder(), "twin.db");
  const file = new SqliteFile(path);
  expect(() => file.transaction(() => rmSync(path))).toThrow("is not what was opened any more");
  file.close();
});

test("that the file is lost is noticed without an event, where somebody asks whether the server is ready", async () => {
  const { file, ready, told } = await begin();
  rmSync(file);
  expect([await ready(), await ready()]).toEqual([503, 503]);
  expect(told()).toHaveLength(1);
});

test("a file that was moved away and back goes on as if nothing had been, and is told of again when it is lost again", async () => {
  const { file, visitor, ready, told, i } = await begin();
  renameSync(file, `${file}.away`);
  expect((await visitor.number("counter.add", 2, [1], { i })).error?.code).toBe("UNAVAILABLE");
  renameSync(`${file}.away`, file);
  expect(await ready()).toBe(200);
  // The call that was refused is asked again under its number.
  await soon(async () => expect((await visitor.number("counter.add", 2, [1], { i })).error).toBeUndefined());
  expect(await visitor.call("counter.add", 1)).toBe(3);
  rmSync(file);
  expect((await visitor.ask("counter.add", { args: [1] })).error?.code).toBe("UNAVAILABLE");
  expect(told()).toHaveLength(2);
});

test("of a file that is lost a backup can be made, and a server that starts on it has all that was acknowledged", async () => {
  const { file, visitor, storage, twin } = await begin();
  await visitor.call("counter.add", 5);
  rmSync(file);
  rmSync(`${file}-wal`);
  expect((await visitor.ask("counter.add", { args: [1] })).error?.code).toBe("UNAVAILABLE");
  await storage.backup(`${file}.saved`);
  await twin.close();
  renameSync(`${file}.saved`, file);
  const next = await start(file);
  expect(await next.twin.counter(visitor.session).$snapshot()).toEqual({ count: 6 });
  expect(await next.ready()).toBe(200);
});
