import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LAYERS, ROOMS, ROOT, roomOf, sourcesOf } from "../kit/rooms.js";

const page = readFileSync(`${ROOT}docs/ARCHITECTURE.md`, "utf8");
/** The text under each heading, by the room or the layer that it names. */
const sections = new Map(
  page
    .split(/^(?=#{2,3} )/m)
    .map((text) => [/^#{2,3} `?([\w/]+)`?$/m.exec(text)?.[1], text] as const)
    .filter((entry): entry is readonly [string, string] => entry[0] !== undefined),
);
const filesOf = (text: string) => [...text.matchAll(/`((?:[\w-]+\/)*[\w-]+\.tsx?)`|(?<=[ `])([\w-]+\.tsx?)(?=[ `])/g)].map(([, one, other]) => one ?? other);

test("every source file stands in the map, under its room", () => {
  const missing = LAYERS.flatMap(sourcesOf).filter((file) => {
    const { layer, room } = roomOf(file);
    const name = file.split("/").at(-1);
    const section = sections.get(ROOMS[layer] && room !== undefined ? `${layer}/${room}` : layer) ?? "";
    return file !== "lib/index.ts" && !filesOf(section).some((found) => found?.split("/").at(-1) === name);
  });
  expect(missing).toEqual([]);
});

test("the map names no file and no test that is not there", () => {
  const sources = new Set(LAYERS.flatMap(sourcesOf));
  for (const [place, text] of sections) {
    if (!/^(lib|server|client|react|testing|cli)(\/|$)/.test(place)) continue;
    for (const [, row] of text.matchAll(/^\| (`.*?) \|/gm)) {
      for (const file of filesOf(row as string)) expect(sources, `${place} has ${file}`).toContain(`${place}/${file}`);
    }
  }
  for (const [, name] of page.matchAll(/`(tests\/[\w/-]+\.test\.tsx?)`/g)) expect(existsSync(ROOT + name), name).toBe(true);
});
