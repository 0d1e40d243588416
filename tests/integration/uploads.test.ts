import { openAsBlob, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type EventError, event, state, toPlain, update } from "twinstate";
import { lasting, pair } from "twinstate/testing";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createGate } from "../../server/task/gate.js";
import { serveTwin } from "../kit/app.js";
import { call, liveOf, openClient, openTwin } from "../kit/client.js";
import { temporaryFolder } from "../kit/files.js";
import { Jar } from "../kit/http.js";
import { soon } from "../kit/soon.js";

const MB = 1 << 20;

/** What the tests see of events that run. */
const seen: { chunks: number; got: number; error?: unknown; first?: () => void; gate?: Promise<void> } = { chunks: 0, got: 0 };

class Desk {
  @state files: { name: string; type: string; bytes: number; sum: number }[] = [];
  @state note = "";

  @event({ background: true }) async count(file: File) {
    let bytes = 0;
    for await (const chunk of file.stream()) bytes += chunk.byteLength;
    return bytes;
  }
  @event({ background: true }) async attach(file: File, note = "") {
    let bytes = 0;
    let sum = 0;
    for await (const chunk of file.stream()) {
      bytes += chunk.byteLength;
      for (const byte of chunk) sum = (sum + byte) % 65_521;
      seen.chunks++;
      seen.got = bytes;
      seen.first?.();
      await seen.gate;
    }
    update(() => {
      this.files.push({ name: file.name, type: file.type, bytes, sum });
      this.note = note;
    });
    return bytes;
  }
  @event async read(files: File[]) {
    const texts = await Promise.all(files.map((file) => file.text()));
    this.note = texts.join("+");
    return this.note;
  }
  @event({ input: [z.file().max(10).mime("text/plain"), z.array(z.file()).max(2)] }) async checked(file: File, more: File[]) {
    this.note = `${await file.text()} ${more.length}`;
    return this.note;
  }
  @event(z.object({ title: z.string(), photo: z.file().max(1000) })) async submit({ title, photo }: { title: string; photo: File }) {
    this.note = `${title}: ${photo.name} ${await photo.text()}`;
  }
  @event async twice(file: File) {
    await file.text();
    await file.text();
  }
  @event unread(_file: File) {
    this.note = "done";
  }
  @event async label(id: string, count: number, file: File) {
    this.note = `${id} ${count} ${await file.text()}`;
  }
  @event async *pieces(file: File) {
    for await (const chunk of file.stream()) {
      this.note = `${chunk.byteLength}`;
      yield new TextDecoder().decode(chunk);
    }
    return "read";
  }
  @event set(note: string) {
    this.note = note;
  }
}

const stores = { desk: Desk };
const pattern = (size: number) => new Uint8Array(size).map((_, i) => i % 251);
const sumOf = (bytes: Uint8Array) => bytes.reduce((sum, byte) => (sum + byte) % 65_521, 0);

/** What a client's requests for files meet on their way. */
type Way = (url: string, init: RequestInit, next: typeof fetch) => Promise<Response>;

async function served(options: object = {}, way: Way = (url, init, next) => next(url, init)) {
  Object.assign(seen, { chunks: 0, got: 0, first: undefined, gate: undefined });
  const app = await serveTwin({ stores, ...options });
  const jar = new Jar();
  const posts: string[] = [];
  const fetch: typeof globalThis.fetch = (url, init = {}) => {
    if (!String(url).includes("$upload")) return jar.fetch(url, init);
    posts.push(String(url));
    return way(String(url), init, jar.fetch as never);
  };
  const client = openClient(app.site.url, { line: { fetch, openSocket: jar.openSocket } });
  const twin = await openTwin(client, "desk");
  return { ...app, twin, posts, jar, desk: liveOf(twin) as Desk, uploads: app.runtime.dispatcher.uploads };
}

