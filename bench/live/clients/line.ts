import { connect, type Socket } from "node:net";

/** One kept-alive HTTP/1.1 connection, with as little in it as can be: the load must cost less than what it measures. */
export class Line {
  readonly #port: number;
  readonly #socket: Socket;
  #text = "";
  #done: ((response: string) => void) | undefined;
  #failed: ((error: Error) => void) | undefined;

  static open(port: number): Promise<Line> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => resolve(new Line(port, socket)));
      socket.setNoDelay(true).on("error", reject);
    });
  }

  private constructor(port: number, socket: Socket) {
    this.#port = port;
    this.#socket = socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => this.#take(chunk));
    socket.on("close", () => this.#failed?.(hungUp()));
  }

  /** Sends a POST, and gives the whole response: head and body as they came. */
  post(path: string, cookie: string, body: string): Promise<string> {
    if (this.#socket.destroyed) return Promise.reject(hungUp());
    return new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#failed = reject;
      this.#socket.write(
        `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${this.#port}\r\ncontent-type: application/json\r\ntrpc-accept: application/jsonl\r\n` +
          `${cookie && `cookie: ${cookie}\r\n`}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    });
  }

  #take(chunk: string): void {
    this.#text += chunk;
    if (!this.#whole()) return;
    const text = this.#text;
    this.#text = "";
    this.#done?.(text);
  }

  #whole(): boolean {
    if (this.#text.endsWith("0\r\n\r\n")) return true;
    const head = this.#text.indexOf("\r\n\r\n");
    const length = /content-length: (\d+)/i.exec(this.#text.slice(0, head));
    return head >= 0 && length !== null && this.#text.length >= head + 4 + Number(length[1]);
  }

  close(): void {
    this.#failed = undefined;
    this.#socket.destroy();
  }
}

const hungUp = () => new Error("The server has hung up");
