import { PROTOCOL, type TabMessage } from "../lib/wire/protocol.js";
import { loadSockets } from "./chunks.js";
import type { Granted } from "./connection.js";
import type { ClientOptions } from "./options.js";
import type { Outbox } from "./outbox.js";
import type { Taker } from "./socket.js";
import { type Divert, fetchEvents, readStream } from "./stream.js";
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
  take(message: TabMessage): void;
}

/**
 * Brings a tab its messages until that is over or `line` is aborted. Gives how many ms to wait before the next stream is asked for;
 * `undefined`: as after any failure.
 */
export async function openStream(
  { sender, world: { connection, get, known: options, taker, trpc, url } }: Outbox,
  granted: Granted,
  line: AbortController,
  take: StreamWorld["take"],
): Promise<number | undefined> {
  const { ticket, session } = granted;
  await sender?.receiver.keeper.vault?.confirm(granted);
  const world: StreamWorld = {
    options,
    url,
    get,
    taker,
    self: [connection.id, connection.epoch],
    ask: (procedure, input) => trpc.mutation(procedure, input),
    take,
  };
  const isSocket = options.transport === "websocket";
  const open = async ({ signal }: AbortController) =>
    (isSocket && (await (await loadSockets())?.fetchBySocket({ options, taker, url, ticket, signal, take }))) ||
    fetchEvents(get, `${url}/$live?input=${encodeURIComponent(JSON.stringify({ ticket }))}`, signal);
  const read = (line: AbortController, divert?: Divert) => readStream(() => open(line), line, take, divert);
  // Without a document there are no other tabs.
  if (globalThis.document && !isSocket) return shareStream({ ...world, name: `twinstate ${PROTOCOL} ${url} ${session}`, ticket, line, read });
  await read(line);
  return undefined;
}
