import type { ClientOptions } from "../../../client/options.js";

/** `fetch` and WebSockets with a browser's cookies, for one site. */
export function cookies(): Required<Pick<ClientOptions, "fetch" | "openSocket">> {
  let cookie: string | undefined;
  return {
    async fetch(input, init) {
      const response = await fetch(input, cookie ? { ...init, headers: { ...(init?.headers as Record<string, string>), cookie } } : init);
      cookie ??= response.headers.get("set-cookie")?.split(";")[0];
      return response;
    },
    // Node's takes headers.
    openSocket: (url) => new WebSocket(url, { headers: { cookie } } as never),
  };
}
