import type { TabMessage } from "../lib/wire/protocol.js";

/** Takes an event out of a stream: `true` where it is none of the reader's. */
export type Divert = (text: string, event: string | undefined, data: string) => boolean;

/** An event: its name, and its data. */
export const EVENT = /^(?:event: (\S+)\n)?data: (.*)/s;

/**
 * The text of a subscription over server-sent events, by `fetch`; `undefined` where it is refused. An `EventSource` would come back by itself, with a
 * ticket that is used up; it takes neither headers nor another `fetch`, and is missing in Node. So this one is used everywhere, and what
 * tests break is what browsers run.
 */
export async function fetchEvents(get: typeof fetch, url: string, signal: AbortSignal): Promise<ReadableStream<string> | undefined> {
  const { ok, body } = await get(url, { signal, headers: { accept: "text/event-stream" }, cache: "no-store" });
  return ok && body ? body.pipeThrough(new TextDecoderStream()) : undefined;
}

/**
 * Reads a stream of server-sent events until it is over, however it ends, or `line` is aborted. What is no message stays with the line, but
 * for what `divert` takes.
 */
export async function readStream(
  open: () => Promise<ReadableStream<string> | undefined>,
  line: AbortController,
  take: (message: TabMessage) => void,
  divert?: Divert,
): Promise<void> {
  /** Milliseconds without a sign of life after which the line is dead, until the server sends its own figure. */
  let silence = 20_000;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listen = () => {
    clearTimeout(timer);
    timer = setTimeout(() => line.abort(), silence);
  };
  listen();
  try {
    const reader = (await open())?.getReader();
    if (!reader) return;
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      listen();
      rest += value;
      // An event of many chunks is put together once.
      if (!value.includes("\n")) continue;
      const events = rest.split("\n\n");
      rest = events.pop() as string;
      for (const text of events) {
        if (line.signal.aborted) return;
        const [, event, data = ""] = EVENT.exec(text) ?? [];
        if (divert?.(text, event, data)) continue;
        if (event === "serialized-error" || event === "return") return;
        if (event === "connected") silence = (JSON.parse(data) as { reconnectAfterInactivityMs?: number }).reconnectAfterInactivityMs ?? silence;
        if (!event && data) take(JSON.parse(data) as TabMessage);
      }
    }
  } catch {
    // The stream is over, whatever the error.
  } finally {
    clearTimeout(timer);
    line.abort();
  }
}
