import { event, state } from "twinstate";
import { createTwin, scope } from "twinstate/server";
import { postgres } from "twinstate/server/postgres";
import { expect } from "vitest";
import { deleteInstances } from "../../cli/storage/deletion.js";
import { exportLines } from "../../cli/storage/exporting.js";
import { list } from "../../cli/storage/listing.js";
import { placeOf, reader, writer } from "../../cli/storage/place.js";
import { test } from "../kit/postgres.js";

class Board {
  static version = 2;
  @state items: string[] = [];
  @event add(title: string) {
    this.items.push(title);
  }
}

test("`npx twinstate storage` reads a PostgreSQL beside servers, changes nothing, and deletes nothing that one of them has in use", async ({
  postgresServer: { url },
}) => {
  const place = placeOf(url, undefined, {});
  expect(place).toEqual({ url, keys: "twinstate" });
  const early = await reader(place);
  await expect(early.load("room/a")).rejects.toThrow("there is nothing of twinstate's in the schema `twinstate`");
  await early.close();
  const start = () => createTwin({ stores: { board: scope.room(Board, { allow: () => true }) }, storage: postgres(url) });
  const twin = start();
  for (const key of ["a", "b"]) await twin.board(key).add(`milk ${key}`);
  const open = await reader(place);
  const facts = async () => {
    const listed: string[] = [];
    await list(open, "room/", true, (line) => void listed.push(line));
    return listed.map((line) => JSON.parse(line));
  };
  const found = await facts();
  expect(found).toEqual(["room/a", "room/b"].map((id) => expect.objectContaining({ id, revision: 1, bytes: expect.any(Number), used: expect.any(Number) })));
  expect(found.every(({ bytes }) => bytes > 100)).toBe(true);
  const lines: string[] = [];
  expect(await exportLines(open, "", (line) => void lines.push(line))).toEqual([]);
  expect(lines.map((line) => JSON.parse(line).stores.board.state.items)).toEqual([["milk a"], ["milk b"]]);
  expect(await facts(), "no use is noted").toEqual(found);
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
