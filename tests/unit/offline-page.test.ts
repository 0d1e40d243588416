import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ROOT } from "../kit/rooms.js";

test("the service worker of docs/OFFLINE.md is the one that the demo has, and that is tested", () => {
  const [, told] = /```\n\/\/ public\/sw\.js\n(.*?)```/s.exec(readFileSync(`${ROOT}docs/OFFLINE.md`, "utf8")) ?? [];
  expect(told).toBe(readFileSync(`${ROOT}demo-next/public/sw.js`, "utf8"));
});
