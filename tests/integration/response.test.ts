import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { expect, onTestFinished, test, vi } from "vitest";
import { serveTwin } from "../kit/app.js";
import { soon } from "../kit/soon.js";
import { listen } from "../kit/stream.js";

// That what comes past the handler is what a stream has to bring is shown by the project `attached`, which runs the tests of streams so.

class Note {
  @state text = "";
  @event write(text: string) {
    this.text = text;
  }
}

const FRIEND = "https://friend.example";
const stores = { wall: scope.shared(Note) };
const watch = { watch: [{ store: "wall" }] };

/** Streams under `/api/twin` are answered past the handler; those of any other route by it. */
async function start() {
  const app = await serveTwin({ stores, origins: [FRIEND] });
  const stop = await app.twin.attach(app.site.server, { live: true });
  onTestFinished(stop);
  const handled = vi.fn();
  const { server } = app.site;
  server.on("request", ({ url }) => handled(url?.split("?")[0]));
  const ask = async (route: string, input: unknown, headers: Record<string, string> = {}, method = "GET") => {
    const control = new AbortController();
    onTestFinished(() => control.abort());
    const query = `input=${encodeURIComponent(JSON.stringify(input))}`;
    return fetch(`${app.site.origin}${route}/$live?${query}`, { method, headers, signal: control.signal });
  };
  return { ...app, stop, handled, ask };
}

/** What of a head is the twin's own; of cookies and ids of errors, that they are there. */
function headOf({ status, headers }: Response) {
  const { connection: _, date: __, "keep-alive": ___, "transfer-encoding": ____, "content-length": _____, ...rest } = Object.fromEntries(headers);
  return { status, ...rest, "set-cookie": headers.getSetCookie().map((cookie) => cookie.replace(/=[^;]+/, "=…")) };
}

test.for([
  ["a stream", watch, {}],
  ["a stream of another origin's page", watch, { origin: FRIEND }],
  ["a page of another site", watch, { origin: "https://evil.example" }],
  ["a ticket that is used up", { ticket: "old" }, {}],
  ["no input", null, {}],
] as const)("the handler's answer is given past it too: %s", async ([, input, headers]) => {
  const { ask, handled } = await start();
  const [past, by] = [await ask("/api/twin", input, headers), await ask("/other", input, headers)];
  expect(headOf(past)).toEqual(headOf(by));
  if (past.status !== 200) expect(await past.json()).toEqual(await by.json());
  expect(handled.mock.calls).toEqual([["/other/$live"]]);
});

test("it ends with its line, and no stream is left behind", async () => {
  const { ask, runtime, site, twin } = await start();
  const response = await ask("/api/twin", watch);
  expect(response.headers.get("transfer-encoding")).toBeNull();
  expect(runtime.streams.size).toBe(1);
  const reader = response.body?.getReader();
  await reader?.cancel();
  await soon(() => expect(runtime.streams.size).toBe(0));
  const whole = (await ask("/api/twin", watch)).text();
  await soon(() => expect(runtime.streams.size).toBe(1));
  await twin.close();
  expect(await whole).toMatch(/data: \["bye","closed"\]\n\nevent: return\ndata: \n\n$/);
  expect(site.server.listening).toBe(true);
});

test("other methods and paths are left to others, and all is when it has ended", async () => {
  const { ask, handled, stop, site } = await start();
  await ask("/api/twin", watch, { "content-type": "application/json" }, "POST");
  await fetch(`${site.url}/health`);
  expect(handled.mock.calls).toEqual([["/api/twin/$live"], ["/api/twin/health"]]);
  stop();
  await ask("/api/twin", watch);
  expect(handled).toHaveBeenCalledTimes(3);
});

test("who reads it and who reads the handler's stream see the same", async () => {
  const { site, twin, visitor } = await start();
  const streams = ["/api/twin", "/other"].map((route) => listen(site.origin + route, watch, visitor().jar));
  onTestFinished(() => {
    for (const stream of streams) stream.close();
  });
  for (const stream of streams) await stream.until(([kind]) => kind === "snapshot");
  await twin.wall().write("to all");
  const [past, by] = await Promise.all(streams.map((stream) => stream.until(([first]) => typeof first === "number")));
  expect(past).toEqual(by);
});
