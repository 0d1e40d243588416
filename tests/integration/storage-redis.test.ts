import { event, state } from "twinstate";
import { createTwin, scope } from "twinstate/server";
import { redis } from "twinstate/server/redis";
import { describe, expect } from "vitest";
import { deleteInstances } from "../../cli/storage/deletion.js";
import { exportLines } from "../../cli/storage/exporting.js";
import { list } from "../../cli/storage/listing.js";
import { reader, writer } from "../../cli/storage/place.js";
import { missingRedis, test } from "../kit/redis.js";

class Board {
  static version = 2;
  @state items: string[] = [];
  @event add(title: string) {
    this.items.push(title);
  }
}

describe.skipIf(missingRedis)(`\`npx twinstate storage\` on a Redis that servers use${missingRedis ? `: ${missingRedis}` : ""}`, () => {
  test("it reads beside them, changes nothing, and deletes nothing that one of them has in use", async ({ redisServer }) => {
    const { url } = await redisServer();
    const place = { url, keys: "twin:" };
    const start = () => createTwin({ stores: { board: scope.room(Board, { allow: () => true }) }, storage: redis(url, { warn: () => {} }) });
    const twin = start();
    for (const key of ["a", "b"]) await twin.board(key).add(`milk ${key}`);
    const open = await reader(place);
    const listed: string[] = [];
    await list(open, "room/", true, (line) => void listed.push(line));
    const facts = listed.map((line) => JSON.parse(line));
    expect(facts).toEqual(["room/a", "room/b"].map((id) => expect.objectContaining({ id, revision: 1, bytes: expect.any(Number), used: expect.any(Number) })));
    expect(facts.every(({ bytes, stores }) => bytes > 100 && "board" in (stores.board === undefined ? { board: 1 } : stores))).toBe(true);
    const lines: string[] = [];
    expect(await exportLines(open, "", (line) => void lines.push(line))).toEqual([]);
    expect(lines.map((line) => JSON.parse(line).stores.board.state.items)).toEqual([["milk a"], ["milk b"]]);
    const again: string[] = [];
    await list(open, "room/", true, (line) => void again.push(line));
    expect(
      again.map((line) => JSON.parse(line).used),
      "no use is noted",
    ).toEqual(facts.map(({ used }) => used));
    const first = await writer(place);
    await expect(deleteInstances(first, ["room/a"], () => {})).rejects.toThrow("`room/a` is in use by the process `");
    await first.close?.();
    await twin.close();
    const second = await writer(place);
    const deleted: string[] = [];
    await deleteInstances(second, ["room/a"], (id) => deleted.push(id));
    await second.close?.();
    expect(deleted).toEqual(["room/a"]);
    expect(await open.load("room/a")).toBeUndefined();
    await open.close();
    const next = start();
    expect([(await next.board("a").$snapshot()).items, (await next.board("b").$snapshot()).items]).toEqual([[], ["milk b"]]);
    await next.close();
  });
});
