import { createHash } from "node:crypto";
import { type ClientRequest, request } from "node:http";
import { event, state, toPlain, update } from "twinstate";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createGate } from "../../server/task/gate.js";
import { serveTwin } from "../kit/app.js";
import { Random } from "../kit/random.js";

const MB = 1 << 20;

/** What the tests see of events that run. */
const seen: { begun: number; got: number; hash: string; first?: () => void; gate?: Promise<void>; error?: unknown } = { begun: 0, got: 0, hash: "" };

async function read(file: File): Promise<number> {
  Object.assign(seen, { begun: seen.begun + 1, got: 0 });
  const hash = createHash("sha256");
  for await (const chunk of file.stream()) {
    seen.got += chunk.byteLength;
    hash.update(chunk);
    seen.first?.();
    await seen.gate;
  }
  seen.hash = hash.digest("hex");
  return seen.got;
}

class Desk {
  @state note = "";
  @state files: { name: string; type: string; size: number }[] = [];

  @event({ background: true, input: [z.object({ title: z.string(), small: z.file().optional(), file: z.file().max(6 * MB) })] })
  async take({ title, small, file }: { title: string; small?: File | undefined; file: File }) {
    const bytes = await read(file);
    const text = await small?.text();
    await update(() => {
      this.note = `${title} ${bytes} ${text ?? ""}`.trim();
      this.files.push({ name: file.name, type: file.type, size: file.size });
    });
  }
  @event async begin(file: File) {
    this.note = "begun";
    await read(file).catch((error) => {
      seen.error = error;
      throw error;
    });
  }
  @event unread(_file: File) {
    this.note = "done";
  }
  @event set(note: string) {
    this.note = note;
  }
  @event wait() {}
}

const BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW";

type Field = readonly [name: string, value: string | { readonly name: string; readonly type: string; readonly bytes: Buffer }];

