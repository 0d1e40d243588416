// Real clients, one at a time, as a browser tab has them: how long a call takes.
import { createTRPCClient, httpBatchStreamLink } from "@trpc/client";
import { io } from "socket.io-client";
import { createClient } from "../../../client/client.js";
import type { router } from "../servers/trpc.ts";
import { answer } from "../tasks.ts";
import { cookies } from "./cookies.ts";

type Call = () => Promise<unknown>;

async function noop(url: string): Promise<Call> {
  const client = createTRPCClient<typeof router>({ links: [httpBatchStreamLink({ url, fetch: cookies().fetch as never })] });
  return () => client.noop.mutate();
}

async function bump(port: number, transport: "sse" | "websocket"): Promise<Call> {
  const { fetch, openSocket } = cookies();
  let posts = 0;
  const counting: typeof fetch = (input, init) => {
    if (String(input).includes("counter.bump")) posts++;
    return fetch(input, init);
  };
  const client = createClient({ url: `http://127.0.0.1:${port}/api/twin`, transport, fetch: counting, openSocket });
  const twin = client.twin("counter");
  twin.use();
  await twin.ready;
  return async () => {
    const count = await twin.event("bump")?.();
    if ((twin.mirror.read("count") as number) < (count as number)) throw new Error("The twin does not show what the event did");
    if (transport === "websocket" && posts > 0) throw new Error("The event did not go by socket");
  };
}

const peers: Record<string, (port: number) => Promise<Call>> = {
  twinstate: (port) => bump(port, "sse"),
  "twinstate, Next": (port) => bump(port, "sse"),
  "twinstate, socket": (port) => bump(port, "websocket"),
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
    call = await (peers[peer] as (port: number) => Promise<Call>)(port);
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