/** A gate that opens with the first bytes that an event reads, and one that holds it there. */
function holdAtFirst() {
  const first = createGate();
  const held = createGate();
  seen.first = first.open;
  seen.gate = held.opened;
  return { first: first.opened, release: held.open };
}

const refusalOf = async (ended: PromiseLike<unknown>) => {
  const error = await Promise.resolve(ended).then(
    (value) => expect.fail(`it resolved to ${String(value)}`),
    (error: EventError) => error,
  );
  return { code: error.code as string, message: error.message };
};

test("a file arrives in its bytes, with name and type, beside other arguments", async () => {
  const { twin, desk, uploads } = await served();
  const bytes = pattern(3 * MB);
  const attached = call(twin, "attach", new File([bytes], "a.bin", { type: "application/x-a" }), "hello");
  expect(await attached).toBe(3 * MB);
  expect(toPlain(desk.files)).toEqual([{ name: "a.bin", type: "application/x-a", bytes: 3 * MB, sum: sumOf(bytes) }]);
  expect(desk.note).toBe("hello");
  await soon(() => expect(uploads.size).toBe(0));
});

test("several files of one call arrive, an empty one and the same one twice too", async () => {
  const { twin } = await served();
  const same = new File(["b"], "b");
  const files = [new File(["a"], "a"), same, new File([], "none"), same, ...Array.from({ length: 5 }, (_, i) => new Blob([`${i}`]))];
  expect(
    await call(
      twin,
      "read",
      files.filter((file, i) => files.indexOf(file) === i),
    ),
  ).toBe("a+b++0+1+2+3+4");
});

test("behaviour 93: a streaming event sees chunks before the end, and the socket waits for it", async () => {
  const { twin, desk, jar, site } = await served();
  const { first, release } = holdAtFirst();
  const size = 64 * MB;
  let pulled = 0;
  const chunk = new Uint8Array(64 << 10);
  const body = new ReadableStream({
    pull(controller) {
      pulled += chunk.byteLength;
      controller.enqueue(chunk);
      if (pulled === size) controller.close();
    },
  });
  const id = "a-file-of-sixty-four-megabytes";
  const numbers = { client: "c".repeat(22), epoch: 0, n: 1, at: null, seen: 0, f: [id, ["big", "", size, 0]] };
  const answer = jar.fetch(`${site.url}/desk.attach`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ args: encoded([0]), call: numbers }),
  });
  const posted = jar.fetch(`${site.url}/$upload?id=${id}&k=0`, { method: "POST", body, duplex: "half" } as RequestInit);
  await first;
  await standsStill(() => pulled);
  expect(pulled).toBeLessThan(16 * MB);
  release();
  expect([(await posted).status, (await answer).status]).toEqual([200, 200]);
  expect(pulled).toBe(size);
  await soon(() => expect(desk.files[0]?.bytes).toBe(size));
  void twin;
});

test("a file of 200 MB takes the server no more than 30 MB", async () => {
  const { jar, site } = await served({ maxFileSize: 300 * MB });
  const size = 200 * MB;
  const id = "a-file-of-two-hundred-megabytes";
  const numbers = { client: "c".repeat(22), epoch: 0, n: 1, at: null, seen: 0, f: [id, ["big", "", size, 0]] };
  const headers = { "content-type": "application/json" };
  const answer = jar.fetch(`${site.url}/desk.count`, { method: "POST", headers, body: JSON.stringify({ args: encoded([0]), call: numbers }) });
  const held = () => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = held();
  let most = 0;
  const chunk = Buffer.alloc(64 << 10);
  const body = async function* () {
    for (let sent = 0; sent < size; sent += chunk.byteLength) {
      most = Math.max(most, held());
      yield chunk;
    }
  };
  const post = request(`${site.url}/$upload?id=${id}&k=0`, { method: "POST", headers: { cookie: jar.cookie ?? "" } });
  const posted = new Promise<number | undefined>((resolve, reject) =>
    post.on("response", (response) => resolve(response.resume().statusCode)).on("error", reject),
  );
  await pipeline(body(), post);
  expect([await posted, (await answer).status]).toEqual([200, 200]);
  expect((most - before) / MB).toBeLessThan(30);
});

