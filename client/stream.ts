/**
 * Reads a subscription over server-sent events, by `fetch`, until it is over, however it ends, or `line` is aborted. An `EventSource` would come back by itself, with a
 * ticket that is used up; it takes neither headers nor another `fetch`, and is missing in Node. So this one reader is used everywhere, and what
 * tests break is what browsers run.
 */
export async function readStream(get: typeof fetch, url: string, line: AbortController, take: (data: unknown) => void): Promise<void> {
  /** After how many ms without a sign of life the line is dead, until the server says. */
  let silence = 20_000;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listen = () => {
    clearTimeout(timer);
    timer = setTimeout(() => line.abort(), silence);
  };
  listen();
  try {
    const response = await get(url, { signal: line.signal, headers: { accept: "text/event-stream" }, cache: "no-store" });
    if (!response.ok || !response.body) return;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    let event = "";
    let data = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      listen();
      rest += value;
      // A line of many chunks is put together once.
      if (!value.includes("\n")) continue;
      const lines = rest.split("\n");
      rest = lines.pop() as string;
      for (const text of lines) {
        if (line.signal.aborted) return;
        if (text.startsWith("event: ")) event = text.slice(7);
        else if (text.startsWith("data: ")) data = text.slice(6);
        if (text !== "") continue;
        if (event === "" && data !== "") take(JSON.parse(data));
        else if (event === "serialized-error" || event === "return") return;
        else if (event === "connected") silence = (JSON.parse(data) as { reconnectAfterInactivityMs?: number }).reconnectAfterInactivityMs ?? silence;
        event = data = "";
      }
    }
  } catch {
    // It is over all the same.
  } finally {
    clearTimeout(timer);
    line.abort();
  }
}
