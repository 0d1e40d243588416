import { connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A line to a server of this machine that can be cut, held up, and led to another one. */
export interface CuttableLine {
  readonly port: number;
  /** Cuts it when the server has answered next, before the answer comes. */
  cutNext(): void;
  /** Cuts all that goes through it. */
  cut(): void;
  /** Holds up what goes to the server, and what comes, until {@link release}. */
  hold(): void;
  release(): void;
  /** Leads new lines to another port, and cuts those there are. */
  lead(port: number): void;
}

export async function cuttable(port: number): Promise<CuttableLine> {
  const lines = new Set<Socket>();
  let [isCut, isHeld, to] = [false, false, port];
  const proxy = createServer((near) => {
    const far = connect(to, "127.0.0.1");
    for (const line of [near, far]) {
      lines.add(line);
      if (isHeld) line.pause();
    }
    near.on("data", (data) => far.write(data));
    far.on("data", (data) => {
      if (!isCut) return void near.write(data);
      isCut = false;
      near.destroy();
      far.destroy();
    });
    for (const [line, other] of [
      [near, far],
      [far, near],
    ] as const) {
      line
        .on("error", () => {})
        .on("close", () => {
          lines.delete(line);
          other.destroy();
        });
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    for (const line of lines) line.destroy();
  };
  onTestFinished(() => {
    cut();
    proxy.close();
  });
  return {
    port: (proxy.address() as { port: number }).port,
    cutNext: () => {
      isCut = true;
    },
    cut,
    hold: () => {
      isHeld = true;
      for (const line of lines) line.pause();
    },
    release: () => {
      isHeld = false;
      for (const line of lines) line.resume();
    },
    lead: (port) => {
      to = port;
      cut();
    },
  };
}