/** Waits until a number has not changed for some turns of the event loop with I/O in them. */
async function standsStill(read: () => number): Promise<void> {
  for (let same = 0, last = read(); same < 20; ) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    same = read() === last ? same + 1 : 0;
    last = read();
  }
}

/** The arguments of a call whose only argument is its first file. */
const encoded = (file: [number]) => [[], [["a", 1, [1], [file]]]];

test("behaviour 93: the file of an event that yields stays open until its stream ends", async () => {
  const { twin, uploads } = await served();
  const text = "0123456789".repeat(100_000);
  const reading = call(twin, "pieces", new File([text], "a.txt"));
  let read = "";
  for await (const piece of reading as AsyncIterable<string>) read += piece;
  expect([read === text, await reading]).toEqual([true, "read"]);
  await soon(() => expect(uploads.size).toBe(0));
});

describe("limits", () => {
  test("of size and number refuse the call with `TOO_LARGE`, and name the option", async () => {
    const { twin, desk, posts } = await served({ maxFileSize: 10, maxFiles: 2 });
    expect(await refusalOf(call(twin, "attach", new File(["12345678901"], "long.txt")))).toEqual({
      code: "TOO_LARGE",
      message: expect.stringContaining("`long.txt` has 11 bytes, and a file may have 10"),
    });
    const three = [new Blob(["a"]), new Blob(["b"]), new Blob(["c"])];
    expect(await refusalOf(call(twin, "read", three))).toEqual({ code: "TOO_LARGE", message: expect.stringContaining("`createTwin({ maxFiles })`") });
    expect(await call(twin, "read", three.slice(1))).toBe("b+c");
    expect([toPlain(desk.files), posts.length]).toEqual([[], expect.any(Number)]);
  });

  test("of a schema are those of size, type and number", async () => {
    const { twin } = await served();
    const text = new File(["hi"], "a.txt", { type: "text/plain" });
    expect(await call(twin, "checked", text, [])).toBe("hi 0");
    for (const [file, more] of [
      [new File(["x".repeat(11)], "a", { type: "text/plain" }), []],
      [new File(["hi"], "a.png", { type: "image/png" }), []],
      [text, [text, new Blob(["b"]), new Blob(["c"])]],
      ["no file", []],
    ])
      expect((await refusalOf(call(twin, "checked", file, more))).code).toBe("INVALID");
  });

  test("of the parameter's type: what is no file is refused where the event has types", async () => {
    const { twin } = await served();
    expect(await refusalOf(call(twin, "attach", "a.txt"))).toEqual({ code: "INVALID", message: expect.stringContaining("Expected File, got string") });
  });
});

