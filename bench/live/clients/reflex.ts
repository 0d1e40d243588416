// Reflex's own frontend, as far as its backend sees it: Socket.IO, events by name, deltas by variable.
import { randomUUID } from "node:crypto";
import { io, type Socket } from "socket.io-client";
import type { Op } from "../../table/workload.ts";
import { answer } from "../tasks.ts";

const STATE = "reflex___state____state";
const COUNTER = `${STATE}.table___table____counter`;
const TABLE = `${STATE}.table___table____table`;

type Delta = Record<string, Record<string, unknown>>;

/** One browser tab. */
class Tab {
  readonly #socket: Socket;
  readonly #waiting: { state: string; resolve(): void }[] = [];
  bytes = 0;

  static async open(port: number): Promise<Tab> {
    const tab = new Tab(port);
    await new Promise<void>((resolve) => tab.#socket.once("connect", resolve));
    await tab.call(STATE, "hydrate", {});
    return tab;
  }

  private constructor(port: number) {
    this.#socket = io(`http://127.0.0.1:${port}/_event`, { path: "/_event", transports: ["websocket"], query: { token: randomUUID() }, forceNew: true });
    this.#socket.on("connect", () => {
      this.#socket.io.engine.on("data", (data: string) => {
        this.bytes += Buffer.byteLength(data);
      });
    });
    this.#socket.on("event", ({ delta }: { delta?: Delta }) => {
      if (!delta) return;
      for (const state of Object.keys(delta)) {
        const at = this.#waiting.findIndex((one) => one.state === state);
        if (at >= 0) this.#waiting.splice(at, 1)[0]?.resolve();
      }
    });
  }

  /** Resolves when the delta of what the event has changed is here. */
  call(state: string, event: string, payload: object): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ state, resolve });
      this.#socket.emit("event", { name: `${state}.${event}`, router_data: { pathname: "/" }, payload });
    });
  }

  close(): void {
    this.#socket.disconnect();
  }
}

const payloadOf = (op: Op): object => {
  const { kind: _, ...payload } = op;
  // `from` is a word of Python's.
  return op.kind === "move" ? { source: op.from, to: op.to } : payload;
};

let tabs: Tab[] = [];

answer({
  async open({ port, count }: { port: number; count: number }) {
    for (let left = count; left > 0; left -= 20) tabs.push(...(await Promise.all(Array.from({ length: Math.min(20, left) }, () => Tab.open(port)))));
  },
  async time({ times, together }: { times: number; together: number }): Promise<number[]> {
    const took: number[] = [];
    const one = async () => {
      const start = performance.now();
      await tabs[0]?.call(COUNTER, "bump", {});
      took.push((performance.now() - start) * 1000);
    };
    for (let i = 0; i < times; i++) await Promise.all(Array.from({ length: together }, one));
    return took;
  },
  async run(times: number): Promise<void> {
    await Promise.all(
      tabs.map(async (tab) => {
        for (let i = 0; i < times; i++) await tab.call(COUNTER, "bump", {});
      }),
    );
  },
  fill: (n: number) => tabs[0]?.call(TABLE, "fill", { n }),
  async edit(ops: Op[]): Promise<{ micros: number; bytes: number }> {
    const [tab] = tabs as [Tab];
    const before = tab.bytes;
    const start = performance.now();
    for (const op of ops) await tab.call(TABLE, op.kind, payloadOf(op));
    return { micros: ((performance.now() - start) * 1000) / ops.length, bytes: (tab.bytes - before) / ops.length };
  },
  close() {
    for (const tab of tabs) tab.close();
    tabs = [];
  },
});
