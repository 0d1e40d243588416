import { loadSockets } from "./chunks.js";
import type { ClientOptions } from "./client.js";
import type { Granted } from "./connection.js";
import type { Taker } from "./socket.js";
import { type Divert, type GetStream, readStream } from "./stream.js";
import { shareStream } from "./tabs.js";

export interface StreamWorld {
  readonly options: ClientOptions;
  readonly url: string;
  readonly get: typeof fetch;
  readonly taker: Taker;
  /** The client's id, and the epoch of its connection. */
  readonly self: readonly [client: string, epoch: number];
  /** Asks the server. */
  ask(procedure: string, input: object): Promise<unknown>;
  take(message: unknown): void;
}

/** Brings a tab its messages until that is over or `line` is aborted. Gives how many ms to wait before the next stream is asked for; `undefined`: as after any failure. */
export async function openStream(world: StreamWorld, { ticket, session }: Granted, line: AbortController): Promise<number | undefined> {
  const { options, url, get, taker, take } = world;
  const isSocket = options.transport === "websocket";
  const getStream: GetStream = async (url, init, take) =>
    (isSocket && (await (await loadSockets())?.fetchBySocket(options, taker, url, init.signal, take))) || get(url, init);
  const read = (line: AbortController, divert?: Divert) =>
    readStream(getStream, `${url}/$live?input=${encodeURIComponent(JSON.stringify({ ticket }))}`, line, take, divert);
  // Where there is no document, there are no other tabs.
  if (globalThis.document && !isSocket) return shareStream({ ...world, name: `twinstate 1 ${url} ${session}`, ticket, line, read });
  await read(line);
  return undefined;
}