describe("nothing is left behind", () => {
  test("behaviour 93: a cancelled call ends the upload, changes nothing, and its progress does not reach 1", async () => {
    let aborted = false;
    const { twin, desk, uploads } = await served({}, (url, init, next) => {
      init.signal?.addEventListener("abort", () => {
        aborted = true;
      });
      return next(url, init);
    });
    const { first, release } = holdAtFirst();
    const attached = call(twin, "attach", new File([pattern(32 * MB)], "a"));
    await first;
    attached.cancel();
    release();
    expect((await refusalOf(attached)).code).toBe("CANCELLED");
    await soon(() => expect([aborted, uploads.size]).toEqual([true, 0]));
    expect([toPlain(desk.files), attached.progress]).toEqual([[], 0]);
  });

  test("a body that is cut short is refused by its length, with the settings that may be the cause", async () => {
    const { twin, desk, uploads } = await served({}, async (url, init, next) =>
      next(url, url.endsWith("&ask") ? init : { ...init, body: (init.body as Blob).slice(0, MB) }),
    );
    const { code, message } = await refusalOf(call(twin, "attach", new File([pattern(2 * MB)], "a")));
    expect([code, message]).toEqual(["CUT_SHORT", expect.stringContaining(`${MB} of ${2 * MB} bytes`)]);
    expect(message).toContain("`experimental.proxyClientMaxBodySize`");
    await soon(() => expect(uploads.size).toBe(0));
    expect(toPlain(desk.files)).toEqual([]);
  });

  test("behaviour 93: a client that disconnects in the middle of a file cancels its event, which undoes it", async () => {
    const breaker = new AbortController();
    const { twin, desk, uploads } = await served({}, (url, init, next) =>
      next(url, { ...init, signal: AbortSignal.any([breaker.signal, init.signal as AbortSignal]) }),
    );
    const { first, release } = holdAtFirst();
    const attached = call(twin, "attach", new File([pattern(32 * MB)], "a"));
    await first;
    breaker.abort();
    release();
    expect((await refusalOf(attached)).code).toBe("CUT_SHORT");
    await soon(() => expect(uploads.size).toBe(0));
    expect(toPlain(desk.files)).toEqual([]);
  });

  test("a body that a proxy refuses ends the call", async () => {
    const { twin, uploads } = await served({}, async () => new Response("<h1>413</h1>", { status: 413, headers: { "content-type": "text/html" } }));
    expect(await refusalOf(call(twin, "attach", new File(["a"], "a.txt")))).toEqual({
      code: "CUT_SHORT",
      message: expect.stringContaining("`client_max_body_size`"),
    });
    await soon(() => expect(uploads.size).toBe(0));
  });

  test("a file that was changed or removed since it was chosen ends the call, and says so", async () => {
    const { twin, desk, posts, uploads } = await served();
    const path = join(temporaryFolder(), "a.txt");
    writeFileSync(path, "as it was chosen");
    const file = await openAsBlob(path);
    writeFileSync(path, "and as it is by now");
    expect(await refusalOf(call(twin, "attach", file))).toEqual({ code: "CUT_SHORT", message: expect.stringContaining("Choose it again.") });
    await soon(() => expect(uploads.size).toBe(0));
    expect([toPlain(desk.files), posts.length]).toEqual([[], 1]);
  });

  test("an event that does not read its file ends all the same", async () => {
    const { twin, desk, uploads } = await served();
    await call(twin, "unread", new File([pattern(8 * MB)], "a"));
    expect(desk.note).toBe("done");
    await soon(() => expect(uploads.size).toBe(0));
  });

  test("a file is read once, and by its own session alone", async () => {
    const { twin, posts, visitor, site } = await served();
    const logged = await refusalOf(call(twin, "twice", new File(["a"], "a.txt")));
    expect(logged.code).toBe("INTERNAL");
    const { first, release } = holdAtFirst();
    const attached = call(twin, "attach", new File([pattern(MB)], "a"));
    await first;
    const other = visitor();
    await other.call("desk.set", "mine");
    const stolen = other.jar.fetch(posts.at(-1) as string, { method: "POST", body: "x" });
    const stray = fetch(`${site.url}/$upload?id=${"x".repeat(22)}&k=0`, { method: "POST", body: "x" });
    expect([(await stolen).status, (await stray).status]).toEqual([404, 404]);
    release();
    await attached;
  });
});

