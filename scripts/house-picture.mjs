// Draws docs/images/house.svg from the rooms in docs/ARCHITECTURE.md: `npm run house:picture`. A test says when the picture is older than the page.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PICTURE = `${ROOT}docs/images/house.svg`;

const ROW = 24;
const WIDTH = 1120;
/** Where the two columns stand, and how wide they are. */
const LEFT = { x: 24, width: 470 };
const RIGHT = { x: 562, width: 534 };

/** The steps of one click, at the rooms where they happen: the numbers of "One click" in ARCHITECTURE.md. */
const CLICK = {
  "react/": "1",
  "client/": "1 7 8",
  "http/": "2",
  "access/": "2",
  "call/": "3",
  "host/": "3 4 5 6",
  "record/": "4",
  "channel/": "5",
  "stream/": "6",
  "mirror/": "7",
  "view/": "7",
};

/** The rooms as the page lists them: those of the browser, of the server, of `lib`, of the tests. */
function roomsOf(page) {
  const block = /## The rooms\n+```\n([\s\S]*?)\n```/.exec(page)?.[1];
  if (!block) throw new Error("docs/ARCHITECTURE.md has no section `The rooms` with a block.");
  const found = { browser: [], server: [], lib: [], testing: [] };
  const row = /^(\w+\/)\s+(.*)$/;
  for (const line of block.split("\n").slice(1)) {
    const [before, after] = [line.slice(0, 49).trim(), line.slice(49).trim()];
    const [, room, text] = row.exec(line.replace(/[│└┬┘─]/g, "").trim()) ?? [];
    if (row.test(after)) {
      const [, inner, what] = row.exec(after);
      found.server.push([inner, what]);
      if (row.test(before)) found.browser.push(row.exec(before).slice(1));
    } else if (room === "lib/" || found.lib.length > 0) {
      if (room) (room === "testing/" ? found.testing : found.lib).push([room, text]);
    } else if (room) found.server.push([room, text]);
  }
  return found;
}

const escaped = (text) => text.replaceAll("`", "").replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** A box with a heading and rows, in one column or more; gives its SVG and its height. */
function box({ x, width }, y, [name, what], rows, columns = 1) {
  const perColumn = Math.ceil(rows.length / columns);
  const height = 44 + perColumn * ROW + (rows.length > 0 ? 12 : 0);
  const parts = [
    `<rect class="box" x="${x}" y="${y}" width="${width}" height="${height}" rx="8"/>`,
    `<text class="head" x="${x + 16}" y="${y + 28}">${name}</text><text class="what" x="${x + 32 + name.length * 10}" y="${y + 28}">${escaped(what)}</text>`,
    steps(name, x + width - 14, y + 28),
  ];
  rows.forEach(([room, text], index) => {
    const left = x + Math.floor(index / perColumn) * (width / columns);
    const line = y + 58 + (index % perColumn) * ROW;
    parts.push(`<text class="room" x="${left + 16}" y="${line}">${room}</text><text class="what" x="${left + 108}" y="${line}">${escaped(short(text))}</text>`);
    parts.push(steps(room, left + width / columns - 14, line));
  });
  return { svg: parts.join("\n"), height };
}

/** What a row has room for: the text up to its first clause that is too much. */
const short = (text) => (text.length < 62 ? text : text.slice(0, text.lastIndexOf(":")));

/** The steps of the click that happen in a room, as numbers in circles that end at `x`. */
function steps(room, x, y) {
  const numbers = CLICK[room]?.split(" ") ?? [];
  return numbers
    .map((number, index) => {
      const centre = x - 9 - (numbers.length - 1 - index) * 22;
      return `<circle class="step" cx="${centre}" cy="${y - 5}" r="9"/><text class="number" x="${centre}" y="${y - 1}">${number}</text>`;
    })
    .join("");
}

/** The picture of the house, from the text of docs/ARCHITECTURE.md. */
export function draw(page) {
  const { browser, server, lib, testing } = roomsOf(page);
  const top = 64;
  const [serverHead, ...serverRooms] = server;
  const right = box(RIGHT, top, serverHead, serverRooms);
  const [react, client] = browser.map((room, index) => box(LEFT, top + index * 92, room, []));
  const groundY = top + right.height + 48;
  const [libHead, ...libRooms] = lib;
  const ground = box({ x: LEFT.x, width: RIGHT.x + RIGHT.width - LEFT.x }, groundY, libHead, libRooms, 2);
  const cellarY = groundY + ground.height + 24;
  const cellar = box({ x: LEFT.x, width: RIGHT.x + RIGHT.width - LEFT.x }, cellarY, testing[0], []);
  const middle = LEFT.x + LEFT.width / 2;
  const arrow = (d) => `<path class="arrow" d="${d}" marker-end="url(#tip)"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${cellarY + cellar.height + 48}" role="img" aria-labelledby="title">
<title id="title">The rooms of twinstate. The browser has react on client, the server has its rooms, and both stand on lib. Numbers are the steps of one click.</title>
<style>
svg { background: #fff; font: 14px ui-sans-serif, system-ui, sans-serif; color-scheme: light dark; }
.box { fill: #f6f7f9; stroke: #c9ced6; } .head { font: 600 16px ui-monospace, monospace; fill: #14181f; } .room { font: 13px ui-monospace, monospace; fill: #14181f; }
.what { fill: #4d5663; font-size: 13px; } .side { font-weight: 600; fill: #4d5663; } .arrow { fill: none; stroke: #6b7685; stroke-width: 1.5; } .tip { fill: #6b7685; }
.step { fill: #2459d6; } .number { fill: #fff; font-size: 11px; font-weight: 600; text-anchor: middle; }
@media (prefers-color-scheme: dark) {
svg { background: #0f1217; } .box { fill: #191d24; stroke: #363d48; } .head, .room { fill: #eef1f5; } .what, .side { fill: #a9b3c1; } .arrow { stroke: #8a95a5; } .tip { fill: #8a95a5; }
.step { fill: #7aa2ff; } .number { fill: #0f1217; }
}
</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path class="tip" d="M0 0 8 4 0 8z"/></marker></defs>
<text class="side" x="${LEFT.x}" y="40">Browser</text><text class="side" x="${RIGHT.x}" y="40">Server (Node)</text>
${react.svg}
${client.svg}
${right.svg}
${ground.svg}
${cellar.svg}
${arrow(`M${middle} ${top + react.height} V${top + 92 - 2}`)}
${arrow(`M${middle} ${top + 92 + client.height} V${groundY - 2}`)}
${arrow(`M${RIGHT.x + RIGHT.width / 2} ${top + right.height} V${groundY - 2}`)}
${arrow(`M${LEFT.x + LEFT.width} ${top + 92 + 14} H${RIGHT.x - 2}`)}
${arrow(`M${RIGHT.x} ${top + 92 + 30} H${LEFT.x + LEFT.width + 2}`)}
<text class="what" x="${(LEFT.x + LEFT.width + RIGHT.x) / 2}" y="${top + 92 + 8}" text-anchor="middle">calls</text><text class="what" x="${(LEFT.x + LEFT.width + RIGHT.x) / 2}" y="${top + 92 + 48}" text-anchor="middle">deltas</text>
<text class="what" x="${LEFT.x}" y="${cellarY + cellar.height + 28}">A room imports only from rooms below it. The numbers are the steps of one click, in docs/ARCHITECTURE.md.</text>
</svg>
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(PICTURE, draw(readFileSync(`${ROOT}docs/ARCHITECTURE.md`, "utf8")));
  console.log("Drew docs/images/house.svg.");
}
