import { initTRPC } from "@trpc/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";

const t = initTRPC.create({ isDev: false });
const router = t.router({ noop: t.procedure.mutation(() => null) });

export const POST = (req: Request) => fetchRequestHandler({ endpoint: "/api/noop", req, router, createContext: () => ({}) });
