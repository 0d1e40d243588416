type Part = readonly [arrived: number, bytes: Uint8Array];

/** Makes the line to the server slow: each request takes `ms`, and so does each part of an answer. Returns what ends it. */
export function slowLine(ms: number): () => void {
  const { fetch } = globalThis;
  const wait = (time: number) => new Promise((resolve) => setTimeout(resolve, time));
  globalThis.fetch = async (...args) => {
    await wait(ms);
    const response = await fetch(...args);
    await wait(ms);
    const stamped = new TransformStream<Uint8Array, Part>({ transform: (bytes, out) => out.enqueue([performance.now(), bytes]) });
    const late = new TransformStream<Part, Uint8Array>(
      {
        async transform([arrived, bytes], out) {
          await wait(arrived + ms - performance.now());
          out.enqueue(bytes);
        },
      },
      // What comes meanwhile is on its way already.
      new CountQueuingStrategy({ highWaterMark: 10_000 }),
    );
    return new Response(response.body?.pipeThrough(stamped).pipeThrough(late), response);
  };
  return () => {
    globalThis.fetch = fetch;
  };
}

/** Holds requests whose address ends like this. Returns what lets them go. */
export function hold(end: string): () => void {
  const { fetch } = globalThis;
  let letGo = () => {};
  const free = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  globalThis.fetch = async (...args) => {
    const [asked] = args;
    if (new URL(asked instanceof Request ? asked.url : asked, location.href).pathname.endsWith(end)) await free;
    return fetch(...args);
  };
  return () => {
    globalThis.fetch = fetch;
    letGo();
  };
}