describe("a call that is sent again", () => {
  /** A client of a pair whose event has its file's first bytes, and is held there. */
  async function held() {
    Object.assign(seen, { chunks: 0, got: 0 });
    const posts: string[] = [];
    const wrapFetch = (next: typeof fetch): typeof fetch => {
      return (url, init) => {
        if (String(url).includes("$upload")) posts.push(String(url).includes("&ask") ? "ask" : "body");
        return next(url, init);
      };
    };
    const net = pair({ stores, storage: lasting(), wrapFetch });
    const client = net.client();
    const desk = await client.desk();
    await desk.set("before");
    const gates = holdAtFirst();
    const attached = desk.attach(new File([pattern(1000)], "a.bin"), "after");
    await gates.first;
    return { net, client, desk, attached, posts, ...gates };
  }

  test("while it runs waits for the same answer, and no file is sent again", async () => {
    const { net, client, desk, attached, posts, release } = await held();
    await using _ = net;
    net.break(client);
    await net.wait(5000);
    release();
    await net.quiet();
    expect(await refusalOrValue(attached)).toBe(1000);
    expect([desk.files.length, desk.note, seen.chunks, posts.filter((post) => post === "body")]).toEqual([1, "after", 1, ["body"]]);
  });

  test("after a kill sends its file again: the event begins anew, and its state is there once", async () => {
    const { net, desk, attached, posts, release } = await held();
    await using _ = net;
    net.kill();
    await net.wait(1000);
    release();
    await net.quiet();
    expect(await refusalOrValue(attached)).toBe(1000);
    expect([desk.files.length, desk.note, posts.filter((post) => post === "body").length]).toEqual([1, "after", 2]);
  });
});

const refusalOrValue = (ended: PromiseLike<unknown>) => Promise.resolve(ended).catch(({ code, message }: EventError) => ({ code, message }));

describe("forms", () => {
  const photo = () => new File(["pixels"], "me.png", { type: "image/png" });

  test("with JavaScript send their files beside the call", async () => {
    const { twin, desk, posts } = await served();
    const form = new FormData();
    form.set("title", "Me");
    form.set("photo", photo());
    await twin.event("submit")?.form(form);
    expect([desk.note, posts.length]).toEqual(["Me: me.png pixels", 1]);
  });

  test("an input without a file is left out, and its field is named in the issues", async () => {
    const { twin } = await served();
    const form = new FormData();
    form.set("title", "Me");
    form.set("photo", new File([], ""));
    const state = await twin.event("submit")?.form(undefined, form);
    expect(Object.keys(state?.errors ?? {})).toEqual(["photo"]);
    expect(state?.fields).toEqual({ title: "Me" });
  });

  test("behaviour 93: bound arguments arrive before the file of a form, with JavaScript and without", async () => {
    const { twin: app, visitor, site } = await serveTwin({ stores });
    const one = visitor();
    await one.call("desk.set", "before");
    const form = new FormData();
    form.set('$desk.label?bound=["b",7]', "");
    form.set("file", new File(["bytes"], "a.txt"));
    const posted = await one.jar.fetch(`${site.url}/$form`, { method: "POST", body: form, headers: { origin: site.origin }, redirect: "manual" });
    expect([posted.status, (await app.desk(one.session).$snapshot()).note]).toEqual([303, "b 7 bytes"]);
    const { twin, desk } = await served();
    const fields = new FormData();
    fields.set("file", new File(["bytes"], "a.txt"));
    await twin.event("label")?.form.bind(null, "a", 3)(fields);
    expect(desk.note).toBe("a 3 bytes");
  });

  test("without JavaScript bring their files in the body, byte for byte", async () => {
    const { visitor, twin: app, site } = await serveTwin({ stores });
    const one = visitor();
    await one.call("desk.set", "before");
    const form = new FormData();
    form.set("$desk.submit", "");
    form.set("title", "Me");
    form.set("photo", photo());
    const response = await one.jar.fetch(`${site.url}/$form`, { method: "POST", body: form, headers: { origin: site.origin }, redirect: "manual" });
    expect(response.status).toBe(303);
    expect((await app.desk(one.session).$snapshot()).note).toBe("Me: me.png pixels");
    const binary = new FormData();
    binary.set("$desk.attach", "");
    const bytes = pattern(1000);
    binary.set("file", new File([bytes], "a.bin"));
    await one.jar.fetch(`${site.url}/$form`, { method: "POST", body: binary, headers: { origin: site.origin }, redirect: "manual" });
    expect((await app.desk(one.session).$snapshot()).files).toEqual([{ name: "a.bin", type: "application/octet-stream", bytes: 1000, sum: sumOf(bytes) }]);
  });
});
