import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { complaints } from "../kit/compiled-pages.js";
import { guide, pageOf, pages, ROOT } from "../kit/guide.js";

test("the code of README and of all pages of docs/ compiles", async () => {
  const blocks = pages().flatMap((page) => [...pageOf(page).apps.values()].flatMap((files) => [...files.keys()]));
  expect(blocks.length).toBeGreaterThan(150);
  expect(await complaints()).toEqual([]);
});

test("each block of code is compiled in some app of its page", () => {
  for (const page of pages()) {
    const compiled = new Set(
      [...pageOf(page).apps.values()].flatMap((files) => [...files.values()].flatMap(({ page: from, lines }) => (from === page ? lines : []))),
    );
    let fence = "";
    for (const [i, line] of readFileSync(join(ROOT, page), "utf8").split("\n").entries()) {
      const [, marks = "", language = ""] = /^ *(`{3,})(\w*)/.exec(line) ?? [];
      if (fence === "" && /^(tsx?|js)$/.test(language)) expect(compiled.has(i + 2) || compiled.has(i + 3), `${page}:${i + 1}`).toBe(true);
      if (marks) fence = fence === "" ? marks : fence === marks ? "" : fence;
    }
  }
});

test("a mistake in such code is found, with its page and line", async () => {
  const [told, ...rest] = await complaints(["docs/AUTH.md"], (path, text) => (path === "state/wall.ts" ? text.replace("user !== null", "user.admin") : text));
  expect(told).toMatch(/^docs\/AUTH\.md:25: TS\d+: /);
  expect(rest.every((line) => line.startsWith("docs/AUTH.md:25:"))).toBe(true);
});

/** What is wrong with a page of this text. */
async function complaintsAbout(text: string): Promise<string[]> {
  mkdirSync(join(ROOT, "test-results"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, "test-results/page-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const page = relative(ROOT, join(folder, "PAGE.md"));
  writeFileSync(join(ROOT, page), text);
  return (await complaints([page])).map((line) => line.replace(page, "PAGE.md"));
}

test("no block is passed by: one without a file's name is a module of its own, and what stands around it is told in a comment", async () => {
  expect(await complaintsAbout("```ts\nlet n: number = 1;\nn = elsewhere;\n```\n")).toEqual([expect.stringContaining("PAGE.md:3: TS2304")]);
  expect(
    await complaintsAbout("<!-- around\ndeclare let elsewhere: number;\n…\nn satisfies string;\n-->\n```ts\nlet n: number = 1;\nn = elsewhere;\n```\n"),
  ).toEqual([expect.stringContaining("PAGE.md:4: TS1360")]);
  expect(
    await complaintsAbout("<!-- file\n// a.ts\nexport const n = 1;\n-->\n- Item:\n\n  ```ts\n  // b.ts: says why\n  export { m } from './a';\n  ```\n"),
  ).toEqual([expect.stringContaining("PAGE.md:9: TS2305")]);
});

test("what no compiler would see is told: a misnamed language, JSON that is none, an unknown comment", async () => {
  const page = '```typescript\nno\n```\n```ts\n// a.ts\nexport {};\n```\n```ts\n// a.ts\nexport {};\n```\n```json\n{ "a": }\n```\n<!-- hidden -->\n';
  expect(await complaintsAbout(page)).toEqual([
    expect.stringMatching(/^PAGE\.md:1: call the language `ts`/),
    expect.stringMatching(/^PAGE\.md:12: this is no JSON/),
    expect.stringMatching(/^PAGE\.md:15: a comment of a page is `app`/),
  ]);
});

test("a file that is written again begins another app, with all that stands above", async () => {
  const page = '```ts\n// a.ts\nexport const n = 1;\n```\n```ts\n// b.ts\nexport { n } from "./a";\n```\n```ts\n// a.ts\nexport const m = 1;\n```\n';
  expect(await complaintsAbout(page)).toEqual([expect.stringContaining("PAGE.md:7: TS2305")]);
});

test("an app of a page has what stands before all apps, and what it borrows from another page", () => {
  expect(Object.keys(guide("AUTH", "cookie"))).toEqual(expect.arrayContaining(["state/wall.ts", "app/api/sign-out/route.ts"]));
  expect(Object.keys(guide("AUTH", "better-auth"))).toEqual(expect.arrayContaining(["state/wall.ts", "app/api/auth/[...all]/route.ts"]));
  expect(guide("EVENTS")["state/auth.ts"]).toBe(guide("AUTH", "cookie")["state/auth.ts"]);
});

test("an option may be undefined, as a variable of the environment that is not set, also with `exactOptionalPropertyTypes`", async () => {
  const page = `\`\`\`ts
import type { connect } from "twinstate/client";
import type { HookOptions, TwinProviderProps } from "twinstate/react";
import { createTwin, type TwinOptions } from "twinstate/server";
import type { mcp } from "twinstate/server/mcp";
import type { postgres } from "twinstate/server/postgres";
import type { redis } from "twinstate/server/redis";
type Second<F extends (...args: never[]) => unknown> = NonNullable<Parameters<F>[1]>;
type Unset<O> = { [K in keyof O]: {} extends Pick<O, K> ? (NonNullable<O[K]> extends (...args: never[]) => void ? O[K] : O[K] | undefined) : O[K] };
declare function unset<O>(): Unset<O>;
export const options: TwinOptions<{}, {}> = unset<TwinOptions<{}, {}>>();
export const session: NonNullable<TwinOptions<{}, {}>["session"]> = unset<NonNullable<TwinOptions<{}, {}>["session"]>>();
export const hooks: HookOptions<{}, {}> = unset<HookOptions<{}, {}>>();
export const provider: TwinProviderProps<{}> = unset<TwinProviderProps<{}>>();
export const client: Parameters<typeof connect>[0] = unset<Parameters<typeof connect>[0]>();
export const shared: [Second<typeof redis>, Second<typeof postgres>, Second<typeof mcp>] = [unset<Second<typeof redis>>(), unset<Second<typeof postgres>>(), unset<Second<typeof mcp>>()];
export const twin = createTwin({ stores: {}, build: process.env.GIT_SHA, session: { secret: process.env.SECRET, life: undefined }, life: { room: undefined } });
\`\`\`
`;
  expect(await complaintsAbout(page)).toEqual([]);
});

test("`ReturnType` of a hook is its view", async () => {
  const page = `\`\`\`ts
import type { StoreView, UseRoom, UseStore } from "twinstate/react";
class Todo { items: string[] = []; }
type Same<A, B> = [A, B] extends [B, A] ? true : false;
export const store: Same<ReturnType<UseStore<Todo>>, StoreView<Todo>> = true;
export const room: Same<ReturnType<UseRoom<Todo>>, StoreView<Todo> | undefined> = true;
export const use = (useTodo: UseStore<Todo>, useList: UseRoom<Todo>): [string[], string[], number, string[] | undefined] =>
  [[...useTodo().items], [...useList("a").items], useList("a", (list) => list.items.length), useList(null as string | null)?.items.slice()];
\`\`\`
`;
  expect(await complaintsAbout(page)).toEqual([]);
});
