import { createServer, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { onTestFinished } from "vitest";

/** A line to a site that a test cuts. */
export interface Line {
  readonly url: string;
  /** Decides by the path of a request, when its answer begins: whether all that is open is cut, with it or without. @default "pass" */
  onAnswer(path: string): "pass" | "cut all" | "cut others";
  /** How many bytes of a request's body pass, by its path: the rest does not, nor does the end. @default Infinity */
  most(path: string): number;
  /** Gets the headers of each answer and its bytes, which nothing compresses. */
  onBytes(bytes: Buffer): void;
}

/** Opens a line to a site, until the test ends. */
export async function openLine(site: string): Promise<Line> {
  const open = new Set<ServerResponse>();
  const server = createServer((incoming, outgoing) => {
    const { url = "", method, headers } = incoming;
    open.add(outgoing);
    const onward = request(site + url, { method, headers: { ...headers, "accept-encoding": "identity" } }, (answer) => {
      const decided = line.onAnswer(url);
      if (decided !== "pass") for (const each of open) if (each !== outgoing || decided === "cut all") each.destroy();
      if (outgoing.destroyed) return;
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      outgoing.flushHeaders();
      line.onBytes(Buffer.from(answer.rawHeaders.join("\n")));
      answer.on("data", (bytes) => line.onBytes(bytes));
      answer.pipe(outgoing);
      answer.on("error", () => outgoing.destroy());
    });
    onward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => {
      open.delete(outgoing);
      onward.destroy();
    });
    Readable.from(firstOf(incoming, line.most(url))).pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const line: Line = { url: `http://localhost:${(server.address() as AddressInfo).port}`, onAnswer: () => "pass", most: () => Infinity, onBytes() {} };
  return line;
}

async function* firstOf(body: AsyncIterable<Buffer>, most: number): AsyncGenerator<Buffer> {
  let passed = 0;
  // What does not pass is read all the same: else nobody would notice that the browser has gone.
  for await (const chunk of body) {
    if (passed < most) yield chunk;
    passed += chunk.byteLength;
  }
  if (passed >= most) await new Promise(() => {});
}
