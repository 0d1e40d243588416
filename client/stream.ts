/** `fetch`, as far as streams need it. What it has in another form than text it may give to `take` by itself. */
export type GetStream = (url: string, init: RequestInit & { signal: AbortSignal }, take: (data: unknown) => void) => Promise<Response>;

/** Takes an event out of a stream: `true` where it is none of the reader's. */
export type Divert = (text: string, event: string | undefined, data: string) => boolean;

/** An event: its name, and its data. */
export const EVENT = /^(?:event: (\S+)\n)?data: (.*)/s;

/**
 * Reads a subscription over server-sent events, by `fetch`, until it is over, however it ends, or `line` is aborted. An `EventSource` would come back by itself, with a
 * ticket that is used up; it takes neither headers nor another `fetch`, and is missing in Node. So this one reader is used everywhere, and what
 * tests break is what browsers run.
 */
export async function readStream(get: GetStream, url: string, line: AbortController, take: (data: unknown) => void, divert?: Divert): Promise<void> {
  /** After how many ms without a sign of life the line is dead, until the server says. */
  let silence = 20_000;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listen = () => {
    clearTimeout(timer);
    timer = setTimeout(() => line.abort(), silence);
  };
  listen();
  try {
    const { ok, body } = await get(url, { signal: line.signal, headers: { accept: "text/event-stream" }, cache: "no-store" }, take);
    if (!ok || !body) return;
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
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
        if (!event && data) take(JSON.parse(data));
      }
    }
  } catch {
    // It is over all the same.
  } finally {
    clearTimeout(timer);
    line.abort();
  }
}
