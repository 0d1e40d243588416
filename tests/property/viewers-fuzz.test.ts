import { scope } from "twinstate/server";
import { expect, onTestFinished, test } from "vitest";
import { encodeValue } from "../../lib/wire/value-codec.js";
import { serveTwin, type Visitor } from "../kit/app.js";
import { Board, HIDDEN, Item, rights } from "../kit/hidden-board.js";
import { mutate, type Sent, send, streaming } from "../kit/mutate.js";
import { inRequest } from "../kit/next.js";
import { Random } from "../kit/random.js";

const requests = process.env.TEST_FULL === undefined ? 1000 : 5000;
const seed = Number(process.env.SEED ?? (process.env.TEST_FULL ? Date.now() % 1e9 : 1));
const ROOM = "room";
const KINDS = ["add", "write", "hide", "reveal", "total", "give", "each", "fail", "bad", "tell"] as const;

/** The arguments of an event, of which each has one at most. */
const argsOf = (kind: (typeof KINDS)[number], by: number) => [by].slice(0, Board.prototype[kind].length);
const sessionOf = (headers: Headers) => /twin_session=([\w-]+)\./.exec(headers.get("cookie") ?? "")?.[1] ?? "";

async function start() {
  rights.clear();
  const app = await serveTwin({
    stores: { board: scope.room(Board, { allow: (_, key) => key === ROOM }) },
    models: { Item },
    context: ({ headers }) => ({ audits: rights.get(sessionOf(headers)) === true }),
    eventRate: Infinity,
    maxStreams: Infinity,
    eventTimeout: 2000,
  });
  const [auditor, guest] = [app.visitor(), app.visitor()];
  for (const visitor of [auditor, guest]) for (let n = 0; n < 3; n++) await visitor.callIn(ROOM, "board.add", n);
  rights.set(auditor.session, true);
  await auditor.callIn(ROOM, "board.hide", 1);
  const watched = auditor.live({ store: "board", key: ROOM });
  await watched.state("board");
  const audience = watched.all("snapshot")[0]?.[9];
  return { ...app, auditor, guest, watched, audience };
}
type Started = Awaited<ReturnType<typeof start>>;

/** The requests of a guest who knows all that an auditor knows but their cookie: positions, the name of their audience, the numbers of what they see. */
function requestsOf({ client }: Visitor, { watched, audience }: Started): Sent[] {
  const [incarnation, revision] = watched.have("board");
  const post = (path: string, input: unknown): Sent => ({
    method: "POST",
    path,
    body: JSON.stringify(input),
    headers: { "content-type": "application/json", ...(path.includes("?batch") && { "trpc-accept": "application/jsonl" }) },
  });
  const form = (name: string): Sent => ({
    method: "POST",
    path: "$form",
    body: new URLSearchParams({ [`$board.${name}?key=${ROOM}`]: "", by: "1" }).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" },
  });
  const live = (watch: unknown): Sent => ({
    method: "GET",
    path: `$live?input=${encodeURIComponent(JSON.stringify({ watch }))}`,
    body: "",
    headers: { accept: "text/event-stream" },
  });
  const haves = [undefined, [incarnation, revision], [incarnation, 0, audience], [incarnation, revision, audience], [incarnation, revision - 2, audience]];
  const watches: object[][] = [[{ store: "board", key: "closed" }], ...haves.map((have) => [{ store: "board", key: ROOM, have }])];
  let n = 0;
  // Each is the first call of a page of its own, so that none waits for another.
  const call = (more = {}) => ({ client: `${client.slice(0, 22)}.page${String(++n).padStart(6, "0")}`, epoch: 1, n: 1, at: null, seen: 0, ...more });
  const seen = [
    { at: revision, i: incarnation },
    { at: 0, i: incarnation, a: audience },
    { at: revision, i: incarnation, a: audience, y: 0 },
  ];
  const hidden = watched.on("board", ({ hiddenItems }) => hiddenItems[0]);
  const shown = watched.on("board", ({ items }) => items[0]);
  const ons = [shown, hidden, [...hidden, audience], [...shown, audience]];
  return [
    ...KINDS.flatMap((kind) => [
      post(`board.${kind}`, { key: ROOM, args: argsOf(kind, 1) }),
      post(`board.${kind}`, { key: ROOM, args: encodeValue(argsOf(kind, 2)), call: call() }),
      post(`board.${kind}?batch=1`, { 0: { key: ROOM, args: encodeValue(argsOf(kind, 3)), call: call(seen[n % 3]) } }),
      form(kind),
    ]),
    ...ons.flatMap((on) => [
      post("board.Item.bump", { key: ROOM, on, args: [] }),
      post("board.Item.discount", { key: ROOM, on, args: encodeValue([]), call: call(seen[n % 3]) }),
    ]),
    ...watches.flatMap((watch) => [
      live(watch),
      live(watch),
      post("$connect", { protocol: 2, client, epoch: 1, watch }),
      post("$watch", { client, epoch: 1, watch }),
    ]),
  ];
}

