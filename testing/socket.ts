import type { Socket } from "../client/socket.js";

/**
 * A client's WebSocket, on the network that `fetch` goes over: a request that opens it, and one more for what it brings, which is what a stream over HTTP
 * would.
 */
export function openSocket(fetch: typeof globalThis.fetch, url: string): Socket {
  const control = new AbortController();
  const { signal } = control;
  const address = url.replace(/^ws/, "http");
  const socket: Socket = {
    onopen: null,
    onmessage: null,
    onerror: null,
    onclose: null,
    send: (input) => void bring(input).then(closed, failed),
    close: () => control.abort(),
  };
  const tell = (listener: unknown, event: object = {}) => (listener as ((event: object) => void) | null)?.(event);
  const closed = () => tell(socket.onclose);
  const failed = () => {
    tell(socket.onerror);
    closed();
  };

  async function bring(input: string): Promise<void> {
    const response = await fetch(`${address.replace("$socket", "$live")}?input=${encodeURIComponent(input)}`, { signal });
    const decoder = new TextDecoder();
    // A chunk has whole events, as a message does.
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) tell(socket.onmessage, { data: decoder.decode(chunk) });
  }

  fetch(address, { signal }).then(() => tell(socket.onopen), failed);
  return socket;
}