/** A form as browsers write it. */
function written(fields: readonly Field[]): Buffer {
  const parts = fields.flatMap(([name, value]) => {
    const file = typeof value === "string" ? "" : `; filename="${value.name}"\r\nContent-Type: ${value.type}`;
    const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`;
    return [Buffer.from(head), typeof value === "string" ? Buffer.from(value) : value.bytes, Buffer.from("\r\n")];
  });
  return Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}

const file = (bytes: Buffer, name = "a.bin") => ({ name, type: "application/x-a", bytes });

async function served(options: object = {}) {
  Object.assign(seen, { begun: 0, got: 0, hash: "", first: undefined, gate: undefined });
  const app = await serveTwin({ stores: { desk: Desk }, ...options });
  const visitor = app.visitor();
  await visitor.call("desk.set", "before");
  const { origin } = app.site;
  const headers = { origin, cookie: visitor.jar.cookie ?? "", referer: `${origin}/desk`, "content-type": `multipart/form-data; boundary=${BOUNDARY}` };
  const open = (more: object) => request(`${app.site.url}/$form`, { method: "POST", headers: { ...headers, ...more } });
  const post = async (body: Buffer, { length = body.byteLength as number | null, chunk = 64 << 10 } = {}) => {
    const posted = open(length === null ? { "transfer-encoding": "chunked" } : { "content-length": length });
    const answer = answerOf(posted);
    for (let at = 0; at < body.byteLength && !posted.destroyed; at += chunk) if (!posted.write(body.subarray(at, at + chunk))) await drained(posted);
    posted.end();
    return answer;
  };
  const snapshot = () => app.twin.desk(visitor.session).$snapshot();
  return { ...app, visitor, open, post, snapshot };
}

/** Resolves when a request takes more, or is gone. */
const drained = (posted: ClientRequest) =>
  new Promise<void>((resolve) => {
    const done = () => {
      posted.off("drain", done).off("close", done);
      resolve();
    };
    posted.on("drain", done).on("close", done);
  });

const answerOf = (posted: ClientRequest) =>
  new Promise<{ status: number | undefined; location: string | undefined; html: string }>((resolve, reject) => {
    posted.on("error", reject).on("response", async (response) => {
      let html = "";
      for await (const chunk of response) html += chunk;
      resolve({ status: response.statusCode, location: response.headers.location, html });
    });
  });

describe("a form without JavaScript whose file does not fit into maxBody", () => {
  test("brings it byte for byte, with its name, type and size, and the fields before it", async () => {
    const { post, snapshot, site } = await served();
    const random = new Random(7);
    // Pieces that look like the end of a part.
    const piece = () =>
      random.pick([
        Buffer.from("\r\n"),
        Buffer.from(`\r\n--${BOUNDARY.slice(0, 30)}`),
        Buffer.from("\r\n--"),
        Buffer.alloc(random.int(90_000), random.int(255)),
      ]);
    for (let run = 0; run < 4; run++) {
      const bytes = Buffer.concat([Buffer.alloc(MB, "x"), ...Array.from({ length: 40 }, piece)]);
      const fields: Field[] = [
        ["$desk.take", ""],
        ["title", "Me"],
        ["small", file(Buffer.from("hi"), "small.txt")],
        ["file", file(bytes, `a${run}.bin`)],
      ];
      const posted = await post(written(fields), { chunk: random.pick([64 << 10, 1000, 65_521]) });
      expect([posted.status, posted.location]).toEqual([303, `${site.origin}/desk`]);
      expect([seen.got, seen.hash]).toEqual([bytes.byteLength, createHash("sha256").update(bytes).digest("hex")]);
      const { note, files } = await snapshot();
      expect([note, toPlain(files).at(-1)]).toEqual([`Me ${bytes.byteLength} hi`, { name: `a${run}.bin`, type: "application/x-a", size: bytes.byteLength }]);
    }
  });

  test("lets its event see the first bytes before the last, waits at the socket while nobody reads, and takes 30 MB of memory at most", async () => {
    const { open } = await served();
    const [first, release] = [createGate(), createGate()];
    [seen.first, seen.gate] = [first.open, release.opened];
    const size = 64 * MB;
    const body = written([
      ["$desk.begin", ""],
      ["file", file(Buffer.from("BYTES"))],
    ]);
    const at = body.indexOf("BYTES");
    const posted = open({ "content-length": body.byteLength - 5 + size });
    const answer = answerOf(posted);
    const held = () => process.memoryUsage().heapUsed + process.memoryUsage().external;
    const before = held();
    let [sent, most] = [0, 0];
    const chunk = Buffer.alloc(64 << 10);
    const sending = (async () => {
      posted.write(body.subarray(0, at));
      for (; sent < size; sent += chunk.byteLength) {
        most = Math.max(most, held());
        if (!posted.write(chunk)) await drained(posted);
      }
      posted.end(body.subarray(at + 5));
    })();
    await first.opened;
    // The event waits with the first bytes, and so does most of the file.
    for (let then = -1; then !== sent; await new Promise((resolve) => setTimeout(resolve, 200))) then = sent;
    expect(sent).toBeLessThan(16 * MB);
    release.open();
    await sending;
    expect([(await answer).status, seen.got]).toEqual([303, size]);
    expect((most - before) / MB).toBeLessThan(30);
  });

  test("is refused where a field follows the file, and its changes are undone", async () => {
    const { post, snapshot } = await served();
    const body = written([
      ["$desk.begin", ""],
      ["file", file(Buffer.alloc(3 * MB), "big.bin")],
      ["late", "x"],
    ]);
    const { status, html } = await post(body);
    expect([status, html]).toEqual([400, expect.stringContaining("`big.bin` is followed by another field of its form")]);
    expect(html).toContain('href="http');
    expect((await snapshot()).note).toBe("before");
  });

  test("is refused by its size before a byte is read: that of the schema, and those of the app", async () => {
    const { post, snapshot } = await served({ maxFileSize: 8 * MB, maxFiles: 1 });
    const begin = (length: number, more: readonly Field[] = []) => {
      const body = written([["$desk.take", ""], ["title", ""], ...more, ["file", file(Buffer.alloc(length), "big.bin")]]);
      return post(body, { chunk: MB });
    };
    const bySchema = await begin(7 * MB);
    expect([bySchema.status, bySchema.html]).toEqual([400, expect.stringContaining("file: ")]);
    const many = await begin(2 * MB, [["small", file(Buffer.from("hi"))]]);
    expect([many.status, many.html]).toEqual([413, expect.stringContaining("`createTwin({ maxFiles })`")]);
    const large = await begin(8 * MB + 1);
    expect([large.status, large.html]).toEqual([413, expect.stringContaining("`big.bin` has 8388609 bytes")]);
    expect([seen.begun, (await snapshot()).note]).toEqual([0, "before"]);
  });

  test("is refused without a Content-Length, which gives the size of the file", async () => {
    const { post } = await served();
    const body = written([
      ["$desk.take", ""],
      ["title", ""],
      ["file", file(Buffer.alloc(2 * MB))],
    ]);
    const { status, html } = await post(body, { length: null });
    expect([status, html]).toEqual([400, expect.stringContaining("`Content-Length`")]);
  });

  test("is refused where it is text that does not fit", async () => {
    const { post } = await served();
    const { status, html } = await post(
      written([
        ["$desk.set", ""],
        ["note", "x".repeat(2 * MB)],
      ]),
    );
    expect([status, html]).toEqual([413, expect.stringContaining("`createTwin({ maxBody })`")]);
  });

  test("is answered when its event ends without reading it", async () => {
    const { post, snapshot } = await served();
    const { status } = await post(
      written([
        ["$desk.unread", ""],
        ["file", file(Buffer.alloc(8 * MB))],
      ]),
    );
    expect([status, (await snapshot()).note]).toEqual([303, "done"]);
  });

  test("behaviour 93: ends its event when the browser leaves in the middle, changes nothing, and leaves nothing", async () => {
    const { open, snapshot, visitor, logs } = await served();
    const first = createGate();
    seen.first = first.open;
    const body = written([
      ["$desk.begin", ""],
      ["file", file(Buffer.alloc(3 * MB))],
    ]);
    const posted = open({ "content-length": body.byteLength });
    posted.on("error", () => {});
    posted.write(body.subarray(0, 2 * MB));
    await first.opened;
    posted.destroy();
    // The next event has its turn once this one has ended.
    await visitor.call("desk.wait");
    expect(seen.error).toMatchObject({ code: "CUT_SHORT", message: expect.stringContaining(`of ${3 * MB} bytes`) });
    expect([(await snapshot()).note, logs]).toEqual(["before", []]);
  });
});

test("a form within maxBody may have its file anywhere", async () => {
  const { post, snapshot } = await served();
  const body = written([
    ["$desk.take", ""],
    ["file", file(Buffer.from("bytes"))],
    ["title", "late"],
  ]);
  expect((await post(body)).status).toBe(303);
  expect((await snapshot()).note).toBe("late 5");
});
