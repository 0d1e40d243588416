import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { onTestFinished } from "vitest";
import { decode } from "../../lib/wire/binary.js";
import type { Site } from "./http.js";
import { socketPath, TRANSPORT, WIRE } from "./transport.js";

export interface Stalled {
  /** Reads until a text has come, and gives the messages so far. */
  readUntil(enough: string): Promise<unknown[][]>;
  /** Goes away without a word. */
  break(): void;
}

/** A stream on a bare line, of which nothing is read until it is asked for. */
export async function stalled({ server }: Site, cookie: string, input: unknown): Promise<Stalled> {
  const { port } = server.address() as AddressInfo;
  const line = connect(port, "127.0.0.1");
  onTestFinished(() => void line.destroy());
  const { request, messagesIn } = TRANSPORT === "websocket" ? bySocket(input) : byRequest(input);
  const [path, ...rest] = request;
  line.write(Buffer.concat([Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nCookie: ${cookie}\r\n`), ...rest]));
  await once(line, "connect");
  return {
    break: () => void line.resetAndDestroy(),
    async readUntil(enough) {
      const chunks: Buffer[] = [];
      for await (const chunk of line) {
        chunks.push(chunk as Buffer);
        if (Buffer.concat(chunks.slice(-2)).includes(enough)) break;
      }
      const all = Buffer.concat(chunks);
      return messagesIn(all.subarray(all.indexOf("\r\n\r\n") + 4));
    },
  };
}

interface Wire {
  /** The path, and what follows the first headers. */
  readonly request: readonly [path: string, ...rest: Buffer[]];
  messagesIn(body: Buffer): unknown[][];
}

const messagesOf = (text: string) => [...text.matchAll(/^data: (\[.*\])$/gm)].map(([, data]) => JSON.parse(data as string) as unknown[]);

const byRequest = (input: unknown): Wire => ({
  request: [`/api/twin/$live?input=${encodeURIComponent(JSON.stringify(input))}`, Buffer.from("\r\n")],
  // Chunks of HTTP end anywhere: their lengths are taken out first.
  messagesIn: (body) => messagesOf(body.toString().replace(/(^|\r\n)[0-9a-f]+\r\n/g, "")),
});

function bySocket(input: unknown): Wire {
  const key = randomBytes(16).toString("base64");
  const payload = Buffer.from(JSON.stringify(input));
  // Masked with zeros, as clients must.
  const message = Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
  return {
    request: [
      `/api/twin/${socketPath()}`,
      Buffer.from(`Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`),
      message,
    ],
    messagesIn(body) {
      const brought: Buffer[] = [];
      for (let at = 0; at + 2 <= body.length; ) {
        const short = (body[at + 1] as number) & 0x7f;
        const [size, head] = short === 126 ? [body.readUInt16BE(at + 2), 4] : short === 127 ? [Number(body.readBigUInt64BE(at + 2)), 10] : [short, 2];
        if (((body[at] as number) & 0xf) < 3) brought.push(body.subarray(at + head, at + head + size));
        at += head + size;
      }
      const all = Buffer.concat(brought);
      return WIRE === "binary" ? (decode(all) as unknown[][]) : messagesOf(all.toString());
    },
  };
}
