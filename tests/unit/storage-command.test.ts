import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { event, state } from "twinstate";
import { createTwin, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { expect, test } from "vitest";
import { storage } from "../../cli/commands/storage.js";
import { list } from "../../cli/storage/listing.js";
import { placeOf, reader } from "../../cli/storage/place.js";
import { plainJson } from "../../cli/storage/plain-json.js";
import { SOURCES, twinstate } from "../kit/command.js";
import { temporaryFolder } from "../kit/files.js";
import { ROOT } from "../kit/rooms.js";

class Item {
  @state title = "";
}
class Board {
  static version = 3;
  @state items: Item[] = [];
  @state at = new Date(0);
  @state votes = new Map<string, bigint>();
  @state({ private: true }) private hidden = "h";
  @event add(title: string) {
    const item = new Item();
    item.title = title + this.hidden;
    this.items.push(item);
    this.votes.set(title, 1n);
  }
}
class Stats {
  @state count = 0;
  @event add() {
    this.count++;
  }
}

/** A file with boards `a` and `b`, and shared statistics; the server is closed. */
async function filled(file: string, rooms: readonly string[] = ["a", "b"]) {
  const twin = createTwin({ stores: { board: scope.room(Board, { allow: () => true }), stats: scope.shared(Stats) }, models: { Item }, storage: sqlite(file) });
  await Promise.all(rooms.map((key) => twin.board(key).add(`milk ${key}`)));
  await twin.stats().add();
  return twin;
}

async function closedFile(rooms?: readonly string[]) {
  const folder = temporaryFolder();
  await (await filled(join(folder, "twin.db"), rooms)).close();
  const run = (...args: readonly string[]) => twinstate(folder, ["storage", ...args, "--url", "twin.db"]);
  return { folder, file: join(folder, "twin.db"), run };
}

test("`list` shows scope instances with revision, size, last use and versions, and changes nothing", async () => {
  const { folder, file, run } = await closedFile();
  const before = readFileSync(file);
  const { status, stdout } = run("list");
  expect(status).toBe(0);
  const lines = stdout.trimEnd().split("\n");
  expect(lines[0]?.replace(/ +/g, " ")).toBe("id revision size last use (UTC) stores");
  const day = new Date().toISOString().slice(0, 10);
  expect(
    lines.slice(1, -1).map((line) =>
      line
        .replace(/ +/g, " ")
        .replace(/[\d.]+ k?B/, "SIZE")
        .replace(/\d\d:\d\d/, "TIME"),
    ),
  ).toEqual([`room/a 1 SIZE ${day} TIME board v3`, `room/b 1 SIZE ${day} TIME board v3`, `shared/ 1 SIZE ${day} TIME stats`]);
  expect(lines.at(-1)).toMatch(/^3 scope instances, [\d.]+ k?B$/);
  const json = run("list", "--json", "--prefix", "room/b").stdout.trimEnd().split("\n");
  expect(json.map((line) => JSON.parse(line))).toEqual([
    { id: "room/b", revision: 1, bytes: expect.any(Number), used: expect.any(Number), stores: { board: 3 } },
  ]);
  expect(run("list", "--prefix", "user/").stdout).toBe("0 scope instances, 0 B\n");
  run("export");
  expect(readFileSync(file).equals(before)).toBe(true);
  expect(twinstate(folder, ["storage", "list"], { TWIN_FILE: "twin.db" }).stdout).toBe(stdout);
});

test("`export` writes a line of JSON for each, with private fields and what JSON does not have", async () => {
  const { run } = await closedFile();
  const lines = run("export")
    .stdout.trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines[0]).toEqual({
    id: "room/a",
    revision: 1,
    used: expect.any(String),
    stores: {
      board: {
        version: 3,
        state: { items: [{ title: "milk ah" }], at: { $date: "1970-01-01T00:00:00.000Z" }, votes: { $map: [["milk a", { $bigint: "1" }]] }, hidden: "h" },
      },
    },
  });
  expect(lines.map(({ id }) => id)).toEqual(["room/a", "room/b", "shared/"]);
});

test("what JSON does not have, and circles, stand in objects of one key", () => {
  const circle: { self?: unknown; list: unknown[] } = { list: [NaN, -0, new Set([new URL("https://a.example/")]), /x/g, new Uint8Array([1, 2])] };
  circle.self = circle;
  circle.list.push(circle.list);
  expect(plainJson(circle)).toEqual({
    list: [{ $number: "NaN" }, { $number: "-0" }, { $set: [{ $url: "https://a.example/" }] }, { $regexp: "/x/g" }, { $bytes: "AQI=" }, { $ref: "list" }],
    self: { $ref: "" },
  });
});

