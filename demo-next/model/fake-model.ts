import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate, setTimeout } from "node:timers/promises";
import { type Plan, planOf, type Request } from "./fake-plan";

/** A request that a fake model has had. */
interface FakeAnswer {
  readonly request: Request;
  /** The header `authorization`. */
  readonly key: string | undefined;
  /** The tokens that were written to the socket, in their order. */
  readonly sent: string[];
  /** When the answer ended, as `performance.now()`: sent whole, or its socket closed. */
  readonly ended: Promise<{ readonly at: number; readonly whole: boolean }>;
}

export interface FakeModel {
  /** The base address, as in `MODEL_URL`. */
  readonly url: string;
  /** All requests so far. */
  readonly answers: readonly FakeAnswer[];
  close(): Promise<void>;
}

/**
 * Starts a model server that needs no model, on a free port of this machine. It speaks the common HTTP shape of chat completions: `POST /v1/chat/completions`
 * with `stream: true`, server-sent chunks, tool calls by deltas, `usage` and `[DONE]`. What it answers is in the last question: see `planOf`.
 */
export async function startFakeModel(): Promise<FakeModel> {
  const answers: FakeAnswer[] = [];
  const server = createServer((incoming, outgoing) => {
    void answer(incoming, outgoing, (given) => answers.push(given)).catch((error: unknown) => refuse(outgoing, 400, String(error)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A process whose work is done may end.
  server.unref();
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    answers,
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(incoming: IncomingMessage, outgoing: ServerResponse, note: (answer: FakeAnswer) => void): Promise<void> {
  if (incoming.method !== "POST" || incoming.url !== "/v1/chat/completions")
    return refuse(outgoing, 404, `There is no ${incoming.method} ${incoming.url} here.`);
  const body: Buffer[] = [];
  for await (const chunk of incoming) body.push(chunk);
  const request = JSON.parse(Buffer.concat(body).toString()) as Request;
  const ended = once(outgoing, "close").then(() => ({ at: performance.now(), whole: outgoing.writableFinished }));
  const given: FakeAnswer = { request, key: incoming.headers.authorization, sent: [], ended };
  note(given);
  if (!request.stream) return refuse(outgoing, 400, "This server streams: set `stream` to true.");
  const plan = planOf(request.messages);
  if (plan.status) return refuse(outgoing, plan.status, `You asked for the status ${plan.status}.`);
  if (plan.silent) return;
  outgoing.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  await new Stream(outgoing, request, plan).send(given.sent);
}

function refuse(outgoing: ServerResponse, status: number, message: string): void {
  if (outgoing.headersSent) return void outgoing.destroy();
  const wait = status === 429 ? { "retry-after": "20" } : {};
  outgoing.writeHead(status, { "content-type": "application/json", ...wait });
  outgoing.end(JSON.stringify({ error: { message, type: "fake_error", code: String(status) } }));
}

/** The answer to one request, chunk by chunk. */
class Stream {
  readonly #id = `chatcmpl-${randomUUID()}`;
  readonly #created = Math.floor(Date.now() / 1000);

  constructor(
    readonly outgoing: ServerResponse,
    readonly request: Request,
    readonly plan: Plan,
  ) {}

  async send(sent: string[]): Promise<void> {
    const { tokens, calls, cut, garbled, failed } = this.plan;
    this.#choice({ role: "assistant", content: "" });
    const began = performance.now();
    for (const token of tokens) {
      if (sent.length === cut) return void this.outgoing.socket?.end();
      if (sent.length === failed) {
        this.#write(JSON.stringify({ error: { message: "You asked for this.", type: "fake_error" } }));
        return void this.outgoing.end();
      }
      if (sent.length === garbled) this.#write("{ this is no JSON");
      await this.#pause(began, sent.length);
      if (this.outgoing.closed) return;
      this.#choice({ content: token });
      sent.push(token);
    }
    for (const [index, { name, input }] of calls.entries()) {
      this.#choice({ tool_calls: [{ index, id: `call_${randomUUID()}`, type: "function", function: { name, arguments: "" } }] });
      // Arguments come in pieces, as those of real models.
      for (const piece of JSON.stringify(input).match(/.{1,12}/gs) ?? []) this.#choice({ tool_calls: [{ index, function: { arguments: piece } }] });
    }
    this.#choice({}, calls.length > 0 ? "tool_calls" : "stop");
    if (this.request.stream_options?.include_usage) {
      const [asked, said] = [JSON.stringify(this.request.messages).length >> 2, tokens.length];
      this.#chunk({ choices: [], usage: { prompt_tokens: asked, completion_tokens: said, total_tokens: asked + said } });
    }
    this.#write("[DONE]");
    this.outgoing.end();
  }

  /** Waits until the next token is due, and for a reader who is slower. */
  async #pause(began: number, sent: number): Promise<void> {
    const wait = began + sent * this.plan.period - performance.now();
    if (wait > 0) await setTimeout(wait);
    else if (sent % 100 === 99) await setImmediate();
    if (this.outgoing.writableNeedDrain) await Promise.race([once(this.outgoing, "drain"), once(this.outgoing, "close")]);
  }

  #choice(delta: object, finish_reason: string | null = null): void {
    this.#chunk({ choices: [{ index: 0, delta, finish_reason }] });
  }

  #chunk(content: object): void {
    this.#write(JSON.stringify({ id: this.#id, object: "chat.completion.chunk", created: this.#created, model: this.request.model, ...content }));
  }

  #write(data: string): void {
    this.outgoing.write(`data: ${data}\n\n`);
  }
}
