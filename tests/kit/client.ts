import { onTestFinished } from "vitest";
import { type Client, createClient } from "../../client/client.js";
import type { BrowserClasses, ClientOptions } from "../../client/options.js";
import type { Twin } from "../../client/twin.js";
import { openFace } from "../../lib/live/faces.js";
import { Jar } from "./http.js";
import { TRANSPORT, WIRE } from "./transport.js";

/** How a client gets to the server: as a browser with cookies, or over a network that one can pull. */
type Line = Required<Pick<ClientOptions, "fetch" | "openSocket">>;

/** A browser tab's client, with cookies of its own unless `line` says otherwise. It is closed when the test ends. */
export function openClient(url: string, { line = new Jar(), ...options }: ClientOptions & BrowserClasses & { line?: Line } = {}): Client {
  const { fetch, openSocket } = line;
  const client = createClient({ url, transport: TRANSPORT, wire: WIRE, fetch, openSocket, ...options });
  onTestFinished(() => client.close());
  return client;
}

/** A twin in use, once it has left `waiting`. */
export async function openTwin(client: Client, store: string, key?: string): Promise<Twin> {
  const twin = client.twin(store, key);
  twin.use();
  await twin.ready;
  return twin;
}

/** The MobX mirror of a twin. */
export function liveOf(twin: Twin): object {
  twin.mirror.graph.open ??= openFace;
  return twin.mirror.live;
}

/** Calls an event by name. */
export function call(twin: Twin, event: string, ...args: unknown[]) {
  const found = twin.event(event);
  if (!found) throw new Error(`${twin.store} has no event ${event}`);
  return found(...args);
}

/** Resolves when the twin's view is as wanted. */
export async function shown<T extends object>(twin: Twin, wanted: (view: T) => boolean): Promise<T> {
  for (;;) {
    const view = twin.mirror.view() as T;
    if (twin.state === "ready" && wanted(view)) return view;
    await new Promise<void>((resolve) => {
      const stop = twin.subscribe(() => {
        stop();
        resolve();
      });
    });
  }
}

/** Resolves when the client's status is as wanted. */
export async function status(client: Client, wanted: (current: Client["status"]["current"]) => boolean): Promise<void> {
  while (!wanted(client.status.current)) {
    await new Promise<void>((resolve) => {
      const stop = client.status.subscribe(() => {
        stop();
        resolve();
      });
    });
  }
}