test("`list` reads page by page", async () => {
  const rooms = Array.from({ length: 1203 }, (_, i) => `r${i}`);
  const { file } = await closedFile(rooms);
  const open = await reader({ file });
  const lines: string[] = [];
  await list(open, "room/", true, (line) => void lines.push(line));
  await open.close();
  expect(new Set(lines.map((line) => JSON.parse(line).id))).toEqual(new Set(rooms.map((key) => `room/${key}`)));
  expect(lines).toHaveLength(rooms.length);
});

test("`delete` asks, deletes for good, and names an id that there is not", async () => {
  const { run } = await closedFile();
  expect(run("delete", "room/a")).toMatchObject({ status: 1, stdout: "- room/a\n", stderr: expect.stringContaining('"Delete this scope instance for good?"') });
  expect(run("delete", "room/x", "--yes")).toMatchObject({ status: 1, stderr: "Nothing is kept under `room/x`: `twinstate storage list` shows the ids." });
  expect(run("delete", "room/a", "shared/", "--yes")).toEqual({ status: 0, stdout: "- room/a\n- shared/\ndeleted room/a\ndeleted shared/\n", stderr: "" });
  expect(run("list").stdout).toContain("1 scope instance, ");
});

test("a flag that an action would not heed is refused, and nothing is done", async () => {
  const { file } = await closedFile();
  const before = readFileSync(file);
  for (const args of [
    ["delete", "room/a", "--yes", "--dry-run"],
    ["delete", "room/a", "--yes", "--prefix", "room/"],
    ["export", "--json"],
    ["list", "--yes"],
  ])
    await expect(storage.run([...args, "--url", file])).rejects.toThrow(/^`--\S+` does not go with `storage \w+`: leave it out\.$/);
  expect(readFileSync(file).equals(before)).toBe(true);
});

test("what is damaged can be deleted", async () => {
  const { file, run } = await closedFile();
  const db = new DatabaseSync(file);
  db.exec("UPDATE hosts SET sum = 1 WHERE id = 'room/a'; UPDATE hosts SET id = '~2026-11-30T20:12:00.000Z room/b' WHERE id = 'room/b'");
  db.close();
  expect(run("delete", "room/a", "~2026-11-30T20:12:00.000Z room/b", "room/a", "--yes")).toMatchObject({ status: 0, stderr: "" });
  expect(run("list").stdout).toContain("1 scope instance, ");
});

test("a reader that has seen enough ends the command without an error; a disk that is full does not", async () => {
  const { folder } = await closedFile();
  const args = (action: string) => [...SOURCES, "storage", action, "--url", "twin.db"];
  for (const action of ["list", "export"]) {
    const child = spawn(process.execPath, args(action), { cwd: folder });
    let complained = "";
    child.stderr.on("data", (chunk) => (complained += chunk));
    child.stdout.destroy();
    expect([action, ...(await once(child, "close")), complained]).toEqual([action, 0, null, ""]);
  }
  if (!existsSync("/dev/full")) return;
  const { status, stderr } = spawnSync(process.execPath, args("export"), {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", openSync("/dev/full", "w"), "pipe"],
  });
  expect([status, stderr]).toEqual([1, expect.stringMatching(/^The output cannot be written: ENOSPC.* What is there is not whole\.\n$/)]);
});

test.each([
  "redis://app:12/swordfish@localhost:1",
  "redis://app:12?swordfish@localhost:1",
  "redis:/app:swordfish@localhost:1",
  "redis://app:swordfish%zz@localhost:1",
  "redis://app:swordfish@localhost:1/swordfish",
  "postgres://app:swordfish%zz@localhost:1",
  "postgres://app:12/swordfish@localhost:1/app",
  "postgres://app:12#swordfish@localhost:1/app",
  "postgres://app:swordfish@localhost:1/app",
  "app:swordfish@localhost:1",
  "mysql://app:swordfish@localhost:1",
])("of %s, the password is not shown", async (url) => {
  await expect(storage.run(["list", "--url", url])).rejects.toThrow(/^((?!swordfish|\b12\b).)+$/);
});

