import { onTestFinished } from "vitest";
import { decode } from "../../lib/wire/binary.js";
import type { Jar } from "./http.js";
import { PATIENCE } from "./patience.js";
import { socketPath, TRANSPORT, WIRE } from "./transport.js";

export interface Listener {
  /** What has come so far. */
  readonly messages: unknown[][];
  /** The first message that fits, from those that have come or will. */
  until(fits: (message: unknown[]) => boolean): Promise<unknown[]>;
  /** The stream has ended. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Reads a stream as a browser does, without a client of ours. */
export function listen(url: string, input: unknown, jar: Jar): Listener {
  if (TRANSPORT === "sse") return listenByFetch(url, input, jar);
  const { closed, ...socket } = openSocket(url, jar, { input });
  return { ...socket, ended: closed.then(() => {}) };
}

function listenByFetch(url: string, input: unknown, jar: Jar): Listener {
  const control = new AbortController();
  const inbox = new Inbox();
  const ended = (async () => {
    const response = await jar.fetch(`${url}/$live?input=${encodeURIComponent(JSON.stringify(input))}`, {
      signal: control.signal,
      headers: { accept: "text/event-stream" },
    });
    const decoder = new TextDecoder();
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) inbox.take(decoder.decode(chunk, { stream: true }));
  })().catch((error: unknown) => {
    if (!control.signal.aborted) throw error;
  });
  ended.finally(() => inbox.end()).catch(() => {});
  return { messages: inbox.messages, until: inbox.until, ended, close: () => control.abort() };
}

export interface OpenSocket extends Omit<Listener, "ended"> {
  readonly opened: Promise<void>;
  /** The code that it was closed with. */
  readonly closed: Promise<number>;
  send(text: string): void;
}

export interface SocketInput {
  /** What it says as soon as it is open. */
  input?: unknown;
  headers?: Record<string, string> | undefined;
  wire?: "json" | "binary";
}

/** A socket as a browser opens it, with its cookie. A refusal is the message `["error", …]`. */
export function openSocket(url: string, jar: Jar, { input, headers, wire = WIRE }: SocketInput = {}): OpenSocket {
  const socket = jar.openSocket(`${url.replace("http", "ws")}/${socketPath(wire)}`, headers);
  socket.binaryType = "arraybuffer";
  onTestFinished(() => socket.close());
  const inbox = new Inbox();
  const opened = new Promise<void>((resolve, reject) => {
    socket.onopen = () => {
      if (input !== undefined) socket.send(JSON.stringify(input));
      resolve();
    };
    socket.onerror = () => reject(new Error("The socket was refused."));
  });
  opened.catch(() => {});
  socket.onmessage = ({ data }: { data: string | ArrayBuffer }) => {
    if (typeof data !== "string") inbox.add(decode(new Uint8Array(data)) as unknown[][]);
    else inbox.take(data.startsWith("{") ? `event: serialized-error\ndata: ${data}\n\n` : data);
  };
  const closed = new Promise<number>((resolve) => {
    socket.onclose = ({ code }) => {
      inbox.end();
      resolve(code);
    };
  });
  return { messages: inbox.messages, until: inbox.until, opened, closed, send: (text) => socket.send(text), close: () => socket.close() };
}

/** Messages that have come. */
class Inbox {
  readonly messages: unknown[][] = [];
  readonly #waiting = new Set<() => void>();
  #text = "";
  #over = false;

  add(messages: readonly unknown[][]): void {
    this.messages.push(...messages);
    this.#notice();
  }

  /** Server-sent events, which may end anywhere. */
  take(text: string): void {
    const blocks = (this.#text + text).split("\n\n");
    this.#text = blocks.pop() as string;
    for (const block of blocks) {
      const event = /^event: (.*)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (event === "serialized-error") this.messages.push(["error", JSON.parse(data ?? "null")]);
      else if (event === undefined && data !== undefined) this.messages.push(JSON.parse(data) as unknown[]);
    }
    this.#notice();
  }

  end(): void {
    this.#over = true;
    this.#notice();
  }

  #notice(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  readonly until = async (fits: (message: unknown[]) => boolean): Promise<unknown[]> => {
    for (;;) {
      const found = this.messages.find(fits);
      if (found) return found;
      if (this.#over) throw noSuchMessage(this.messages);
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(noSuchMessage(this.messages)), PATIENCE);
        this.#waiting.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  };
}

const noSuchMessage = (messages: unknown[][]) => new Error(`No such message came. So far: ${JSON.stringify(messages)}`);
