import type { Jar } from "./http.js";

/** An `EventSource`, which Node has only behind a flag, with a browser's cookie: enough of it for `httpSubscriptionLink`. */
export function eventSourceOf(jar: Jar) {
  return class EventSource extends EventTarget {
    static readonly CONNECTING = 0;
    static readonly OPEN = 1;
    static readonly CLOSED = 2;
    readonly CONNECTING = 0;
    readonly OPEN = 1;
    readonly CLOSED = 2;
    readonly #control = new AbortController();
    readyState = 0;

    constructor(readonly url: string) {
      super();
      this.#read().catch(() => {
        if (this.readyState !== 2) this.dispatchEvent(new Event("error"));
      });
    }

    close(): void {
      this.readyState = 2;
      this.#control.abort();
    }

    async #read(): Promise<void> {
      const response = await jar.fetch(this.url, { headers: { accept: "text/event-stream" }, signal: this.#control.signal });
      this.readyState = 1;
      this.dispatchEvent(new Event("open"));
      let text = "";
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        const blocks = (text + Buffer.from(chunk).toString("latin1")).split("\n\n");
        text = blocks.pop() as string;
        for (const block of blocks) {
          const field = (name: string) => Buffer.from(new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1] ?? "", "latin1").toString();
          const type = field("event") || "message";
          if (block.includes("data: ")) this.dispatchEvent(Object.assign(new Event(type), { data: field("data"), lastEventId: field("id") }));
        }
      }
    }
  };
}
