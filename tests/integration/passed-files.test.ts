import { createHash, randomUUID } from "node:crypto";
import { request } from "node:http";
import { pipeline } from "node:stream/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type EventError, event, state, toPlain, update } from "twinstate";
import { scope } from "twinstate/server";
import { redis } from "twinstate/server/redis";
import { lasting, pair } from "twinstate/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import type { Client } from "../../client/client.js";
import { createGate } from "../../server/task/gate.js";
import { serveTwin } from "../kit/app.js";
import { call, liveOf, openTwin } from "../kit/client.js";
import { serveNodes } from "../kit/cluster.js";
import { test as redisTest } from "../kit/redis.js";
import { soon } from "../kit/soon.js";

const MB = 1 << 20;

/** What the tests see of events that run. */
const seen: { got: number; first?: (() => void) | undefined; gate?: Promise<void> | undefined } = { got: 0 };

class Desk {
  @state files: { name: string; type: string; bytes: number; hash: string }[] = [];
  @state note = "";
  @event own() {
    this.note = "owned";
  }
  @event({ background: true, input: [z.file().max(100 * MB), z.string().optional()] }) async attach(file: File, note = "") {
    const hash = createHash("sha256");
    seen.got = 0;
    for await (const chunk of file.stream()) {
      hash.update(chunk);
      seen.got += chunk.byteLength;
      seen.first?.();
      await seen.gate;
    }
    const { name, type } = file;
    update(() => {
      this.files.push({ name, type, bytes: seen.got, hash: hash.digest("hex") });
      this.note = note;
    });
    return seen.got;
  }
  @event({ background: true }) async count(file: File) {
    let bytes = 0;
    for await (const chunk of file.stream()) bytes += chunk.byteLength;
    return bytes;
  }
  @event async read(files: File[]) {
    const texts = await Promise.all(files.map((file) => file.text()));
    this.note = texts.join("+");
    return this.note;
  }
  @event(z.object({ title: z.string(), small: z.file().optional(), photo: z.file() })) async submit(form: {
    title: string;
    small?: File | undefined;
    photo: File;
  }) {
    const small = await form.small?.text();
    this.note = `${form.title}: ${form.photo.name} ${hashOf(await form.photo.bytes())} ${small ?? "none"}`;
  }
  @event unread(_file: File) {
    this.note = "done";
  }
}

const stores = { desk: scope.room(Desk, { allow: () => true }) };
const pattern = (size: number) => new Uint8Array(size).map((_, i) => i % 251);
const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Three nodes: the first one owns the desk `x`, calls go to the second one, and files to the third. */
async function apart(options: object = {}) {
  Object.assign(seen, { got: 0, first: undefined, gate: undefined });
  const cluster = await serveNodes({ stores, ...options });
  await cluster.nodes[0].twin.desk("x").own();
  const client = cluster.client((path) => (path.startsWith("$upload") ? 2 : path.startsWith("desk.") ? 1 : 0));
  const left = () => cluster.nodes.flatMap(({ runtime }) => [runtime.dispatcher.uploads.size, runtime.nodes?.files.size]);
  return { ...cluster, left, ...(await deskOf(client)) };
}

async function deskOf(client: Client) {
  const twin = await openTwin(client, "desk", "x");
  return { twin, desk: liveOf(twin) as Desk };
}

/** A gate that opens with the first bytes that an event reads, and one that holds it there. */
function holdAtFirst() {
  const [first, held] = [createGate(), createGate()];
  seen.first = first.open;
  seen.gate = held.opened;
  return { first: first.opened, release: held.open };
}

const outcomeOf = (ended: PromiseLike<unknown>) => Promise.resolve(ended).catch(({ code }: EventError) => code as string);

