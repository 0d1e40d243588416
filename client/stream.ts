import { TRPCClientError, type TRPCLink } from "@trpc/client";
import type { AnyTRPCRouter } from "@trpc/server";
import { observable } from "@trpc/server/observable";

export interface StreamLinkOptions {
  readonly url: string;
  readonly fetch: typeof fetch;
}

/**
 * A tRPC link for subscriptions over server-sent events, by `fetch`. An `EventSource` would come back by itself, with a ticket that is used up;
 * it hides why it was refused, takes neither headers nor another `fetch`, and is missing in Node. So this one reader is used everywhere, and what
 * tests break is what browsers run.
 */
export function streamLink(options: StreamLinkOptions): TRPCLink<AnyTRPCRouter> {
  return () =>
    ({ op }) =>
      observable((observer) => {
        const control = new AbortController();
        const url = `${options.url}/${op.path}?input=${encodeURIComponent(JSON.stringify(op.input))}`;
        read(options.fetch, url, control, (data) => observer.next({ result: { type: "data", data } })).then(
          () => observer.complete(),
          (error) => observer.error(TRPCClientError.from(error)),
        );
        return () => control.abort();
      });
}

async function read(get: typeof fetch, url: string, control: AbortController, take: (data: unknown) => void): Promise<void> {
  let silence = Number.POSITIVE_INFINITY;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listen = () => {
    clearTimeout(timer);
    if (silence < Number.POSITIVE_INFINITY) timer = setTimeout(() => control.abort(), silence);
  };
  try {
    const response = await get(url, { signal: control.signal, headers: { accept: "text/event-stream" }, cache: "no-store" });
    if (!response.ok || !response.body) throw await response.json();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const lines = lineReader();
    let event = "";
    let data = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done || control.signal.aborted) return;
      listen();
      for (const line of lines(value)) {
        if (line.startsWith("event: ")) event = line.slice(7);
        else if (line.startsWith("data: ")) data = line.slice(6);
        if (line !== "") continue;
        if (event === "" && data !== "") take(JSON.parse(data));
        else if (event === "serialized-error") throw { error: JSON.parse(data) };
        else if (event === "return") return;
        else if (event === "connected") silence = silenceIn(data);
        event = data = "";
        if (control.signal.aborted) return;
      }
    }
  } finally {
    clearTimeout(timer);
    control.abort();
  }
}

/** Splits chunks into lines. A line of many chunks is joined once. */
function lineReader(): (chunk: string) => string[] {
  let rest: string[] = [];
  return (chunk) => {
    const lines = chunk.split("\n");
    if (lines.length > 1) {
      lines[0] = rest.join("") + lines[0];
      rest = [];
    }
    rest.push(lines.pop() as string);
    return lines;
  };
}

/** After how many ms without a sign of life the line is dead, as the server says. */
function silenceIn(data: string): number {
  const { reconnectAfterInactivityMs } = JSON.parse(data) as { reconnectAfterInactivityMs?: number };
  return reconnectAfterInactivityMs ?? Number.POSITIVE_INFINITY;
}
