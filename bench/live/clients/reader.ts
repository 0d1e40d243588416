import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

/** What stands once in each text that is sent: counting it is all that readers do. (In a WebSocket's frames, `~` is a length.) */
export const MARK = "|".charCodeAt(0);

/** Of a WebSocket: no text has a byte that is 0. Who does not answer counts as gone. */
const PING = Buffer.from([0x89, 0]);
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);

export interface ReaderOptions {
  readonly port: number;
  readonly path: string;
  readonly cookie?: string | undefined;
  /** As a WebSocket, which says this when it is open. */
  readonly upgrade?: { readonly say?: string } | undefined;
  /** The stream has told enough to begin. */
  readonly begun: string;
  /** So many marks have come in one piece. */
  onMarks(count: number): void;
}

/** Reads a stream from a bare socket, so that a thousand of them cost little. Gives what came up to `begun`. */
export function read({ port, path, cookie, upgrade, begun, onMarks }: ReaderOptions): Promise<{ head: string; socket: Socket }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      const key = randomBytes(16).toString("base64");
      socket.write(
        `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${cookie ? `cookie: ${cookie}\r\n` : ""}` +
          (upgrade
            ? `connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${key}\r\n\r\n`
            : "accept: text/event-stream\r\n\r\n"),
      );
    });
    let head = "";
    let said = upgrade?.say === undefined;
    const starting = (chunk: Buffer) => {
      head += chunk.toString("latin1");
      if (!said && head.includes("\r\n\r\n")) {
        said = true;
        socket.write(masked(upgrade?.say as string));
      }
      if (!head.includes(begun)) return;
      socket.off("data", starting);
      socket.on("data", (chunk: Buffer) => {
        let count = 0;
        for (let at = chunk.indexOf(MARK); at >= 0; at = chunk.indexOf(MARK, at + 1)) count++;
        if (count > 0) onMarks(count);
        if (upgrade && chunk.includes(PING)) socket.write(PONG);
      });
      resolve({ head, socket });
    };
    socket.setNoDelay(true).on("data", starting).on("error", reject);
    socket.on("close", () => reject(new Error(`The server has hung up: ${head}`)));
  });
}

/** A text frame of less than 64 kB, as WebSocket clients must send it. */
export function masked(text: string): Buffer {
  const mask = randomBytes(4);
  const payload = Buffer.from(text).map((byte, i) => byte ^ (mask[i % 4] as number));
  const { length } = payload;
  const head = length < 126 ? [0x81, 0x80 | length] : [0x81, 0xfe, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), mask, payload]);
}
