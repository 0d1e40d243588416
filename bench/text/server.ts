// A server with one chat.
import { event, state } from "../../lib/index.js";
import { APPEND, SET } from "../../lib/wire/ops.js";
import { createTwin, scope } from "../../server/index.js";
import { listen, serveHandler } from "../live/http.ts";
import { answer } from "../live/tasks.ts";
import { type Message, makeMessages, tokens } from "./workload.ts";

const BATCHES = 7;

class Chat {
  @state messages: Message[] = [];
  @event fill(length: number) {
    this.messages = makeMessages(length);
  }
  @event say(token: string) {
    (this.messages.at(-1) as Message).text += token;
  }
  @event toggle(at: number) {
    const message = this.messages[at] as Message;
    message.done = !message.done;
  }
}

const twin = createTwin({
  stores: { chat: scope.room(Chat, { allow: () => true }) },
  session: { secret: "a secret for the bench alone" },
  eventRate: Infinity,
  log: ({ level, error }) => {
    if (level === "error") console.error(error);
  },
});
const { server, port } = await listen(serveHandler((request) => twin.handlers[request.method === "POST" ? "POST" : "GET"](request)));
await twin.attach(server, { events: true });
const chat = twin.chat("a");

/** This thread's own time: see `table/worker.ts`. */
function cpu(): number {
  process.cpuUsage();
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

answer({
  port: () => port,
  fill: (length: number) => chat.fill(length),
  /** Says all tokens, one in a turn of the event loop: what comes at once goes as one frame. Gives how often what has changed was written as JSON. */
  async say(): Promise<number> {
    const { stringify } = JSON;
    let written = 0;
    JSON.stringify = ((value: unknown, ...more: []) => {
      if (Array.isArray(value) && (value[0] === SET || value[0] === APPEND)) written++;
      return stringify(value, ...more);
    }) as typeof stringify;
    try {
      for (const token of tokens) {
        await chat.say(token);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    } finally {
      JSON.stringify = stringify;
    }
    return written;
  },
  /** CPU of an event, until all who watch have been written to, of some batches. */
  async cost({ event, times }: { event: "say" | "toggle"; times: number }): Promise<number[]> {
    const batches: number[] = [];
    for (let n = 0; n < BATCHES; n++) {
      const begun = cpu();
      for (let i = 0; i < times; i++) await (event === "say" ? chat.say(tokens[i % tokens.length] as string) : chat.toggle((i * 7) % 200));
      await new Promise((resolve) => setTimeout(resolve, 1));
      batches.push((cpu() - begun) / times);
    }
    return batches;
  },
});
