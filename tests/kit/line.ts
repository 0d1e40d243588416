import { onTestFinished } from "vitest";
import type { Visitor } from "./app.js";

/** The ticket of a tab, and what names its connection. */
export interface Tab {
  readonly client: string;
  readonly epoch: number;
  readonly ticket: string;
  /** Names the line that the tab opens. */
  readonly line: readonly [client: string, epoch: number];
}

/** A tab of a visitor's browser asks for a stream. */
export async function tabOf({ ask }: Pick<Visitor, "ask">, epoch: number, watch: readonly object[], client = crypto.randomUUID()): Promise<Tab> {
  const { value, error } = await ask("$connect", { protocol: 2, client, epoch, watch });
  if (error) throw Object.assign(new Error(error.message), error);
  return { client, epoch, ticket: (value as { ticket: string }).ticket, line: [client, epoch] };
}

/** Reads a line, whose messages are those of several tabs. */
export class LineReader {
  /** What has come for each tab; 0: for the one that has opened it. */
  readonly messages = new Map<number, unknown[][]>();
  /** The tabs whose connections have ended. */
  readonly ended: number[] = [];
  /** All as it has come. */
  text = "";
  /** The response has ended. */
  readonly over: Promise<void>;
  readonly #control = new AbortController();
  readonly #waiting = new Set<() => void>();

  constructor({ url, jar }: Visitor, { ticket }: Tab) {
    onTestFinished(() => this.close());
    this.over = this.#read(`${url}/$live?input=${encodeURIComponent(JSON.stringify({ ticket }))}`, jar.fetch).catch(() => {});
  }

  async #read(url: string, fetch: typeof globalThis.fetch): Promise<void> {
    const { body } = await fetch(url, { signal: this.#control.signal, headers: { accept: "text/event-stream" } });
    let tab = 0;
    let rest = "";
    const decoder = new TextDecoder();
    for await (const bytes of body as unknown as AsyncIterable<Uint8Array>) {
      const chunk = decoder.decode(bytes, { stream: true });
      this.text += chunk;
      const events = (rest + chunk).split("\n\n");
      rest = events.pop() as string;
      for (const text of events) {
        const [, event, data = ""] = /^(?:event: (\S+)\n)?data: (.*)/s.exec(text) ?? [];
        if (event === "tab") tab = Number(data);
        else if (event === "return") this.ended.push(tab);
        else if (!event) this.of(tab).push(JSON.parse(data) as unknown[]);
      }
      for (const look of this.#waiting) look();
    }
  }

  of(tab: number): unknown[][] {
    const messages = this.messages.get(tab) ?? [];
    this.messages.set(tab, messages);
    return messages;
  }

  /** Resolves when something is so. */
  until<T>(look: () => T | undefined | false): Promise<T> {
    return new Promise((resolve) => {
      const again = () => {
        const found = look();
        if (found === undefined || found === false) return;
        this.#waiting.delete(again);
        resolve(found);
      };
      this.#waiting.add(again);
      again();
    });
  }

  /** The first message for a tab that begins so. */
  message(tab: number, ...head: unknown[]): Promise<unknown[]> {
    return this.until(() => this.of(tab).find((message) => head.every((value, i) => message[i] === value)));
  }

  close(): void {
    this.#control.abort();
  }
}