test("files that come to a node which neither owns the state nor got the call reach the event, byte for byte", async () => {
  const { twin, desk, left } = await apart();
  const bytes = pattern(3 * MB);
  expect(await call(twin, "attach", new File([bytes], "a.bin", { type: "application/x-a" }), "hello")).toBe(3 * MB);
  expect(toPlain(desk.files)).toEqual([{ name: "a.bin", type: "application/x-a", bytes: 3 * MB, hash: hashOf(bytes) }]);
  const texts = ["a", "", "ccc", "d", "e"];
  expect(
    await call(
      twin,
      "read",
      texts.map((text) => new File([text], text)),
    ),
  ).toBe("a++ccc+d+e");
  await soon(() => expect(left()).toEqual([0, 0, 0, 0, 0, 0]));
});

test("whichever nodes get call and file, the file arrives", async () => {
  const { client, nodes } = await serveNodes({ stores });
  await nodes[0].twin.desk("x").own();
  const ways = [0, 1, 2].flatMap((called) => [0, 1, 2].map((sent) => [called, sent] as const));
  for (const [called, sent] of ways) {
    const { twin } = await deskOf(client((path) => (path.startsWith("$upload") ? sent : path.startsWith("desk.") ? called : 0)));
    expect(await call(twin, "read", [new File(["bytes"], "a.txt")])).toBe("bytes");
  }
});

test("limits hold at the owner: size, number, and what the schema says", async () => {
  const { twin, desk } = await apart({ maxFileSize: 10, maxFiles: 2 });
  const text = (size: number) => new File(["x".repeat(size)], "a.txt");
  expect(await outcomeOf(call(twin, "attach", text(11)))).toBe("TOO_LARGE");
  expect(await outcomeOf(call(twin, "read", [text(1), text(2), text(3)]))).toBe("TOO_LARGE");
  expect(await outcomeOf(call(twin, "attach", "no file"))).toBe("INVALID");
  expect(await outcomeOf(call(twin, "attach", text(10)))).toBe(10);
  expect(desk.files.length).toBe(1);
});

test("an event that does not read its file ends all the same, and a call that is cancelled ends its upload", async () => {
  const { twin, desk, left } = await apart();
  await call(twin, "unread", new File([pattern(8 * MB)], "a"));
  expect(desk.note).toBe("done");
  const { first, release } = holdAtFirst();
  const attached = call(twin, "attach", new File([pattern(16 * MB)], "a"));
  await first;
  attached.cancel();
  release();
  expect(await outcomeOf(attached)).toBe("CANCELLED");
  await soon(() => expect(left()).toEqual([0, 0, 0, 0, 0, 0]));
  expect(toPlain(desk.files)).toEqual([]);
});

/** A call of which the test sends the file by itself. */
async function calledAlone({ nodes }: Pick<Awaited<ReturnType<typeof apart>>, "nodes">, name: string, size: number) {
  const visitor = nodes[1].visitor();
  await visitor.callIn("x", "desk.own");
  const id = randomUUID();
  const file = [id, ["big", "", size, 0]];
  const answer = visitor.ask(`desk.${name}`, {
    key: "x",
    args: [[], [["a", 1, [1], [[0]]]]],
    call: { client: visitor.client, epoch: 0, n: 1, at: null, seen: 0, f: file },
  });
  return { answer, visitor, url: `${nodes[2].site.url}/$upload?id=${id}&k=0` };
}

test("behaviour 93: the browser waits for an event of another node: between them stand a few parts", async () => {
  const cluster = await apart();
  const { first, release } = holdAtFirst();
  const size = 64 * MB;
  const { answer, visitor, url } = await calledAlone(cluster, "attach", size);
  let pulled = 0;
  const chunk = new Uint8Array(64 << 10);
  const body = new ReadableStream({
    pull(controller) {
      pulled += chunk.byteLength;
      controller.enqueue(chunk);
      if (pulled === size) controller.close();
    },
  });
  const posted = visitor.jar.fetch(url, { method: "POST", body, duplex: "half" } as RequestInit);
  await first;
  for (let same = 0, last = pulled; same < 20; ) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    same = pulled === last ? same + 1 : 0;
    last = pulled;
  }
  expect(pulled).toBeLessThan(16 * MB);
  release();
  expect([(await posted).status, (await answer).status]).toEqual([200, 200]);
  expect(pulled).toBe(size);
});

