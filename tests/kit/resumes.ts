/** How stores have gone on for clients: by what these lack, or whole. */
export interface Resumes {
  delta: number;
  snapshot: number;
}

/** The part of them that was by delta. */
export const shareOf = ({ delta, snapshot }: Resumes): number => delta / (delta + snapshot);

/** A `fetch` that says of each store how it begins on a stream of server-sent events. */
export function hearing(fetch: typeof globalThis.fetch, heard: (how: keyof Resumes, store: string) => void): typeof globalThis.fetch {
  return async (...request) => {
    const response = await fetch(...request);
    if (!response.body || !response.headers.get("content-type")?.startsWith("text/event-stream")) return response;
    const decoder = new TextDecoder();
    let rest = "";
    const look = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
        rest = lines.pop() as string;
        for (const line of lines) {
          const [, what, store] = /^data: \["(resume|snapshot)",\d+,"(\w+)"/.exec(line) ?? [];
          if (what) heard(what === "resume" ? "delta" : "snapshot", store as string);
        }
        controller.enqueue(chunk);
      },
    });
    return new Response(response.body.pipeThrough(look), { status: response.status, headers: response.headers });
  };
}
