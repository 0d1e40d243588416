import { type ComponentType, createElement } from "react";
import { renderToReadableStream } from "react-dom/server.browser";
import { TwinProvider } from "./hooks.js";
import { Everything, Guarded, Here, LocalPage, NotPreloaded, type PageProps, Parts, Plain, Visited } from "./pages.js";

/** A page, and what was written to the console or asked of the network meanwhile. */
export interface Rendered {
  html: string;
  complaints: string[];
}

const pages = { Everything, Guarded, Here, LocalPage, NotPreloaded, Parts, Plain, Visited };
const complaints: string[] = [];
for (const level of ["error", "warn"] as const) console[level] = (...args) => void complaints.push(args.map(String).join(" "));
globalThis.fetch = async (url) => {
  complaints.push(`fetch ${url}`);
  throw new Error("A server's client does no I/O.");
};

globalThis.onmessage = async ({ data: { page, props } }: MessageEvent<{ page: keyof typeof pages; props: PageProps }>) => {
  const Page = pages[page] as ComponentType<PageProps>;
  const stream = await renderToReadableStream(createElement(TwinProvider, null, createElement(Page, props)), {
    onError: (error) => (error as { digest?: string }).digest ?? console.error(error),
  });
  await stream.allReady;
  globalThis.postMessage({ html: await new Response(stream).text(), complaints } satisfies Rendered);
};
