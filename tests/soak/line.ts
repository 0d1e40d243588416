import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

interface Pair {
  /** The client's end, and the server's. */
  readonly near: Socket;
  readonly far: Socket;
  /** What the server sends comes to nothing, and the client is told nothing, not even that it is over. */
  deaf: boolean;
}

/** All TCP connections between one client and the server, which can be pulled. */
export class Line {
  readonly #listener: Server;
  readonly #pairs = new Set<Pair>();
  #stalled = false;
  #deaf = false;

  #to: number;

  private constructor(to: number) {
    this.#to = to;
    this.#listener = createServer((near) => this.#open(near, connect(this.#to, "127.0.0.1")));
  }

  /** A line to a port of this machine. */
  static async open(to: number): Promise<Line> {
    const line = new Line(to);
    line.#listener.listen(0, "127.0.0.1");
    await once(line.#listener, "listening");
    return line;
  }

  get port(): number {
    return (this.#listener.address() as { port: number }).port;
  }

  #open(near: Socket, far: Socket): void {
    const pair: Pair = { near, far, deaf: this.#deaf };
    this.#pairs.add(pair);
    for (const end of [near, far]) end.setNoDelay(true).on("error", () => {});
    near.on("close", () => {
      this.#pairs.delete(pair);
      far.destroy();
    });
    far.on("close", () => this.#told(pair));
    this.#flow(pair);
  }

  #flow({ near, far, deaf }: Pair): void {
    if (this.#stalled) return;
    near.pipe(far);
    if (deaf) far.resume();
    else far.pipe(near);
  }

  /** The client is told of the server's end, where the line still tells anything. */
  #told({ near, far, deaf }: Pair): void {
    if (far.destroyed && !deaf && !this.#stalled) near.destroy();
  }

  /** Breaks all connections. New ones are as good as any. */
  cut(): void {
    for (const { near, far } of this.#pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  /** From now on it leads to another port. */
  lead(to: number): void {
    this.#to = to;
    this.cut();
  }

  /** Nothing passes, in either direction, until `flow`. */
  stall(): void {
    this.#stalled = true;
    for (const { near, far } of this.#pairs) {
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        from.unpipe(to);
        from.pause();
      }
    }
  }

  flow(): void {
    this.#stalled = false;
    for (const pair of this.#pairs) {
      this.#flow(pair);
      this.#told(pair);
    }
  }

  /** What the client sends arrives and what it is sent does not, until `hear`. */
  deafen(): void {
    this.#deaf = true;
    for (const pair of this.#pairs) {
      pair.deaf = true;
      pair.far.unpipe(pair.near);
      pair.far.resume();
    }
  }

  /** New connections are whole. Of those that were open the client is told that they are broken, or not even that. */
  hear(told: boolean): void {
    this.#deaf = false;
    if (told) for (const { near, deaf } of this.#pairs) if (deaf) near.resetAndDestroy();
  }

  close(): void {
    this.#listener.close();
    for (const { near } of this.#pairs) near.destroy();
  }
}
