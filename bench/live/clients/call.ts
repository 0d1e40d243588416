// Real clients, one at a time, as a browser tab has them: how long a call takes.
import { createTRPCClient, httpBatchStreamLink } from "@trpc/client";
import { io } from "socket.io-client";
import { createClient } from "../../../client/client.js";
import type { router } from "../servers/trpc.ts";
import { answer } from "../tasks.ts";
import { cookies } from "./cookies.ts";

type Call = () => Promise<unknown>;

async function noop(url: string): Promise<Call> {
  const client = createTRPCClient<typeof router>({ links: [httpBatchStreamLink({ url, fetch: cookies() as never })] });
  return () => client.noop.mutate();
}

const peers: Record<string, (port: number) => Promise<Call>> = {
  async twinstate(port) {
    const client = createClient({ url: `http://127.0.0.1:${port}/api/twin`, fetch: cookies() });
    const twin = client.twin("counter");
    twin.use();
    await twin.ready;
    return async () => {
      const count = await twin.event("bump")?.();
      if ((twin.mirror.read("count") as number) < (count as number)) throw new Error("The twin does not show what the event did");
    };
  },
  trpc: (port) => noop(`http://127.0.0.1:${port}/api/twin`),
  "trpc, Next": (port) => noop(`http://127.0.0.1:${port}/api/noop`),
  async socketio(port) {
    const socket = io(`http://127.0.0.1:${port}`, { transports: ["websocket"] });
    await new Promise<void>((resolve) => socket.once("connect", resolve));
    return () => socket.emitWithAck("noop");
  },
};

let call: Call;

answer({
  async open({ peer, port }: { peer: string; port: number }) {
    call = await (peers[peer === "twinstate, Next" ? "twinstate" : peer] as (port: number) => Promise<Call>)(port);
  },
  /** Microseconds of each call, of `times` batches with so many at a time. */
  async time({ times, together }: { times: number; together: number }): Promise<number[]> {
    const took: number[] = [];
    const one = async () => {
      const start = performance.now();
      await call();
      took.push((performance.now() - start) * 1000);
    };
    for (let i = 0; i < times; i++) await Promise.all(Array.from({ length: together }, one));
    return took;
  },
});
