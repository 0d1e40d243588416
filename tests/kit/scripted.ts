import { initTRPC } from "@trpc/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import type { Answer } from "../../lib/wire/protocol.js";

interface Watching {
  readonly watch: readonly { readonly store: string; readonly have?: unknown }[];
}

interface ScriptedCall {
  readonly call: { readonly n: number; readonly at: number | null; readonly p?: number };
  answer(answer: Partial<Answer>): void;
}

/** A server that says what a test has it say, to a client whose `fetch` is this one's: for messages in an order that no server gives for the asking. */
export function scripted(store: string, events: readonly string[]) {
  const t = initTRPC.create();
  const any = t.procedure.input((input: unknown) => input as never);
  const watched: Watching["watch"][] = [];
  const calls: ScriptedCall[] = [];
  let waiting = "";
  let stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  const watch = ({ input }: { input: Watching }) => {
    watched.push(input.watch);
    return { ticket: "ticket", session: "session" };
  };
  const called = ({ input: { call } }: { input: Pick<ScriptedCall, "call"> }) =>
    new Promise<Answer>((resolve) => {
      calls.push({ call, answer: (given) => resolve({ h: 1, i: "i", r: 1, v: [["u"]], ...given }) });
    });
  const router = t.router({
    $connect: any.mutation(watch),
    $watch: any.mutation(watch),
    [store]: t.router(Object.fromEntries(events.map((name) => [name, any.mutation(called)]))),
  });
  const write = (text: string) => (stream ? stream.enqueue(new TextEncoder().encode(text)) : (waiting += text));
  const live = () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        stream = controller;
        write(`event: connected\ndata: {}\n\n${waiting}`);
        waiting = "";
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
  const fetch = async (url: string, init: RequestInit) =>
    url.includes("$live") ? live() : fetchRequestHandler({ endpoint: "/twin", req: new Request(url, init), router, createContext: () => ({}) });
  return {
    watched,
    calls,
    fetch: fetch as typeof globalThis.fetch,
    /** Sends messages on the open stream, or on the next one. */
    say: (...messages: unknown[]) => void write(messages.map((message) => `data: ${JSON.stringify(message)}\n\n`).join("")),
    /** Ends the open stream. */
    cut() {
      stream?.close();
      stream = undefined;
    },
  };
}
