import * as fc from "fast-check";
import { event, state } from "twinstate";
import { createTwin } from "twinstate/server";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { keptMeanings, keptText } from "../../lib/wire/kept-text.js";
import type { PreloadData } from "../../server/call/preload.js";
import type { Runtime } from "../../server/runtime.js";
import { openClient } from "../kit/client.js";

const Filter = z.object({ tags: z.array(z.string().max(20)).max(5), by: z.enum(["name", "date"]).optional() });

class Prefs {
  @state({ keep: "cookie", input: z.enum(["light", "dark"]) }) theme: "light" | "dark" = "light";
  @state({ keep: "cookie" }) note: string = "";
  @state({ keep: "localStorage" }) size: number = 10;
  @state({ keep: "localStorage" }) wide: boolean = false;
  @state({ keep: "localStorage", input: Filter }) filter: z.infer<typeof Filter> = { tags: [] };
  @state admin: boolean = false;
  @event nothing() {}
}

const State = z.strictObject({
  theme: z.enum(["light", "dark"]),
  note: z.string(),
  size: z.number().refine(Number.isFinite),
  wide: z.boolean(),
  filter: Filter,
  admin: z.literal(false),
});

const json = fc.json({ maxDepth: 4 });
const text = fc.oneof(
  json,
  fc.string({ unit: "binary" }),
  fc.constantFrom("dark", "light", "true", "12", '"', "[".repeat(30_000), '{"tags":["a"],"by":"name"}', '{"__proto__":{"admin":true}}', "null", "-0", "1e400"),
  fc.integer({ min: 60_000, max: 70_000 }).map((length) => "x".repeat(length)),
);
const name = fc.oneof(
  fc.constantFrom("theme", "note", "size", "wide", "filter", "admin", "__proto__", "constructor", "nothing", "toString", "filter.tags", "$reset"),
  fc.string(),
);
const texts = fc.array(fc.tuple(name, fc.oneof(text, fc.constant(null))), { maxLength: 8 });

/** A server without HTTP. */
function serve() {
  const name = `kept ${Math.random()}`;
  const logs: unknown[] = [];
  const twin = createTwin({
    stores: { prefs: Prefs },
    name,
    session: { secret: "a secret for tests alone" },
    eventRate: 1e6,
    log: ({ error }) => void logs.push(error),
  });
  onTestFinished(() => twin.close());
  const runtime = (globalThis as unknown as Record<symbol, Map<string, Runtime>>)[Symbol.for("twinstate.runtime")]?.get(name) as Runtime;
  return { twin, runtime, logs };
}

test("a kept value is what it was, and a text stays a text, in a cookie too", () => {
  const value = fc.oneof(fc.jsonValue(), fc.string({ unit: "binary" }), fc.json());
  fc.assert(
    fc.property(value, (value) => {
      const kept = decodeURIComponent(encodeURIComponent(keptText(value) as string));
      expect(keptMeanings(kept)[0]).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("whatever clients say of what they keep, a store has values of its fields' types, and nothing else is set", async () => {
  const { twin, runtime, logs } = serve();
  let n = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(texts, { minLength: 1, maxLength: 3 }), async (pages) => {
      const cookie = runtime.sessions.cookie(runtime.callers.newSession());
      const session = runtime.sessions.read(cookie) as string;
      for (const page of pages) {
        const kept = Object.create(null) as Record<string, unknown>;
        for (const [name, text] of page) Object.defineProperty(kept, name, { value: text, enumerable: true, configurable: true });
        const client = `${"t".repeat(22)}.${++n}`;
        const body = JSON.stringify({ args: [[], [["a", 1, [0], []]]], call: { client, epoch: 1, n: 1, at: null, seen: 0, kept: [kept] } });
        const request = new Request("http://app.test/api/twin/prefs.nothing", {
          method: "POST",
          body,
          headers: { "content-type": "application/json", cookie },
        });
        const { status } = await runtime.serve(request);
        expect([200, 409, 403]).toContain(status);
      }
      expect(State.safeParse(await twin.prefs(session).$snapshot()).error).toBeUndefined();
    }),
    { numRuns: 300 },
  );
  expect(({} as Record<string, unknown>).admin).toBeUndefined();
  expect(logs).toEqual([]);
});

test("whatever stands in the cookies of a page, a store has values of its fields' types", async () => {
  const { runtime, logs } = serve();
  const value = fc.oneof(
    text.map((given) => (given.isWellFormed() ? encodeURIComponent(given) : "")),
    fc.string({ unit: "grapheme-ascii" }),
    fc.constantFrom("%", "%ff", "a=b", '"dark"'),
  );
  const cookie = fc.tuple(name, value).map(([field, given]) => `twin.prefs.${field}=${given}`);
  await fc.assert(
    fc.asyncProperty(fc.array(cookie, { maxLength: 6 }), async (cookies) => {
      const header = cookies.join("; ").replace(/[^\x20-\x7e]/g, "");
      const page = (await runtime.preload({ prefs: true }, new Headers({ cookie: header }))) as PreloadData;
      const client = openClient("http://nowhere.test/api/twin");
      client.preload(page);
      const { theme, note, size, wide, filter, admin } = client.twin("prefs").mirror.view() as Prefs;
      expect(State.safeParse({ theme, note, size, wide, filter, admin }).error).toBeUndefined();
      expect([size, wide]).toEqual([10, false]);
      client.close();
    }),
    { numRuns: 300 },
  );
  expect(logs).toEqual([]);
});