test("behaviour 93: a browser that goes away in the middle of a file cuts it short at the owner", async () => {
  const cluster = await apart();
  const { first, release } = holdAtFirst();
  const { answer, visitor, url } = await calledAlone(cluster, "attach", 32 * MB);
  const post = request(url, { method: "POST", headers: { cookie: visitor.jar.cookie ?? "", "content-length": 32 * MB } });
  post.on("error", () => {});
  post.write(pattern(2 * MB));
  await first;
  post.destroy();
  release();
  expect((await answer).error?.code).toBe("CUT_SHORT");
  await soon(() => expect(cluster.left()).toEqual([0, 0, 0, 0, 0, 0]));
  expect(toPlain(cluster.desk.files)).toEqual([]);
});

test("another session cannot send the file of a call, by whichever node", async () => {
  const cluster = await apart();
  const { first, release } = holdAtFirst();
  const { answer, visitor, url } = await calledAlone(cluster, "attach", 5);
  const other = cluster.nodes[2].visitor();
  await other.callIn("x", "desk.own");
  expect((await other.jar.fetch(url, { method: "POST", body: "wrong" })).status).toBe(404);
  void visitor.jar.fetch(url, { method: "POST", body: "right" });
  await first;
  release();
  expect((await answer).status).toBe(200);
  await soon(() => expect(cluster.desk.files[0]?.hash).toBe(hashOf(Buffer.from("right"))));
});

describe("forms without JavaScript that reach another node", () => {
  const BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW";
  const field = (name: string, value: string) => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const fileField = (name: string, file: string) =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"; filename="${file}"\r\nContent-Type: text/plain\r\n\r\n`;
  const END = `\r\n--${BOUNDARY}--\r\n`;

  /** Posts a form to the second node, and gives status and page. */
  async function posted({ nodes }: Pick<Awaited<ReturnType<typeof apart>>, "nodes">, parts: readonly (string | Uint8Array)[]) {
    const visitor = nodes[1].visitor();
    await visitor.callIn("x", "desk.own");
    const { origin, url } = nodes[1].site;
    const headers = { origin, referer: `${origin}/desk`, "content-type": `multipart/form-data; boundary=${BOUNDARY}` };
    const body = Buffer.concat(parts.map((part) => Buffer.from(part as Uint8Array)));
    const response = await visitor.jar.fetch(`${url}/$form`, { method: "POST", headers, body, redirect: "manual" });
    return { status: response.status, page: await response.text() };
  }

  test("bring small files and a long one", async () => {
    const cluster = await apart();
    for (const size of [1000, 5 * MB]) {
      const bytes = pattern(size);
      const head = field("$desk.submit?key=x", "") + field("title", "Me") + fileField("small", "s.txt");
      const { status } = await posted(cluster, [head, `little\r\n${fileField("photo", "a.bin")}`, bytes, END]);
      expect(status).toBe(303);
      await soon(() => expect(cluster.desk.note).toBe(`Me: a.bin ${hashOf(bytes)} little`));
    }
    const without = field("$desk.submit?key=x", "") + field("title", "Me") + fileField("photo", "b.txt");
    expect((await posted(cluster, [without, "b", END])).status).toBe(303);
    await soon(() => expect(cluster.desk.note).toBe(`Me: b.txt ${hashOf(Buffer.from("b"))} none`));
    await soon(() => expect(cluster.left()).toEqual([0, 0, 0, 0, 0, 0]));
  });

  test("are refused with the reason, where a field follows the long file", async () => {
    const cluster = await apart();
    const head = field("$desk.submit?key=x", "") + field("title", "Me") + fileField("photo", "a.bin");
    const { status, page } = await posted(cluster, [head, pattern(2 * MB), `\r\n${field("more", "")}`, END]);
    expect([status, page]).toEqual([400, expect.stringContaining("is followed by another field of its form")]);
    expect(cluster.desk.note).toBe("owned");
    await soon(() => expect(cluster.left()).toEqual([0, 0, 0, 0, 0, 0]));
  });
});