test("a file that a server has open is refused; what a killed one has left is read", async () => {
  const folder = temporaryFolder();
  const twin = await filled(join(folder, "twin.db"));
  for (const args of [["list"], ["export"], ["delete", "room/a", "--yes"]]) {
    const { status, stderr } = twinstate(folder, ["storage", ...args, "--url", "twin.db"]);
    expect([status, stderr]).toEqual([1, expect.stringContaining("twin.db is in use by another process")]);
  }
  for (const end of ["", "-wal"]) copyFileSync(join(folder, `twin.db${end}`), join(folder, `left.db${end}`));
  expect(twinstate(folder, ["storage", "list", "--url", "left.db"]).stdout).toContain("3 scope instances, ");
  await twin.close();
});

// What `npm run build` has made, where it has run.
test.skipIf(!existsSync(join(ROOT, "dist/cli.js")))("the built command reads a file as the sources do", async () => {
  const { folder, run } = await closedFile();
  const { stdout, stderr } = spawnSync(process.execPath, ["--no-warnings", join(ROOT, "dist/cli.js"), "storage", "list", "--url", "twin.db"], {
    cwd: folder,
    encoding: "utf8",
  });
  expect([stderr, stdout]).toEqual(["", run("list").stdout]);
});

test("a damaged record is named, and the others are read", async () => {
  const { file, run } = await closedFile();
  const db = new DatabaseSync(file);
  db.exec("UPDATE chunks SET sum = 1 WHERE host = (SELECT no FROM hosts WHERE id = 'room/b'); UPDATE hosts SET sum = 1 WHERE id = 'shared/'");
  db.close();
  expect(run("list").stdout).toContain("cannot be read (DAMAGED)");
  const { status, stdout, stderr } = run("export");
  expect([status, stdout.split("\n").length, stderr]).toEqual([
    1,
    2,
    expect.stringMatching(/^room\/b: What the storage has of `room\/b` is damaged.*\nshared\/: /),
  ]);
});

test.each<[string, (folder: string) => string | undefined, string]>([
  ["no storage", () => undefined, "Which storage? Say `--url twin.db` or `--url redis://…`"],
  ["a folder", (folder) => folder, "is a folder. Name the file of `sqlite()` in it."],
  [
    "an empty file",
    (folder) => {
      writeFileSync(join(folder, "empty.db"), "");
      return join(folder, "empty.db");
    },
    "empty.db is empty: nothing has been kept in it.",
  ],
  ["no file", (folder) => join(folder, "nix.db"), "nix.db."],
  [
    "a file that is no database",
    (folder) => {
      writeFileSync(join(folder, "text.db"), "hello ".repeat(100));
      return join(folder, "text.db");
    },
    "text.db: it is no SQLite file.",
  ],
  [
    "a database of another program",
    (folder) => {
      new DatabaseSync(join(folder, "other.db")).exec("CREATE TABLE t (a)");
      return join(folder, "other.db");
    },
    "other.db is no file of twinstate's: it is left as it is.",
  ],
  [
    "a newer format",
    (folder) => {
      new DatabaseSync(join(folder, "newer.db")).exec(`CREATE TABLE hosts (a); PRAGMA application_id = ${0x7477696e}; PRAGMA user_version = 99`);
      return join(folder, "newer.db");
    },
    "newer.db is of format 99, which this version of twinstate does not read",
  ],
  ["a wrong URL", () => "http://localhost", "its protocol is `http:`"],
  ["a Redis that is not there", () => "redis://localhost:1", "Redis at localhost:1: nothing listens there."],
])("%s is refused, with the way out", async (_, make, message) => {
  const looked = async () => {
    const open = await reader(placeOf(make(temporaryFolder()), "twin:", {}));
    try {
      await list(open, "", false, () => {});
    } finally {
      await open.close();
    }
  };
  await expect(looked()).rejects.toThrow(message);
});

test("of two storages that the environment names, none is guessed", () => {
  const both = { TWIN_FILE: "a.db", REDIS_URL: "redis://localhost" };
  expect(() => placeOf(undefined, "twin:", both)).toThrow("`TWIN_FILE` and `REDIS_URL` are both set: say which storage is meant with `--url`.");
  expect(placeOf("redis://other", "x:", both)).toEqual({ url: "redis://other", keys: "x:" });
});

test("arguments that are not understood are named", () => {
  const run = (...args: readonly string[]) => twinstate(temporaryFolder(), ["storage", ...args]);
  expect(run("lst")).toMatchObject({ status: 2, stderr: expect.stringContaining("Did you mean `storage list`?") });
  expect(run("delete", "--url", "a.db").status).toBe(1);
  expect(run("list", "more")).toMatchObject({ status: 2, stderr: expect.stringContaining("`more` is one argument too many.") });
});
