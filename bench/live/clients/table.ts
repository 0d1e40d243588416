// A browser tab with the table of workload T, and a count of the bytes that it gets.
import { createClient } from "../../../client/client.js";
import type { Twin } from "../../../client/twin.js";
import type { Op } from "../../table/workload.ts";
import { answer } from "../tasks.ts";
import { cookies } from "./cookies.ts";

let twin: Twin;
let bytes = 0;

/** Counts the bodies of all answers, and what streams. */
function counting(get: typeof fetch): typeof fetch {
  return async (input, init) => {
    const response = await get(input, init);
    const counter = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        controller.enqueue(chunk);
      },
    });
    return new Response(response.body?.pipeThrough(counter), response);
  };
}

answer({
  async open(port: number) {
    const client = createClient({ url: `http://127.0.0.1:${port}/api/twin`, fetch: counting(cookies().fetch) });
    twin = client.twin("table");
    twin.use();
    await twin.ready;
  },
  async fill(n: number) {
    await twin.event("fill")?.(n);
  },
  async edit(ops: Op[]): Promise<{ micros: number; bytes: number }> {
    const before = bytes;
    const start = performance.now();
    for (const op of ops) await twin.event("edit")?.(op);
    return { micros: ((performance.now() - start) * 1000) / ops.length, bytes: (bytes - before) / ops.length };
  },
});