describe("in trouble", () => {
  /** A client of three nodes whose event has the first bytes of its file, and is held there. */
  async function held(size: number, shift: number) {
    Object.assign(seen, { got: 0, first: undefined, gate: undefined });
    const posts: string[] = [];
    const wrapFetch = (next: typeof fetch): typeof fetch => {
      return (url, init) => {
        if (String(url).includes("$upload") && !String(url).includes("&ask")) posts.push(String(url));
        return next(url, init);
      };
    };
    const net = pair({ stores, storage: lasting({ nodes: true }), wrapFetch, log: () => {} });
    const desk = await net.client().desk("x");
    for (let n = 0; n <= shift; n++) await desk.own();
    const gates = holdAtFirst();
    const attached = desk.attach(new File([pattern(size)], "a.bin"), "after");
    await gates.first;
    return { net, desk, attached, posts, ...gates };
  }

  test("a file whose owner, caller's node or own node is killed is there once, or its call is refused and nothing of it is there", async () => {
    const outcomes: unknown[] = [];
    for (const [node, shift] of ["a", "b", "c"].flatMap((node) => [0, 1, 2].map((shift) => [node, shift] as const))) {
      const { net, desk, attached, posts, release } = await held(600_000, shift);
      await using _ = net;
      net.kill(node);
      await net.wait(1000);
      release();
      await net.quiet();
      const outcome = await outcomeOf(attached);
      outcomes.push([outcome, posts.length]);
      const files = outcome === 600_000 ? [{ bytes: 600_000, hash: hashOf(pattern(600_000)) }] : [];
      expect(desk.files).toMatchObject(files);
      expect([600_000, "CUT_SHORT"]).toContain(outcome);
    }
    // The owner's kill has the file sent again, that of its own node cuts it short, and that of the caller's node changes nothing.
    expect(outcomes).toEqual(
      expect.arrayContaining([
        [600_000, 2],
        ["CUT_SHORT", 1],
        [600_000, 1],
      ]),
    );
  });

  test("parts that are lost between nodes are asked for again", async () => {
    for (const shift of [0, 1, 2]) {
      const { net, desk, attached, posts, release } = await held(2 * MB, shift);
      await using _ = net;
      // The second node is the owner.
      for (const node of ["a", "c"]) net.cutNode(node);
      release();
      await net.wait(1500);
      await net.quiet();
      expect(await outcomeOf(attached)).toBe(2 * MB);
      expect([desk.files.length, desk.files[0]?.hash, posts.length]).toEqual([1, hashOf(pattern(2 * MB)), 1]);
    }
  });
});

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** How many bytes of the heap, and of buffers, somebody can still reach. */
function reached(): number {
  collect();
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

redisTest(
  "behaviour 93: a file of 20 MB goes through Redis to its event, which takes the nodes no more than 12 MB",
  { timeout: 60_000 },
  async ({ redisServer }) => {
    const { url } = await redisServer();
    const nodes = await Promise.all(
      ["a", "b", "c"].map(() => {
        const storage = redis(url, { warn: () => {} });
        onTestFinished(() => storage.close());
        return serveTwin({ stores, storage, name: randomUUID() });
      }),
    );
    await nodes[0]?.twin.desk("x").own();
    const cluster = { nodes } as unknown as Pick<Awaited<ReturnType<typeof apart>>, "nodes">;
    const size = 20 * MB;
    const { answer, visitor, url: uploadUrl } = await calledAlone(cluster, "count", size);
    const before = reached();
    let most = 0;
    const chunk = Buffer.from(pattern(64 << 10));
    const body = async function* () {
      for (let sent = 0; sent < size; sent += chunk.byteLength) {
        if (sent % (2 * MB) === 0) most = Math.max(most, reached());
        yield chunk;
      }
    };
    const post = request(uploadUrl, { method: "POST", headers: { cookie: visitor.jar.cookie ?? "" } });
    const posted = new Promise<number | undefined>((resolve, reject) =>
      post.on("response", (response) => resolve(response.resume().statusCode)).on("error", reject),
    );
    await pipeline(body(), post);
    expect([await posted, (await answer).status]).toEqual([200, 200]);
    expect((most - before) / MB).toBeLessThan(12);
  },
);
