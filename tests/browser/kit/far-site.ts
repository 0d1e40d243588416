import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "vite";
import { reactCompiler } from "../../kit/react-compiler.js";
import { compiled, ROOT } from "./build.js";

/** How long anything is on its way, in ms, and which part of it is lost. */
interface Line {
  readonly delay: number;
  readonly loss: number;
}

/**
 * A page, and behind it the twin's route of another site over a bad line: what goes either way is late, and a message that is lost takes its connection with it.
 * @param page a file of `tests/browser/pages`
 */
export async function openFarSite(page: string, site: string, { delay, loss }: Line): Promise<{ url: string; close(): Promise<void> }> {
  const script = await bundle(page);
  const late = (act: () => void) => void setTimeout(act, delay);
  const lost = () => Math.random() < loss;
  const server = createServer((incoming, outgoing) => {
    const { url = "", method, headers } = incoming;
    if (!url.startsWith("/api/twin/")) {
      const isScript = url === "/page.js";
      outgoing.setHeader("content-type", isScript ? "text/javascript" : "text/html");
      return void outgoing.end(isScript ? script : `<!doctype html><link rel="icon" href="data:,"><main></main><script type="module" src="/page.js"></script>`);
    }
    const cut = () => {
      onward.destroy();
      outgoing.destroy();
    };
    const onward = request(site + url, { method, headers }, (answer) => {
      late(() => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        outgoing.flushHeaders();
      });
      // An answer is one message, a stream one after the other.
      const stream = answer.headers["content-type"]?.startsWith("text/event-stream");
      const gone = lost();
      answer.on("data", (chunk) => ((stream ? lost() : gone) ? late(cut) : late(() => outgoing.write(chunk))));
      answer.on("end", () => late(() => outgoing.end()));
      answer.on("error", () => late(cut));
    });
    onward.on("error", cut);
    outgoing.on("close", () => onward.destroy());
    if (lost()) return late(cut);
    incoming.on("data", (chunk) => late(() => onward.write(chunk)));
    incoming.on("end", () => late(() => onward.end()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A page's script, from our sources, as it is in production. */
async function bundle(page: string): Promise<string> {
  const built = await build({
    configFile: false,
    root: ROOT,
    logLevel: "error",
    plugins: compiled ? [reactCompiler(/\/tests\/browser\/pages\/[^?]*\.tsx$/)] : [],
    define: { "process.env.NODE_ENV": JSON.stringify("production") },
    oxc: { jsx: { runtime: "automatic", development: false } },
    resolve: {
      alias: [
        { find: /^twinstate$/, replacement: `${ROOT}/lib/index.ts` },
        { find: /^twinstate\/react$/, replacement: `${ROOT}/react/index.ts` },
      ],
    },
    build: { write: false, rollupOptions: { input: `${ROOT}/tests/browser/pages/${page}`, output: { codeSplitting: false } } },
  });
  const { output } = [built].flat()[0] as { output: readonly { readonly code?: string }[] };
  return output.find(({ code }) => code !== undefined)?.code as string;
}
