import { type ClientRequest, get } from "node:http";
import { expect, test } from "vitest";
import { startProbed } from "./kit/probed.js";

/** What there is in the server's process. */
type Counts = Readonly<Record<"streams" | "watchers" | "timers" | "sockets" | "listeners", number>>;
/** How many objects of the kinds that a stream is made of. */
type Objects = Readonly<Record<"AsyncGenerator" | "ReadableStream" | "AbortSignal" | "Socket", number>>;

/** The demo's server, and what looks into it. */
async function start(mode: "start" | "dev"): Promise<{ url: string; counts(): Promise<Counts>; objects(): Promise<Objects> }> {
  const { url, ask } = await startProbed(mode);
  return { url, counts: () => ask("") as Promise<Counts>, objects: () => ask("objects") as Promise<Objects> };
}

const STREAMS = process.env.TEST_FULL ? 1000 : 100;
/** How many are opened and closed before anything is counted, each time. */
const FIRST = process.env.TEST_FULL ? 100 : 40;

/** A visitor's first page, on a line that does not stay. */
const newSession = (url: string) =>
  new Promise<string>((resolve, reject) => {
    get(url, { agent: false, headers: { accept: "text/html" } }, (response) => {
      const [cookie = ""] = response.headers["set-cookie"] ?? [];
      response.resume().on("end", () => resolve(cookie.split(";", 1)[0] as string));
    }).on("error", reject);
  });

/** Opens a stream on a line of its own. It brings what it watches when this resolves. */
function open(url: string, cookie: string, key: string): Promise<ClientRequest> {
  const input = JSON.stringify({ watch: [{ store: "todo" }, { store: "board", key }] });
  return new Promise((resolve, reject) => {
    const request = get(`${url}/api/twin/$live?input=${encodeURIComponent(input)}`, { agent: false, headers: { cookie } }, (response) => {
      let text = "";
      response.on("error", () => {});
      response.on("data", (chunk) => {
        text += chunk;
        if (text.includes('["snapshot",') && text.includes('"board"')) resolve(request);
      });
    });
    request.on("error", reject);
  });
}

/** Opens many streams, of some sessions in some rooms. */
async function openMany(url: string, cookies: readonly string[], count: number): Promise<() => void> {
  const streams: ClientRequest[] = [];
  for (let n = 0; n < count; n += cookies.length) {
    streams.push(...(await Promise.all(cookies.map((cookie, i) => open(url, cookie, `streams-${i % 5}`)))));
  }
  return () => {
    for (const stream of streams) stream.destroy();
  };
}

test.for(process.env.TEST_FULL ? (["start", "dev"] as const) : (["start"] as const))(
  "many streams that were closed leave nothing behind, on next %s",
  { timeout: 600_000 },
  async (mode) => {
    const { url, counts, objects } = await start(mode);
    // What is loaded, cached and compiled with the first ones stays; timers of those who have left run out.
    // Sessions are made before: development keeps something of each page that it has rendered.
    const cookies = await Promise.all(Array.from({ length: 20 }, () => newSession(url)));
    const gone = { streams: 0, watchers: 0, timers: 0 };
    for (let n = 0; n < 2; n++) {
      (await openMany(url, cookies, FIRST))();
      await expect.poll(counts, { timeout: 60_000, interval: 200 }).toMatchObject(gone);
    }
    const before = { ...(await counts()), ...(await objects()) };
    const close = await openMany(url, cookies, STREAMS);
    const open = { ...(await counts()), ...(await objects()) };
    expect(open).toMatchObject({ streams: STREAMS, watchers: 2 * STREAMS });
    // Else it would not be seen that they are gone.
    for (const name of ["timers", "sockets", "ReadableStream", "AbortSignal", "Socket"] as const) expect(open[name]).toBeGreaterThanOrEqual(STREAMS);
    close();
    await expect.poll(counts, { timeout: 60_000, interval: 200 }).toMatchObject(gone);
    const left = async () =>
      Object.entries({ ...(await counts()), ...(await objects()) }).filter(([name, count]) => count > before[name as keyof typeof before]);
    await expect.poll(left, { timeout: 60_000, interval: 1000 }).toEqual([]);
  },
);
