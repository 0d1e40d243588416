import { createInterface } from "node:readline";
import type { TwinApp } from "twinstate/server";
import { serve } from "../kit/http.js";

/** Serves a twin when it is told to, until whoever has started the process is gone. */
export async function takeOrders(twin: Pick<TwinApp<{}, {}>, "handlers" | "attach">): Promise<never> {
  console.log("waiting");
  for await (const order of createInterface({ input: process.stdin })) {
    if (order === "memory") console.log("memory", process.resourceUsage().maxRSS * 1024);
    else console.log("serving", (await serve(twin.handlers, "/api/twin", Number(process.env.PORT), (server) => twin.attach(server))).origin);
  }
  process.exit();
}