/** Sends what is made of a guest's requests, while an auditor changes what is hidden. Gives how many messages have come, and what was found in them. */
async function fuzz(count: number, planted?: "leak" | "leakIntoState" | "leakByError"): Promise<{ messages: number; leaks: string[]; kinds: Set<string> }> {
  const random = new Random(seed);
  const app = await start();
  onTestFinished(() => streaming.destroy());
  const leaks: string[] = [];
  const kinds = new Set<string>();
  let messages = 0;
  const look = (text: string) => {
    const leak = HIDDEN.exec(text);
    if (leak) leaks.push(text.slice(Math.max(0, leak.index - 80), leak.index + 80));
    messages += text.split("\n\n").length - 1 || 1;
    for (const kind of ["hello", "snapshot", "resume", "refused", "yield", "effect", '"error"', '"r":', '"f":[', "$effects", "<!doctype"])
      if (text.includes(kind)) kinds.add(kind);
  };
  /** The guest's streams: a text may come in two chunks. */
  const follow = () => {
    let before = "";
    return (chunk: string) => {
      const text = before + chunk;
      const end = text.lastIndexOf("\n\n") + 2;
      before = text.slice(end);
      if (end > 1) look(text.slice(0, end));
    };
  };
  const originals = requestsOf(app.guest, app);
  const cookie = app.guest.jar.cookie as string;
  const steady = originals.filter(({ path }) => path.startsWith("$live"));
  for (const sent of [...steady, ...steady, ...steady, ...steady]) await send(app.site.url, { ...sent, headers: { ...sent.headers, cookie } }, follow());
  for (let n = 0; n < count; n += 10) {
    const sent = Array.from({ length: 10 }, () => {
      const one = random.pick(originals);
      return random.chance(0.3) ? { ...one, headers: { ...one.headers, cookie } } : mutate(one, cookie, random);
    });
    for (const { text } of await Promise.all(sent.map((one) => send(app.site.url, one, follow())))) if (text !== "") look(text);
    const kind = random.pick(["total", "hide", "reveal", "add", "write"] as const);
    await app.auditor.callIn(ROOM, `board.${kind}`, ...argsOf(kind, n));
    const page = await inRequest({ cookie }, () => app.twin.preload({ board: ROOM }));
    look(JSON.stringify(page));
  }
  if (planted === "leakIntoState") await app.auditor.callIn(ROOM, `board.${planted}`, 0);
  else if (planted) look((await app.guest.ask(`board.${planted}`, { key: ROOM, args: [0] })).text);
  // A stream that began now has all that has come before.
  const last = app.guest.live({ store: "board", key: ROOM });
  await last.state("board");
  look(JSON.stringify(last.messages));
  return { messages, leaks, kinds };
}

test(`whatever a guest makes of requests, and whoever's positions, audiences and numbers they name, nothing hidden is in what they get (seed ${seed})`, async () => {
  const { messages, leaks, kinds } = await fuzz(requests);
  expect(leaks).toEqual([]);
  expect(messages).toBeGreaterThan(10_000);
  expect([...kinds].sort()).toEqual(['"error"', '"f":[', '"r":', "$effects", "<!doctype", "effect", "hello", "refused", "resume", "snapshot", "yield"].sort());
}, 300_000);

test.for(["leak", "leakIntoState", "leakByError"] as const)("a leak is found: %s", async (planted) => {
  expect((await fuzz(10, planted)).leaks.join()).toContain("SECRET-price");
});

test("a hidden name is answered as one that is not there, by every way a call comes", async () => {
  const { guest, auditor } = await start();
  for (const visitor of [guest, auditor]) {
    const ask = async (name: string) => {
      const { status, text } = await visitor.ask(`board.${name}`, { key: ROOM, args: [] });
      const item = await visitor.ask(`board.Item.${name}`, { key: ROOM, on: ["x", 0, 0], args: [] });
      const numbered = await visitor.number(`board.${name}`, 1, [], { key: ROOM });
      const form = await visitor.jar.fetch(`${visitor.url}/$form`, {
        method: "POST",
        body: new URLSearchParams({ [`$board.${name}?key=${ROOM}`]: "" }),
        headers: { "sec-fetch-site": "same-origin" },
      });
      return [status, text, item.status, item.text, numbered.text, form.status, await form.text()].map((each) => String(each).replaceAll(name, "NAME"));
    };
    const unknown = await ask("nothing");
    for (const name of ["hiddenItems", "hiddenTotals", "hiddenSum", "hiddenPrice", "hiddenLabel"]) expect(await ask(name), name).toEqual(unknown);
  }
});
