import { createTRPCClient, httpBatchLink } from "@trpc/client";
import type { Twin } from "./server";

const client = createTRPCClient<Twin["router"]>({ links: [httpBatchLink({ url: "http://localhost:3000/api/twin" })] });

// ? without a cookie each request is a new session; how a tRPC client in Node keeps the cookie is not shown (only `curl -c jar -b jar`)
export async function addMilk(): Promise<string> {
  return client.todo.add.mutate({ args: ["milk"] });
}
